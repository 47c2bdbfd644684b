#include "policies/gpustack/selector.hpp"

#include <cmath>

namespace headroom::gpustack {

std::vector<Fact> StepFacts::told() const {
  std::vector<Fact> out = claim_;
  for (const auto& facts : facts_) {
    if (facts.empty()) continue;
    out.insert(out.end(), facts.begin(), facts.end());
    break;
  }
  return out;
}

std::vector<Fact> claim_facts(const Ask& ask, double fraction) {
  std::vector<Fact> out = {{FactKind::claim, {to_gib(ask.claim)}}};
  if (ask.ram_claim > 0) out.push_back({FactKind::ram_claim, {to_gib(ask.ram_claim)}});
  if (fraction > 0) {
    const double total = static_cast<double>(ask.claim) / fraction / static_cast<double>(kGiB);
    out.push_back({FactKind::fraction, {fraction, total, std::floor(fraction * 100)}});
  }
  return out;
}

void BestWorkers::consider(Bytes group_usable, const std::vector<const Offer*>& taken,
                           std::size_t group_size, std::size_t gpus) {
  if (group_usable <= usable) return;
  usable = group_usable;
  with_as_many = group_size;
  gpus_each = gpus;
  workers.clear();
  for (const Offer* offer : taken) workers.push_back(offer->worker);
}

std::vector<Fact> BestWorkers::facts() const {
  std::vector<Fact> out;
  if (!workers.empty()) {
    std::vector<std::string> names;
    for (const WorkerView* worker : workers) names.push_back(worker->name);
    out.push_back({FactKind::best_workers, {to_gib(usable)}, std::move(names)});
    if (with_as_many > workers.size()) {
      out.push_back(
          {FactKind::unfit_workers,
           {static_cast<double>(with_as_many - workers.size()), static_cast<double>(gpus_each)}});
    }
  }
  out.push_back({FactKind::no_workers});
  return out;
}

Selection select(Backend backend, Version version, std::span<const WorkerView> workers,
                 const Ask& ask) {
  if (backend == Backend::sglang) return select_for_sglang(workers, ask);
  return select_for_vllm(workers, ask, version);
}

}  // namespace headroom::gpustack
