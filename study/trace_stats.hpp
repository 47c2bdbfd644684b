#pragma once
// What a trace holds, in figures: docs/traces.md says what each of them is. Memory does not grow
// with the trace.

#include "sim/core/result.hpp"
#include "study/trace_figures.hpp"
#include "traces/formats.hpp"
#include "traces/sorted_tasks.hpp"
#include "traces/token_formats.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace headroom {

/// Tasks of one size.
struct SizeFigures {
  std::uint64_t tasks = 0;
  Int128 gpu_time = 0;  // GPU-milli x ns, of tasks whose lifetime is known
};

struct TaskStats {
  static constexpr std::size_t kMostSizes = 4'096;
  static constexpr int kShare = -1;       // key of tasks that ask for a share of one GPU
  static constexpr int kOtherSizes = -2;  // key of sizes beyond the first kMostSizes
  static constexpr int kDeployment = -3;  // key of deployments: the placer decides on their GPUs

  std::uint64_t tasks = 0;       // and deployments
  std::uint64_t with_types = 0;  // name the GPU types they may run on
  std::uint64_t without_lifetime = 0;
  std::uint64_t cut_off = 0;  // began before the trace or outlived it
  std::uint64_t zero_lifetimes = 0;
  std::uint64_t below_minute = 0;  // lifetimes, the zero ones among them
  Int128 gpu_milli = 0;            // asked for, summed over tasks
  Int128 cpu_milli = 0;
  Int128 ram = 0;
  Int128 gpu_time = 0;               // GPU-milli x ns
  std::map<int, SizeFigures> sizes;  // by number of whole GPUs; 0 = CPU only
  Arrivals arrivals;
  Quantiles lifetimes;  // ns; those known in full (not cut off)
  Concurrency concurrency;
  Distinct tenants;
  Distinct models;  // of deployments
  bool was_sorted = true;
  SkippedRows skipped;

  void add(const TraceTask& task);
  /// A task, or a deployment: that counts in all but what is about GPUs.
  void add(const Request& request);
  /// As headroom::offered_gpus, over the time from the first arrival to the last.
  [[nodiscard]] double offered_gpus() const;

 private:
  void add_common(SimTime arrival, std::int64_t cpus, Bytes memory, bool names_types);
  SizeFigures& of_size(int size);
  void add_lifetime(Duration lifetime);
};

struct TokenStats {
  std::uint64_t requests = 0;
  std::uint64_t without_duration = 0;
  Arrivals arrivals;
  Quantiles input;      // tokens
  Quantiles output;     // tokens
  Quantiles durations;  // ns
  Distinct models;
  SkippedRows skipped;

  void add(const TokenRequest& request);
};

/// `skip` passes bad rows over. Rows are sorted where their file is not, but those of a format that
/// names models have to be in order. Error: as the format's reader.
[[nodiscard]] Result<TaskStats> task_stats(const TaskFormat& format,
                                           const std::filesystem::path& file, bool skip,
                                           const SortLimits& limits = {});
[[nodiscard]] Result<TokenStats> token_stats(const TokenFormat& format,
                                             const std::filesystem::path& file, bool skip);

/// For people, and as JSON (schema "headroom.trace_stats").
[[nodiscard]] std::string task_stats_text(const std::string& name, const TaskFormat& format,
                                          TaskStats& stats);
[[nodiscard]] std::string token_stats_text(const std::string& name, const TokenFormat& format,
                                           TokenStats& stats);
[[nodiscard]] std::string task_stats_json(const std::string& name, const TaskFormat& format,
                                          TaskStats& stats);
[[nodiscard]] std::string token_stats_json(const std::string& name, const TokenFormat& format,
                                           TokenStats& stats);

}  // namespace headroom
