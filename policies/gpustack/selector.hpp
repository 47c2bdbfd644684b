#pragma once
// The four steps of GPUStack's selectors: GPUs chosen by hand, one GPU, several GPUs of one worker,
// several workers. The first that finds candidates ends the search.

#include "policies/gpustack/ask.hpp"
#include "policies/gpustack/candidate.hpp"

#include <array>
#include <map>
#include <span>
#include <string>

namespace headroom::gpustack {

/// Facts of the steps that failed. Only the last step's are told, after those about the claim.
class StepFacts {
 public:
  enum class Step { by_hand, several_workers, one_worker, one_gpu };  // told in this order

  /// The last word on a step stands.
  void set(Step step, std::vector<Fact> facts) {
    facts_[static_cast<std::size_t>(step)] = std::move(facts);
  }
  void set_claim(std::vector<Fact> facts) { claim_ = std::move(facts); }
  [[nodiscard]] std::vector<Fact> told() const;

 private:
  std::vector<Fact> claim_;
  std::array<std::vector<Fact>, 4> facts_;
};

/// vLLM's selector, of any version. 0.4 and 0.6 know no selection by hand here.
[[nodiscard]] Selection select_for_vllm(std::span<const WorkerView> workers, const Ask& ask,
                                        Version version);

/// SGLang's selector of today.
[[nodiscard]] Selection select_for_sglang(std::span<const WorkerView> workers, const Ask& ask);

[[nodiscard]] Selection select(Backend backend, Version version,
                               std::span<const WorkerView> workers, const Ask& ask);

/// What the claim facts say: memory, RAM, and what a fraction of each GPU makes of it.
[[nodiscard]] std::vector<Fact> claim_facts(const Ask& ask, double fraction);

/// How the workers of a candidate that were left out came to be: facts of a search over workers.
struct BestWorkers {
  Bytes usable = 0;
  std::vector<const WorkerView*> workers;
  std::size_t with_as_many = 0;  // workers with as many GPUs each
  std::size_t gpus_each = 0;

  /// Takes the group's combination if it offers more.
  void consider(Bytes group_usable, const std::vector<const Offer*>& taken, std::size_t group_size,
                std::size_t gpus);
  [[nodiscard]] std::vector<Fact> facts() const;
};

}  // namespace headroom::gpustack
