#pragma once
// What the steps of vLLM's and SGLang's selectors have in common.

#include "policies/gpustack/manual.hpp"
#include "policies/gpustack/selector.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headroom::gpustack {

struct StepRules {
  const Ask& ask;
  Backend backend{};
  std::optional<int> gpus;                      // of one replica, where that is asked for
  Bytes claim = 0;                              // to be held by all GPUs together
  std::function<Bytes(const GpuView&)> charge;  // of a GPU that is given

  [[nodiscard]] bool legal(std::size_t tp) const;

  void add(const std::string& type, Share main, std::vector<Share> subordinates,
           std::vector<Candidate>& found) const;

  /// GPUs one by one in this order, until their number is a legal size and they hold the claim.
  [[nodiscard]] std::optional<Share> take(const WorkerView& worker,
                                          std::span<const GpuView* const> gpus) const;

  /// A candidate of these workers' GPUs, all of them; the first is the main worker.
  void add_whole(const std::string& type, const std::vector<const Offer*>& taken,
                 std::vector<Candidate>& found) const;
};

/// Runs of two workers or more with equally many GPUs. Precondition: sort_by_gpu_count().
[[nodiscard]] std::vector<std::span<const Offer>> equal_workers(const std::vector<Offer>& offers);

/// The step for GPUs chosen by hand, the only one where there are any; what is told of a selection
/// that does not hold the request goes through `facts`.
[[nodiscard]] Selection by_hand_alone(const ManualStep& step, StepFacts& facts);

}  // namespace headroom::gpustack
