#pragma once
// How GPUStack ranks candidates: binpack or spread, and where the weights already are. The highest
// sum wins, the first one on a tie. Scores are GPUStack's own floating-point numbers, computed in
// its order of operations, and compared as they are.

#include "policies/gpustack/candidate.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headroom::gpustack {

enum class Strategy { binpack, spread };

/// Whether a candidate is to be placed, or an instance to be taken away: then what it holds counts
/// as free too.
enum class Scale { up, down };

/// What binpack looks at of one worker.
struct BinpackItem {
  struct Gpu {
    std::optional<Bytes> claim;
    Bytes allocatable = 0;
  };
  std::optional<Bytes> ram_claim;
  Bytes ram_allocatable = 0;
  std::vector<Gpu> gpus;  // none: RAM alone counts
};

/// 0 to 100: the share of what is free that would be taken, VRAM counted twice; of several GPUs the
/// highest.
[[nodiscard]] double binpack_item(const BinpackItem& item, Scale scale);

/// (5 x main + n x sum of the subordinates) / (5 + n): may exceed 100.
[[nodiscard]] double binpack_score(const Candidate& candidate, Scale scale);

/// Instances on one GPU: of the model that is placed, and of others.
struct InstanceCount {
  int current = 0;
  int others = 0;
};
/// By worker and GPU index. An instance counts once on each of its GPUs.
using InstanceCounts = std::map<std::string, std::map<int, InstanceCount>, std::less<>>;

/// Scores by candidate: few instances of the same model on the worker and on the GPUs, then few of
/// others. Subordinates are not looked at.
[[nodiscard]] std::vector<double> spread_scores(std::span<const Candidate> candidates,
                                                const InstanceCounts& counts);

/// Up to `most`: the share of each candidate's workers that hold the weights, and half as much for
/// a draft model's.
[[nodiscard]] std::vector<double> locality_scores(
    std::span<const std::vector<std::string>> workers_of_candidates,
    std::span<const std::string> with_model, std::span<const std::string> with_draft, double most);

/// Sum by candidate over scorers; no score counts 0.
[[nodiscard]] std::vector<double> sum_scores(
    std::span<const std::vector<std::optional<double>>> scores_by_scorer);

struct InstanceScorer {
  double most = 0;
  std::vector<double> scores;  // by instance
};
/// As above for instances to be taken away, scaled to `total_most` if that is given. A scorer whose
/// `most` is 0 does not count.
[[nodiscard]] std::vector<double> sum_instance_scores(std::span<const InstanceScorer> scorers,
                                                      std::optional<double> total_most);

/// Sets every candidate's placement score.
void score(std::vector<Candidate>& candidates, Strategy strategy, const InstanceCounts& counts);

/// The highest score, the first on ties; nullopt of none.
[[nodiscard]] std::optional<std::size_t> best_of(std::span<const Candidate> candidates);

}  // namespace headroom::gpustack
