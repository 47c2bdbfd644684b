#include "policies/gpustack/steps.hpp"

#include "policies/gpustack/claim.hpp"
#include "policies/gpustack/divisibility.hpp"

namespace headroom::gpustack {
namespace {

Share whole(const Offer& offer, const StepRules& rules) {
  Share share{offer.worker, {}};
  for (const GpuView* gpu : offer.gpus) share.gpus.push_back({gpu, rules.charge(*gpu)});
  return share;
}

}  // namespace

bool StepRules::legal(std::size_t tp) const { return legal_tp(ask, backend, static_cast<int>(tp)); }

void StepRules::add(const std::string& type, Share main, std::vector<Share> subordinates,
                    std::vector<Candidate>& found) const {
  const auto ram = ram_claim(ask, main.bytes());
  found.push_back({type, std::move(main), std::move(subordinates), ram});
}

std::optional<Share> StepRules::take(const WorkerView& worker,
                                     std::span<const GpuView* const> gpus_in_order) const {
  Share share{&worker, {}};
  Bytes sum = 0;
  for (const GpuView* gpu : gpus_in_order) {
    share.gpus.push_back({gpu, charge(*gpu)});
    sum += share.gpus.back().bytes;
    if (!legal(share.gpus.size())) continue;
    const bool enough = sum >= claim;
    if (gpus && std::ssize(share.gpus) >= *gpus) {
      if (enough) return share;
      return std::nullopt;
    }
    if (!gpus && enough) return share;
  }
  return std::nullopt;
}

void StepRules::add_whole(const std::string& type, const std::vector<const Offer*>& taken,
                          std::vector<Candidate>& found) const {
  std::vector<Share> subordinates;
  for (std::size_t i = 1; i < taken.size(); ++i) subordinates.push_back(whole(*taken[i], *this));
  add(type, whole(*taken.front(), *this), std::move(subordinates), found);
}

std::vector<std::span<const Offer>> equal_workers(const std::vector<Offer>& offers) {
  std::vector<std::span<const Offer>> runs;
  for (std::size_t begin = 0; begin < offers.size();) {
    std::size_t end = begin;
    const std::size_t each = offers[begin].gpus.size();
    while (end < offers.size() && offers[end].gpus.size() == each) ++end;
    if (end - begin >= 2) runs.emplace_back(&offers[begin], end - begin);
    begin = end;
  }
  return runs;
}

Selection by_hand_alone(const ManualStep& step, StepFacts& facts) {
  Selection out = select_by_hand(step);
  facts.set(StepFacts::Step::by_hand, std::move(out.facts));
  out.facts.clear();
  // An overcommit is offered alone.
  if (out.candidates.empty() || out.candidates.front().overcommit) out.facts = facts.told();
  return out;
}

}  // namespace headroom::gpustack
