#pragma once
// How many GPUs one replica takes: from parallel sizes among the parameters, from a selection by
// hand, or left to the search.

#include "policies/gpustack/ask.hpp"
#include "policies/gpustack/fact.hpp"

#include <tl/expected.hpp>

#include <optional>

namespace headroom::gpustack {

template <class T>
using OrFact = tl::expected<T, Fact>;

/// Larger sizes count as this one: no cluster has more, and a product of three is still an int.
inline constexpr int kLargestSize = 1000;

/// Parallel sizes that the user gave.
struct UserSizes {
  std::optional<int> tp;
  std::optional<int> pp;
  std::optional<int> pcp;  // vLLM's prefill context parallelism
  std::optional<int> dp;
  std::optional<int> dp_local;

  [[nodiscard]] bool any() const { return tp || pp || dp; }
};
[[nodiscard]] UserSizes user_sizes(const Parameters& parameters, Backend backend);

/// tp x pp x pcp x dp of those given; nullopt where none is. With --data-parallel-hybrid-lb dp
/// counts as given locally alone; with SGLang's --enable-dp-attention it does not count. Before
/// today: tp x pp where tp is given, else nullopt.
/// Error: a size below 1.
[[nodiscard]] OrFact<std::optional<int>> world_size(const Parameters& parameters, Backend backend,
                                                    Version version);

/// Whether GPUSTACK_SKIP_GPU_COUNT_CHECK = `value` has an effect: only on a selection by hand.
[[nodiscard]] bool skips_gpu_count_check(bool selected_by_hand, const std::string& value);

/// What the scheduler sets gpus_per_replica to where a selection by hand leaves it open: the world
/// size, else the largest power of two up to selected / replicas. Error: as world_size.
[[nodiscard]] OrFact<std::optional<int>> default_gpus_per_replica(const Ask& ask, Backend backend);

/// GPUs of one replica as the selectors count them; nullopt: the search decides. Error: as
/// world_size, or gpus_per_replica is another number and the check is not skipped.
[[nodiscard]] OrFact<std::optional<int>> gpu_count(const Ask& ask, Backend backend,
                                                   Version version);

}  // namespace headroom::gpustack
