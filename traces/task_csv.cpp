#include "traces/task_csv.hpp"

#include "sim/workload/request.hpp"
#include "traces/csv_tasks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 4> kColumns{"id", "arrival_s", "lifetime_s", "gpus"};

class TaskRows final : public CsvTasks {
 public:
  TaskRows(CsvReader rows, const RowRules& rules)
      : CsvTasks(std::move(rows), "arrival_s", rules),
        id_(column("id")),
        arrival_(column("arrival_s")),
        lifetime_(column("lifetime_s")),
        gpus_(column("gpus")),
        gpu_milli_(find_column("gpu_milli")),
        cpu_milli_(find_column("cpu_milli")),
        ram_(find_column("ram_bytes")),
        gpu_types_(find_column("gpu_types")),
        tenant_(find_column("tenant")),
        declared_(find_column("declared_s")),
        cut_off_(find_column("cut_off")),
        priority_(find_column("priority")) {}

 protected:
  Status read(const CsvReader& from, TraceTask& task) override {
    HEADROOM_TRY(task.name, from.name(id_));
    HEADROOM_TRY(const Duration arrival, from.seconds(arrival_));
    task.arrival = SimTime(arrival);
    HEADROOM_TRY(task.lifetime, seconds_or_none(from, lifetime_));
    HEADROOM_TRY(task.declared, seconds_or_none(from, declared_));
    HEADROOM_TRY(task.gpus, whole_gpus(from, gpus_));
    HEADROOM_TRY(const std::int64_t milli, integer_or(from, gpu_milli_, {1, 1000}, 1000));
    if (task.gpus != 1 && milli != 1000) {
      return fail(fmt::format("gpu_milli is {}, but gpus is {}", milli, task.gpus),
                  from.place(*gpu_milli_), "only a task of one GPU can ask for a share of it");
    }
    task.milli = static_cast<int>(milli);
    HEADROOM_TRY(task.cpu_milli, integer_or(from, cpu_milli_, {0, kMaxCpuMilli}, 0));
    HEADROOM_TRY(task.ram, integer_or(from, ram_, {0, kMaxRam}, 0));
    HEADROOM_TRY(const std::int64_t cut_off, integer_or(from, cut_off_, {0, 1}, 0));
    task.cut_off = cut_off == 1;
    HEADROOM_TRY(const std::int64_t priority,
                 integer_or(from, priority_, {-kMostPriority, kMostPriority}, 0));
    task.priority = static_cast<int>(priority);
    if (gpu_types_) task.gpu_types = split_types(from.field(*gpu_types_));
    if (tenant_) task.tenant = from.field(*tenant_);
    return {};
  }

 private:
  static Result<std::optional<Duration>> seconds_or_none(const CsvReader& from,
                                                         std::optional<std::size_t> column) {
    if (!column || from.empty(*column)) return std::nullopt;
    HEADROOM_TRY(const Duration value, from.seconds(*column));
    return value;
  }

  static Result<std::int64_t> integer_or(const CsvReader& from, std::optional<std::size_t> column,
                                         IntegerRange range, std::int64_t fallback) {
    if (!column || from.empty(*column)) return fallback;
    return from.integer(*column, range);
  }

  std::size_t id_;
  std::size_t arrival_;
  std::size_t lifetime_;
  std::size_t gpus_;
  std::optional<std::size_t> gpu_milli_;
  std::optional<std::size_t> cpu_milli_;
  std::optional<std::size_t> ram_;
  std::optional<std::size_t> gpu_types_;
  std::optional<std::size_t> tenant_;
  std::optional<std::size_t> declared_;
  std::optional<std::size_t> cut_off_;
  std::optional<std::size_t> priority_;
};

// In quotes where the reader needs them: it trims blanks, and a '"' or ',' means something.
std::string quoted(const std::string& text) {
  const bool plain = text.find_first_of("\",#") == std::string::npos &&
                     text.find_first_of(" \t") == std::string::npos;
  if (plain) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

bool has_line_end(const std::string& text) {
  return text.find_first_of("\r\n") != std::string::npos;
}

}  // namespace

std::span<const std::string> task_csv_columns() { return kColumns; }

Result<std::unique_ptr<TaskReader>> open_task_csv(const std::filesystem::path& file,
                                                  const RowRules& rules) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "a task list of headroom's", kColumns));
  return std::make_unique<TaskRows>(std::move(rows), rules);
}

std::string task_csv_header() {
  return "id,arrival_s,lifetime_s,gpus,gpu_milli,cpu_milli,ram_bytes,gpu_types,tenant,declared_s,"
         "cut_off,priority";
}

Result<std::string> task_csv_line(const TraceTask& task) {
  const bool bad_type =
      std::any_of(task.gpu_types.begin(), task.gpu_types.end(), [](const std::string& type) {
        return has_line_end(type) || type.find('|') != std::string::npos;
      });
  if (bad_type || has_line_end(task.name) || has_line_end(task.tenant)) {
    return fail(fmt::format("'{}' has a text that CSV cannot hold: a line end, or '|' in a GPU "
                            "type",
                            task.name.substr(0, 60)),
                {}, "convert to native, or pass such tasks over with --on-bad-row skip");
  }
  const auto seconds = [](const std::optional<Duration>& value) {
    return value ? seconds_text(*value) : std::string();
  };
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}", quoted(task.name),
                     seconds_text(task.arrival), seconds(task.lifetime), task.gpus, task.milli,
                     task.cpu_milli, task.ram,
                     quoted(fmt::format("{}", fmt::join(task.gpu_types, "|"))), quoted(task.tenant),
                     seconds(task.declared), task.cut_off ? 1 : 0, task.priority);
}

}  // namespace headroom
