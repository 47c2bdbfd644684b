#include "policies/gpustack/scorers.hpp"

#include <algorithm>

namespace headroom::gpustack {
namespace {

constexpr double kMost = 100;
constexpr double kRamWeight = 1;
constexpr double kVramWeight = 2;
constexpr double kMainWeight = 5;

double part(std::optional<Bytes> claim, Bytes allocatable, Scale scale) {
  if (!claim) return 0;
  const Bytes whole = scale == Scale::up ? allocatable : allocatable + *claim;
  if (whole == 0) return 0;
  return static_cast<double>(*claim) / static_cast<double>(whole) * kMost;
}

BinpackItem item_of(const Share& share, std::optional<Bytes> ram) {
  BinpackItem item{ram, share.worker->ram_allocatable, {}};
  for (const Charge& each : share.gpus) item.gpus.push_back({each.bytes, each.gpu->allocatable});
  return item;
}

double share_of(const std::vector<std::string>& workers, std::span<const std::string> with) {
  if (workers.empty()) return 0;
  const auto held = std::count_if(workers.begin(), workers.end(), [&](const std::string& worker) {
    return std::find(with.begin(), with.end(), worker) != with.end();
  });
  return static_cast<double>(held) / static_cast<double>(workers.size());
}

}  // namespace

double binpack_item(const BinpackItem& item, Scale scale) {
  const double ram = part(item.ram_claim, item.ram_allocatable, scale);
  if (item.gpus.empty()) return ram;
  double score = 0;
  for (const BinpackItem::Gpu& gpu : item.gpus) {
    const double vram = part(gpu.claim, gpu.allocatable, scale);
    score = std::max(score, (ram * kRamWeight + vram * kVramWeight) / (kRamWeight + kVramWeight));
  }
  return score;
}

double binpack_score(const Candidate& candidate, Scale scale) {
  const double main = binpack_item(item_of(candidate.main, candidate.ram), scale);
  if (candidate.subordinates.empty()) return main;
  double subordinates = 0;
  for (const Share& share : candidate.subordinates) {
    subordinates += binpack_item(item_of(share, std::nullopt), scale);
  }
  const auto n = static_cast<double>(candidate.subordinates.size());
  return (main * kMainWeight + subordinates * n) / (kMainWeight + n);
}

std::vector<double> locality_scores(std::span<const std::vector<std::string>> workers_of_candidates,
                                    std::span<const std::string> with_model,
                                    std::span<const std::string> with_draft, double most) {
  const double whole = with_draft.empty() ? 1.0 : 1.5;
  std::vector<double> out;
  for (const auto& workers : workers_of_candidates) {
    const double held = share_of(workers, with_model) + 0.5 * share_of(workers, with_draft);
    out.push_back(held / whole * most);
  }
  return out;
}

std::vector<double> sum_scores(
    std::span<const std::vector<std::optional<double>>> scores_by_scorer) {
  std::vector<double> out;
  for (const auto& scores : scores_by_scorer) {
    out.resize(std::max(out.size(), scores.size()), 0.0);
    for (std::size_t i = 0; i < scores.size(); ++i) out[i] += scores[i].value_or(0.0);
  }
  return out;
}

std::vector<double> sum_instance_scores(std::span<const InstanceScorer> scorers,
                                        std::optional<double> total_most) {
  std::vector<double> out;
  double most = 0;
  for (const InstanceScorer& scorer : scorers) {
    out.resize(std::max(out.size(), scorer.scores.size()), 0.0);
    if (scorer.most <= 0) continue;
    most += scorer.most;
    for (std::size_t i = 0; i < scorer.scores.size(); ++i) out[i] += scorer.scores[i];
  }
  if (total_most && most > 0) {
    for (double& sum : out) sum = sum * *total_most / most;
  }
  return out;
}

void score(std::vector<Candidate>& candidates, Strategy strategy, const InstanceCounts& counts) {
  if (strategy == Strategy::spread) {
    const std::vector<double> scores = spread_scores(candidates, counts);
    for (std::size_t i = 0; i < candidates.size(); ++i) candidates[i].score = scores[i];
    return;
  }
  for (Candidate& candidate : candidates) candidate.score = binpack_score(candidate, Scale::up);
}

std::optional<std::size_t> best_of(std::span<const Candidate> candidates) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!best || candidates[i].score > candidates[*best].score) best = i;
  }
  return best;
}

}  // namespace headroom::gpustack
