#pragma once
// A row of a job trace, before anyone decides what it stands for.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headroom {

struct TraceTask {
  std::string name;
  SimTime arrival{};
  Duration lifetime{};
  int gpus = 0;      // whole GPUs; 0 = CPU only
  int milli = 1000;  // per GPU; below 1000 only with gpus == 1
  std::int64_t cpu_milli = 0;
  Bytes ram = 0;
  std::vector<std::string> gpu_types;  // allowed, sorted and unique; empty = any
  std::string group;                   // non-empty: one of `group_size` equal replicas
  int group_size = 1;
};

/// A stream of rows in order of arrival (a reader refuses an unsorted row when it meets it).
class TaskReader {
 public:
  virtual ~TaskReader() = default;
  [[nodiscard]] virtual Result<std::optional<TraceTask>> next() = 0;
};

}  // namespace headroom
