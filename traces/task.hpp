#pragma once
// A row of a job trace, before anyone decides what it stands for.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "traces/rows.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

struct TraceTask {
  std::string name;
  SimTime arrival{};
  std::optional<Duration> lifetime;  // nullopt where the trace does not say
  std::optional<Duration> declared;  // what the requester said it would take
  /// It began before the trace or outlived it: the lifetime is only the part inside.
  bool cut_off = false;
  int gpus = 0;      // whole GPUs; 0 = CPU only
  int milli = 1000;  // per GPU; below 1000 only with gpus == 1
  std::int64_t cpu_milli = 0;
  Bytes ram = 0;
  std::vector<std::string> gpu_types;  // allowed, sorted and unique; empty = any
  std::string tenant;                  // user, group or virtual cluster; empty = not said
  int priority = 0;                    // higher is more urgent
  std::string group;                   // non-empty: one of `group_size` equal replicas
  int group_size = 1;
};

/// A stream of rows, in order of arrival unless it was opened for any order.
class TaskReader {
 public:
  static constexpr std::string_view kUnsortedHint = ArrivalOrder::kConvertHint;

  virtual ~TaskReader() = default;
  /// The next row, nullopt at the end. Errors name file, line, column, value and reason.
  [[nodiscard]] virtual Result<std::optional<TraceTask>> next() = 0;
  /// Where the row that next() last gave begins; empty where that is not known.
  [[nodiscard]] virtual SourcePlace place() const { return {}; }
};

}  // namespace headroom
