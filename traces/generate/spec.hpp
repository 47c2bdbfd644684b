#pragma once
// A generator file: what a made-up trace of tasks is like. Format: docs/generator.md.

#include "sim/core/config.hpp"
#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "traces/generate/arrivals.hpp"
#include "traces/generate/lifetimes.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

inline constexpr std::string_view kGeneratorSchema = "headroom.generator";
inline constexpr std::int64_t kMostGenerated = 1'000'000'000'000;  // tasks

/// As a TraceTask has it: whole GPUs, or a share of one, or none.
struct TaskSize {
  int gpus = 1;
  int milli = 1000;
  friend auto operator<=>(const TaskSize&, const TaskSize&) = default;
};

/// Tasks of like size that run for like times. No vector of weights is empty or all 0.
struct TaskClass {
  double weight = 1.0;  // chance of being drawn, against the other classes
  std::vector<TaskSize> sizes{{}};
  std::vector<double> size_weights{1.0};  // one a size
  std::vector<int> replicas{1};           // equal tasks that arrive together as a group
  std::vector<double> replica_weights{1.0};
  std::int64_t cpu_milli = 0;  // of one task
  Bytes ram = 0;
  std::vector<std::string> gpu_types;  // sorted and unique; empty = any
  LifetimeSpec lifetime;
  std::int64_t strata = 1;  // of the draws of sizes and lifetimes, see Stratified
};

struct GeneratorSpec {
  std::string name;
  std::string description;
  std::optional<std::int64_t> requests;  // tasks at most
  std::optional<Duration> span;          // no arrival after this
  std::int64_t strata = 1;               // of the draws of classes, see Stratified
  ArrivalSpec arrivals;
  std::vector<TaskClass> classes;
  std::optional<std::string> mix;  // path as written: whose models the tasks become
};

/// Error: as ConfigTable::read; a value out of range; an unknown key; weights that are all 0; lists
/// that do not go together; no [[class]].
[[nodiscard]] Result<GeneratorSpec> read_generator(const std::filesystem::path& file);
[[nodiscard]] Result<GeneratorSpec> parse_generator(std::string_view toml,
                                                    const std::string& where);

/// A file that reads back to the same tasks. Numbers are the shortest that read back equal.
[[nodiscard]] std::string generator_text(const GeneratorSpec& spec);

/// GPUs asked for at once by all tasks, each from its arrival to its end and nothing queued, on
/// average over the span (over whole cycles of the profiles where there is none).
[[nodiscard]] double mean_gpus_asked(const GeneratorSpec& spec);

/// The same with the rate of arrivals such that mean_gpus_asked is load x gpus. Error: no class has
/// both a GPU and a lifetime; the rate would be beyond what a file may hold.
[[nodiscard]] Result<GeneratorSpec> at_load(GeneratorSpec spec, double load, std::int64_t gpus);

}  // namespace headroom
