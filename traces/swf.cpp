#include "traces/swf.hpp"

#include "traces/limits.hpp"
#include "traces/line_reader.hpp"
#include "traces/shown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace headroom {
namespace {

constexpr std::size_t kFields = 18;
// As the format's definition calls them, in order.
constexpr std::array<std::string_view, kFields> kNames{"job number",
                                                       "submit time",
                                                       "wait time",
                                                       "run time",
                                                       "allocated processors",
                                                       "average CPU time",
                                                       "used memory",
                                                       "requested processors",
                                                       "requested time",
                                                       "requested memory",
                                                       "status",
                                                       "user ID",
                                                       "group ID",
                                                       "executable number",
                                                       "queue number",
                                                       "partition number",
                                                       "preceding job",
                                                       "think time"};
constexpr Bytes kKiB = 1024;

struct Field {
  std::string_view text;
  std::int64_t column = 0;  // 1-based character of the line
};
using Fields = std::array<Field, kFields>;

/// The fields of a line that does not have 18: how many, and where it goes wrong.
struct WrongWidth {
  std::size_t count = 0;
  Field extra;  // the first beyond; without text where there are too few
};

tl::expected<Fields, WrongWidth> split(std::string_view line) {
  constexpr std::string_view kBlanks = " \t";
  Fields fields;
  WrongWidth wrong{0, {{}, static_cast<std::int64_t>(line.size()) + 1}};
  std::size_t& count = wrong.count;
  std::size_t at = line.find_first_not_of(kBlanks);
  while (at != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    const Field field{line.substr(at, end - at), static_cast<std::int64_t>(at) + 1};
    if (count < kFields) fields[count] = field;
    if (count == kFields) wrong.extra = field;
    ++count;
    at = line.find_first_not_of(kBlanks, end);
  }
  if (count != kFields) return tl::unexpected<WrongWidth>(wrong);
  return fields;
}

std::optional<double> number_of(std::string_view text) {
  double value = 0.0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || stop != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

class SwfJobs final : public TaskReader {
 public:
  SwfJobs(LineReader lines, const RowRules& rules)
      : lines_(std::move(lines)), rules_(rules), order_(rules.order) {}

  Result<std::optional<TraceTask>> next() override {
    while (true) {
      auto task = next_row();
      if (task || !rules_.pass_over(task.error(), lines_.can_go_on())) return task;
    }
  }

  [[nodiscard]] SourcePlace place() const override { return lines_.place(1); }

 private:
  Result<std::optional<TraceTask>> next_row() {
    while (true) {
      HEADROOM_TRY(const auto line, lines_.next_nonblank());
      if (!line) return std::nullopt;
      if ((*line)[line->find_first_not_of(" \t")] == ';') continue;
      const auto fields = split(*line);
      if (!fields) return wrong_width(fields.error());
      return read(*fields);
    }
  }

  [[nodiscard]] tl::unexpected<Error> wrong_width(const WrongWidth& row) const {
    const std::string what =
        row.count < kFields
            ? fmt::format("field {} ({}) is missing", row.count + 1, kNames[row.count])
            : fmt::format("'{}' is beyond the last", shown(row.extra.text));
    return fail(
        fmt::format("this row has {} fields, but an SWF row has {}: {}", row.count, kFields, what),
        lines_.place(row.extra.column));
  }

  Result<std::optional<TraceTask>> read(const Fields& fields) {
    for (std::size_t i = 0; i < kFields; ++i) {
      if (!number_of(fields[i].text)) return refuse(fields, i + 1, "a number");
    }
    TraceTask task;
    task.name = fields[0].text;
    HEADROOM_TRY(const auto submit, seconds(fields, 2));
    if (!submit) return refuse(fields, 2, "0 or more seconds");
    HEADROOM_TRY(task.lifetime, seconds(fields, 4));
    HEADROOM_TRY(task.declared, seconds(fields, 9));
    HEADROOM_CHECK(read_processors(fields, task));
    if (fields[11].text != "-1") task.tenant = fields[11].text;
    HEADROOM_TRY(task.arrival, order_.take(SimTime(*submit), lines_.place(fields[1].column)));
    return task;
  }

  // Allocated processors, or where they are not known the requested ones.
  Status read_processors(const Fields& fields, TraceTask& task) const {
    HEADROOM_TRY(const auto allocated, count(fields, 5, kMaxTaskGpus));
    HEADROOM_TRY(const auto requested, count(fields, 8, kMaxTaskGpus));
    const std::int64_t gpus = allocated.value_or(0) > 0 ? *allocated : requested.value_or(0);
    if (gpus == 0) {
      return fail(fmt::format("fields 5 and 8 (allocated and requested processors) are '{}' and "
                              "'{}', but one of them must be 1 or more",
                              shown(fields[4].text), shown(fields[7].text)),
                  lines_.place(fields[4].column));
    }
    task.gpus = static_cast<int>(gpus);
    HEADROOM_TRY(const auto memory, count(fields, 10, kMaxRam / kKiB));
    if (!memory) return {};
    if (*memory > kMaxRam / kKiB / gpus) {
      return fail(
          fmt::format(
              "field 10 (requested memory) is {} KB for each of {} processors, but {} bytes is the "
              "most read",
              *memory, gpus, kMaxRam),
          lines_.place(fields[9].column));
    }
    task.ram = *memory * kKiB * gpus;
    return {};
  }

  /// nullopt where it is -1. `number` is the format's own, from 1.
  [[nodiscard]] Result<std::optional<Duration>> seconds(const Fields& fields,
                                                        std::size_t number) const {
    const Field& field = fields[number - 1];
    auto value = parse_seconds(field.text);
    if (!value) return refuse(fields, number, "seconds, at most 100 years");
    if (*value == std::chrono::seconds(-1)) return std::nullopt;
    if (*value < Duration::zero()) return refuse(fields, number, "0 or more seconds, or -1");
    return *value;
  }

  /// nullopt where it is -1.
  [[nodiscard]] Result<std::optional<std::int64_t>> count(const Fields& fields, std::size_t number,
                                                          std::int64_t most) const {
    const Field& field = fields[number - 1];
    std::int64_t value = 0;
    const char* end = field.text.data() + field.text.size();
    const auto [stop, code] = std::from_chars(field.text.data(), end, value);
    if (code != std::errc() || stop != end || value < -1 || value > most) {
      return refuse(fields, number, fmt::format("an integer from 0 to {}, or -1", most));
    }
    if (value == -1) return std::nullopt;
    return value;
  }

  [[nodiscard]] tl::unexpected<Error> refuse(const Fields& fields, std::size_t number,
                                             std::string_view wanted) const {
    const Field& field = fields[number - 1];
    return fail(fmt::format("field {} ({}) is '{}', but must be {}", number, kNames[number - 1],
                            shown(field.text), wanted),
                lines_.place(field.column));
  }

  LineReader lines_;
  RowRules rules_;
  ArrivalOrder order_;
};

std::string seconds_or_unknown(const std::optional<Duration>& value) {
  return value ? seconds_text(*value) : "-1";
}

}  // namespace

bool looks_like_swf(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  if (first != std::string_view::npos && line[first] == ';') return true;
  const auto fields = split(line);
  return fields && std::all_of(fields->begin(), fields->end(), [](const Field& field) {
           return number_of(field.text).has_value();
         });
}

Result<std::unique_ptr<TaskReader>> open_swf(const std::filesystem::path& file,
                                             const RowRules& rules) {
  HEADROOM_TRY(auto lines, LineReader::open(file));
  return std::make_unique<SwfJobs>(std::move(lines), rules);
}

std::string swf_header() {
  return "; Version: 2.2\n"
         "; Conversion: headroom trace convert\n"
         "; Note: a processor is a GPU; times are seconds from the start of the trace\n";
}

Result<std::string> swf_line(const TraceTask& task, std::int64_t number) {
  if (task.gpus == 0 || task.milli != 1000) {
    return fail(
        fmt::format(
            "'{}' asks for {}, but SWF counts whole processors", task.name,
            task.gpus == 0 ? "no GPU" : fmt::format("a share of a GPU, {} of 1000", task.milli)),
        {}, "convert to csv or native, or pass such tasks over with --on-bad-row skip");
  }
  const std::string memory =
      task.ram > 0 ? fmt::format("{}", (task.ram / task.gpus + kKiB - 1) / kKiB) : "-1";
  return fmt::format("{} {} -1 {} {} -1 -1 {} {} {} {} -1 -1 -1 -1 -1 -1 -1", number,
                     seconds_text(task.arrival), seconds_or_unknown(task.lifetime), task.gpus,
                     task.gpus, seconds_or_unknown(task.declared), memory, task.lifetime ? 1 : -1);
}

}  // namespace headroom
