#include "study/trace_convert.hpp"

#include "sim/core/assert.hpp"
#include "study/output_file.hpp"
#include "traces/external_sort.hpp"
#include "traces/native_writer.hpp"
#include "traces/swf.hpp"
#include "traces/task_csv.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>

namespace headroom {
namespace {

/// What stands before the rows, and one row; neither with a line end that is not the format's.
struct Target {
  std::string name;
  std::string (*head)();
  Result<std::string> (*line)(const TraceTask& task, std::int64_t number);
};

Result<std::string> native_task_line(const TraceTask& task, std::int64_t /*number*/) {
  if (!task.lifetime) {
    return fail(
        fmt::format("the trace does not say how long '{}' ran, but a native trace must", task.name),
        {}, "convert to csv or swf, or pass such tasks over with --on-bad-row skip");
  }
  Request request;
  request.name = task.name;
  request.arrival = task.arrival;
  request.lifetime = *task.lifetime;
  request.declared = task.declared;
  request.shape.what = OpaqueTask{task.gpus, task.milli};
  request.shape.cpu_milli = task.cpu_milli;
  request.shape.ram = task.ram;
  request.shape.allowed_gpus = task.gpu_types;
  request.tenant = task.tenant;
  request.priority = task.priority;
  return native_line(request);
}

const std::array<Target, 3>& targets() {
  static const std::array<Target, 3> all{{
      {"native", [] { return native_header() + "\n"; }, native_task_line},
      {"csv", [] { return task_csv_header() + "\n"; },
       [](const TraceTask& task, std::int64_t) { return task_csv_line(task); }},
      {"swf", swf_header, swf_line},
  }};
  return all;
}

const Target& target_of(const std::string& name) {
  for (const Target& target : targets()) {
    if (target.name == name) return target;
  }
  HEADROOM_ASSERT(false, "a target that convert_targets() does not name");
  return targets().front();
}

Status write_tasks(const SortedTasks& trace, const Target& target, const RowRules& rules,
                   OutputFile& out, Converted& done) {
  HEADROOM_CHECK(out.write(target.head()));
  while (true) {
    HEADROOM_TRY(const auto task, trace.tasks->next());
    if (!task) return {};
    auto line = target.line(*task, static_cast<std::int64_t>(done.rows) + 1);
    if (!line) {
      Error error = std::move(line).error();
      error.place = trace.tasks->place();
      if (!rules.pass_over(error, true)) return tl::unexpected<Error>(std::move(error));
      continue;
    }
    HEADROOM_CHECK(out.write(*line + "\n"));
    ++done.rows;
  }
}

// Rows that name models and groups: only the native format holds them, and the lines are sorted.
Status write_requests(const TaskFormat& format, const std::filesystem::path& file,
                      const RowRules& rules, const SortLimits& limits, OutputFile& out,
                      Converted& done) {
  const RowRules looking{RowOrder::any, rules.skipped ? std::make_shared<SkippedRows>() : nullptr};
  HEADROOM_TRY(const auto first_pass, format.open_requests(file, looking));
  HEADROOM_TRY(done.was_sorted, in_order(*first_pass));
  HEADROOM_TRY(const auto requests, format.open_requests(file, {RowOrder::any, rules.skipped}));
  HEADROOM_CHECK(out.write(native_header() + "\n"));
  ExternalSort sort(limits.memory, limits.folder);
  while (true) {
    HEADROOM_TRY(const auto request, requests->next());
    if (!request) break;
    ++done.rows;
    const std::string line = native_line(*request) + "\n";
    if (done.was_sorted) {
      HEADROOM_CHECK(out.write(line));
    } else {
      HEADROOM_CHECK(sort.add(request->arrival.time_since_epoch().count(), line));
    }
  }
  HEADROOM_CHECK(sort.finish());
  while (true) {
    HEADROOM_TRY(const auto record, sort.next());
    if (!record) return {};
    HEADROOM_CHECK(out.write(record->payload));
  }
}

}  // namespace

std::span<const std::string> convert_targets() {
  static const std::array<std::string, 3> names{targets()[0].name, targets()[1].name,
                                                targets()[2].name};
  return names;
}

Result<Converted> convert_trace(const TaskFormat& format, const std::filesystem::path& file,
                                const ConvertOptions& options) {
  const RowRules rules{RowOrder::by_arrival,
                       options.skip_bad_rows ? std::make_shared<SkippedRows>() : nullptr};
  const Target& target = target_of(options.to);
  Converted done;
  if (format.open_requests != nullptr && target.name == "native") {
    HEADROOM_TRY(OutputFile out, OutputFile::open(options.out, options.replace));
    HEADROOM_CHECK(write_requests(format, file, rules, options.limits, out, done));
    HEADROOM_CHECK(out.close());
  } else {
    HEADROOM_TRY(const SortedTasks trace, open_sorted_tasks(format, file, rules, options.limits));
    done.was_sorted = trace.was_sorted;
    HEADROOM_TRY(OutputFile out, OutputFile::open(options.out, options.replace));
    HEADROOM_CHECK(write_tasks(trace, target, rules, out, done));
    HEADROOM_CHECK(out.close());
  }
  if (rules.skipped) done.skipped = *rules.skipped;
  return done;
}

}  // namespace headroom
