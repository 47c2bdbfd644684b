#include "policies/gpustack/scorers.hpp"

#include <algorithm>

namespace headroom::gpustack {
namespace {

InstanceCount on_worker(const InstanceCounts& counts, const std::string& worker) {
  InstanceCount sum;
  const auto found = counts.find(worker);
  if (found == counts.end()) return sum;
  for (const auto& [gpu, count] : found->second) {
    sum.current += count.current;
    sum.others += count.others;
  }
  return sum;
}

InstanceCount on_gpu(const InstanceCounts& counts, const std::string& worker, int gpu) {
  const auto found = counts.find(worker);
  if (found == counts.end()) return {};
  const auto count = found->second.find(gpu);
  return count == found->second.end() ? InstanceCount{} : count->second;
}

// 1 for the least loaded worker, 0 for the most.
double inverse(int count, int least, int most) {
  if (most <= least) return 1;
  return 1 - static_cast<double>(count - least) / static_cast<double>(most - least);
}

struct Range {
  int least = 0;
  int most = 0;
};

template <class Get>
Range range_of(const std::vector<InstanceCount>& counts, Get get) {
  Range range{get(counts.front()), get(counts.front())};
  for (const InstanceCount& count : counts) {
    range.least = std::min(range.least, get(count));
    range.most = std::max(range.most, get(count));
  }
  return range;
}

double gpu_part(const Candidate& candidate, const InstanceCounts& counts) {
  if (candidate.main.gpus.empty()) return 0;
  double sum = 0;
  for (const Charge& each : candidate.main.gpus) {
    const auto count = on_gpu(counts, candidate.main.worker->name, each.gpu->index);
    sum += 100 / (1 + count.current + 0.2 * count.others);
  }
  return sum / static_cast<double>(candidate.main.gpus.size());
}

}  // namespace

std::vector<double> spread_scores(std::span<const Candidate> candidates,
                                  const InstanceCounts& counts) {
  if (candidates.empty()) return {};
  std::vector<InstanceCount> workers;
  for (const Candidate& candidate : candidates) {
    workers.push_back(on_worker(counts, candidate.main.worker->name));
  }
  const Range current = range_of(workers, [](const InstanceCount& c) { return c.current; });
  const Range others = range_of(workers, [](const InstanceCount& c) { return c.others; });
  std::vector<double> out;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const double few_current = inverse(workers[i].current, current.least, current.most);
    const double few_others = inverse(workers[i].others, others.least, others.most);
    double worker = 100 * (0.50 + 0.25 * few_current + 0.15 * few_others);
    if (current.least == 0) {
      worker = workers[i].current == 0 ? 100 * (0.85 + 0.15 * few_others)
                                       : 100 * (0.45 + 0.35 * few_current + 0.20 * few_others);
    }
    out.push_back(0.85 * worker + 0.15 * gpu_part(candidates[i], counts));
  }
  return out;
}

}  // namespace headroom::gpustack
