#pragma once
// Made-up LLM deployments of a wanted load, where no trace fits.
//
// Gaps between arrivals are Gamma distributed (cv = 1 is a Poisson process, 4 comes in bursts),
// lifetimes log-normal, models drawn by weight from all entries of a mix; an entry of the share
// band is a shared deployment with U = its min_u. The rate of arrivals is
//     load x cluster GPUs / (mean GPUs of an entry x mean lifetime),
// so that the GPUs asked for at once, nothing queued, are `load` of the cluster on average once the
// first lifetimes have passed. Streams of the seed: "arrivals", "lifetimes", "models".

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "sim/workload/request.hpp"
#include "traces/mix.hpp"

#include <cstdint>
#include <memory>

namespace headroom {

struct GeneratorConfig {
  std::int64_t requests = 1'000;
  std::int64_t cluster_gpus = 0;
  double load = 0.9;
  double arrival_cv = 4.0;  // standard deviation of the gaps / their mean
  Duration lifetime_median = std::chrono::hours{4};
  double lifetime_sigma = 1.0;  // of the logarithm; 0 = all lifetimes are the median
  std::int64_t cpu_milli_per_gpu = 8'000;
  Bytes ram_per_gpu = 32 * kGiB;
  std::uint64_t seed = 1;
};

/// Mean GPUs an entry of the mix usually takes, by weight: min_u of one in the share band.
[[nodiscard]] double mean_usual_gpus(const Mix& mix);

/// Requests "llm-1", "llm-2", ... Error: a value out of range (each is checked and named), or a mix
/// without entries. next() fails only when the clock would pass kMaxInputTime.
[[nodiscard]] Result<std::unique_ptr<RequestSource>> make_generator(Mix mix,
                                                                    const GeneratorConfig& config);

}  // namespace headroom
