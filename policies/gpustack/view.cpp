#include "policies/gpustack/view.hpp"

#include <algorithm>

namespace headroom::gpustack {
namespace {

std::string last_type(const WorkerView& worker) {
  std::vector<std::string> seen;
  for (const GpuView& gpu : worker.gpus) {
    if (std::find(seen.begin(), seen.end(), gpu.type) == seen.end()) seen.push_back(gpu.type);
  }
  return seen.empty() ? "" : seen.back();
}

OfferGroup& group_of(std::vector<OfferGroup>& groups, const std::string& type) {
  const auto found = std::find_if(groups.begin(), groups.end(),
                                  [&](const OfferGroup& group) { return group.type == type; });
  if (found != groups.end()) return *found;
  groups.push_back({type, {}});
  return groups.back();
}

}  // namespace

WorkerList in_order(std::span<const WorkerView> workers) {
  WorkerList out;
  out.reserve(workers.size());
  for (const WorkerView& worker : workers) out.push_back(&worker);
  return out;
}

WorkerList by_gpu_count(std::span<const WorkerView> workers) {
  WorkerList out = in_order(workers);
  std::stable_sort(out.begin(), out.end(), [](const WorkerView* a, const WorkerView* b) {
    return a->gpus.size() > b->gpus.size();
  });
  return out;
}

std::vector<OfferGroup> offers_by_type(const WorkerList& workers) {
  std::vector<OfferGroup> groups;
  for (const WorkerView* worker : workers) {
    for (const GpuView& gpu : worker->gpus) group_of(groups, gpu.type);
    if (worker->gpus.empty()) continue;
    Offer offer{worker, {}};
    const std::string type = last_type(*worker);
    for (const GpuView& gpu : worker->gpus) {
      if (gpu.type == type) offer.gpus.push_back(&gpu);
    }
    group_of(groups, type).offers.push_back(std::move(offer));
  }
  return groups;
}

std::vector<OfferGroup> offers_of_any_type(const WorkerList& workers) {
  OfferGroup group;
  for (const WorkerView* worker : workers) {
    if (worker->gpus.empty()) continue;
    Offer offer{worker, {}};
    for (const GpuView& gpu : worker->gpus) offer.gpus.push_back(&gpu);
    group.offers.push_back(std::move(offer));
  }
  if (!group.offers.empty()) group.type = group.offers.front().gpus.front()->type;
  return {std::move(group)};
}

void sort_by_gpu_count(std::vector<Offer>& offers) {
  std::stable_sort(offers.begin(), offers.end(),
                   [](const Offer& a, const Offer& b) { return a.gpus.size() > b.gpus.size(); });
}

}  // namespace headroom::gpustack
