#include "policies/gpustack/claim.hpp"
#include "policies/gpustack/divisibility.hpp"
#include "policies/gpustack/gpu_count.hpp"
#include "policies/gpustack/mp_topology.hpp"
#include "policies/gpustack/steps.hpp"

#include <algorithm>

namespace headroom::gpustack {
namespace {

class VllmSelector {
 public:
  VllmSelector(std::span<const WorkerView> workers, const Ask& ask, Version version,
               std::optional<int> gpus)
      : workers_(workers),
        ask_(ask),
        version_(version),
        gpus_(gpus),
        fraction_(vllm_fraction(ask)),
        // Up to v0.6 a number of GPUs that is asked for is taken on trust: nothing is estimated.
        claim_(version != Version::today && gpus ? 0 : ask.claim),
        rules_{ask, Backend::vllm, gpus, claim_,
               [this](const GpuView& gpu) { return charge_of(gpu); }},
        groups_(version == Version::today ? offers_by_type(in_order(workers))
                                          : offers_of_any_type(in_order(workers))) {
    facts_.set_claim(claim_facts(ask, fraction_));
  }

  VllmSelector(const VllmSelector&) = delete;  // rules_ refers to it
  VllmSelector& operator=(const VllmSelector&) = delete;

  [[nodiscard]] Selection run() {
    if (!ask_.selected.empty()) {
      const auto fraction = [&](const std::string&) { return fraction_; };
      return by_hand_alone({workers_, ask_, *gpus_, ask_.claim, fraction}, facts_);
    }
    Selection out;
    if (gpus_.value_or(1) == 1) out.candidates = one_gpu();
    if (out.candidates.empty() && gpus_ != 1) out.candidates = one_worker();
    const bool across = ask_.across_workers && version_ != Version::v0_4;
    if (out.candidates.empty() && across) out.candidates = several_workers();
    if (out.candidates.empty()) out.facts = facts_.told();
    return out;
  }

 private:
  using Step = StepFacts::Step;

  [[nodiscard]] bool has_ram(const Offer& offer) const {
    return version_ != Version::today || offer.worker->ram_allocatable >= ask_.ram_claim;
  }
  [[nodiscard]] Bytes charge_of(const GpuView& gpu) const {
    return fraction_ > 0 ? charge(gpu.total, fraction_) : gpu.allocatable;
  }

  // Today the claim is compared with what the GPU has in all, before with what is free of it.
  [[nodiscard]] bool fits_alone(const GpuView& gpu) const {
    if (gpu.total <= 0) return false;
    const auto claim = static_cast<double>(claim_);
    if (fraction_ <= 0) return claim_ <= gpu.allocatable;
    const double room = version_ == Version::today ? static_cast<double>(gpu.total) * fraction_
                                                   : static_cast<double>(gpu.allocatable);
    return claim <= room && gpu.free_share() >= fraction_;
  }

  [[nodiscard]] std::vector<Candidate> one_gpu() {
    std::vector<Candidate> found;
    const GpuView* largest = nullptr;
    for (const OfferGroup& group : groups_) {
      for (const Offer& offer : group.offers) {
        if (!has_ram(offer)) continue;
        for (const GpuView* gpu : offer.gpus) {
          if (largest == nullptr || gpu->allocatable > largest->allocatable) largest = gpu;
          if (!rules_.legal(1) || !fits_alone(*gpu)) continue;
          const Bytes bytes = fraction_ > 0 ? charge_of(*gpu) : claim_;
          rules_.add(group.type, {offer.worker, {{gpu, bytes}}}, {}, found);
        }
      }
    }
    if (found.empty() && largest != nullptr) {
      Fact fact{FactKind::one_gpu, {to_gib(largest->allocatable)}};
      if (fraction_ > 0) fact.figures.push_back(largest->free_share() * 100);
      facts_.set(Step::one_gpu, {std::move(fact)});
    }
    return found;
  }

  // One candidate a worker; those with the fewest GPUs stay.
  [[nodiscard]] std::vector<Candidate> one_worker() {
    std::vector<Candidate> found;
    for (const OfferGroup& group : groups_) {
      for (const Offer& offer : group.offers) {
        if (offer.gpus.size() < 2 || !has_ram(offer)) continue;
        const std::vector<const GpuView*> usable = with_more_than_fraction(offer);
        if (auto share = rules_.take(*offer.worker, usable)) {
          rules_.add(group.type, std::move(*share), {}, found);
        } else {
          tell_one_worker(offer, usable.size());
        }
      }
    }
    std::size_t fewest = 0;
    for (const Candidate& each : found) {
      const std::size_t gpus = each.main.gpus.size();
      if (fewest == 0 || gpus < fewest) fewest = gpus;
    }
    std::erase_if(found, [&](const Candidate& each) { return each.main.gpus.size() > fewest; });
    return found;
  }

  // Strictly more, unlike all other steps. Most free first.
  [[nodiscard]] std::vector<const GpuView*> with_more_than_fraction(const Offer& offer) const {
    std::vector<const GpuView*> out;
    for (const GpuView* gpu : offer.gpus) {
      if (gpu->free_share() > fraction_) out.push_back(gpu);
    }
    std::stable_sort(out.begin(), out.end(), [](const GpuView* a, const GpuView* b) {
      return a->allocatable > b->allocatable;
    });
    return out;
  }

  void tell_one_worker(const Offer& offer, std::size_t satisfied) {
    Bytes allocatable = 0;
    for (const GpuView* gpu : offer.gpus) allocatable += gpu->allocatable;
    std::vector<Fact> facts;
    if (auto fact = indivisible(ask_, Backend::vllm, static_cast<int>(satisfied))) {
      facts.push_back(std::move(*fact));
    }
    Fact fact{FactKind::one_worker, {to_gib(allocatable)}};
    if (fraction_ > 0) {
      const auto of = static_cast<double>(offer.gpus.size());
      const auto with = static_cast<double>(satisfied);
      fact.figures.insert(fact.figures.end(),
                          {with, of, to_gib(allocatable) * fraction_ * with / of});
    }
    facts.push_back(std::move(fact));
    facts_.set(Step::one_worker, std::move(facts));
  }

  [[nodiscard]] std::vector<Candidate> several_workers() {
    std::vector<Candidate> found;
    for (OfferGroup group : groups_) {
      if (group.offers.size() < 2) continue;
      sort_by_gpu_count(group.offers);
      if (!add_combination(group, found)) {
        std::vector<Fact> facts = std::move(topology_facts_);
        const auto more = best_.facts();
        facts.insert(facts.end(), more.begin(), more.end());
        facts_.set(Step::several_workers, std::move(facts));
      }
      best_ = {};
      topology_facts_.clear();
    }
    return found;
  }

  // Whole workers with equal numbers of GPUs, in order, until they hold the claim.
  bool add_combination(const OfferGroup& group, std::vector<Candidate>& found) {
    for (const std::span<const Offer> equal : equal_workers(group.offers)) {
      const std::size_t each = equal.front().gpus.size();
      if (!rules_.legal(each)) continue;
      if (const auto taken = combine(equal, each)) {
        rules_.add_whole(group.type, *taken, found);
        return true;
      }
    }
    return false;
  }

  std::optional<std::vector<const Offer*>> combine(std::span<const Offer> equal, std::size_t each) {
    std::vector<const Offer*> taken;
    Bytes sum = 0;
    for (const Offer& offer : equal) {
      if (!has_ram(offer) || !all_free(offer)) continue;
      taken.push_back(&offer);
      for (const GpuView* gpu : offer.gpus)
        sum += charge(gpu->total, fraction_ > 0 ? fraction_ : 1);
      if (gpus_) {
        const auto so_far = static_cast<int>(taken.size() * each);
        if (so_far < *gpus_) continue;
        if (so_far > *gpus_) break;
      }
      if (sum >= claim_ && fits_topology(taken.size(), each)) return taken;
    }
    best_.consider(sum, taken, equal.size(), each);
    return std::nullopt;
  }

  [[nodiscard]] bool all_free(const Offer& offer) const {
    return std::all_of(offer.gpus.begin(), offer.gpus.end(),
                       [&](const GpuView* gpu) { return gpu->free_share() >= fraction_; });
  }

  bool fits_topology(std::size_t workers, std::size_t each) {
    if (workers < 2 || !uses_mp(ask_.parameters)) return true;
    const std::vector<int> gpus(workers, static_cast<int>(each));
    const auto sizes = mp_topology(gpus, user_sizes(ask_.parameters, Backend::vllm));
    if (!sizes && topology_facts_.empty()) topology_facts_.push_back(sizes.error());
    return sizes.has_value();
  }

  std::span<const WorkerView> workers_;
  const Ask& ask_;
  Version version_;
  std::optional<int> gpus_;
  double fraction_;
  Bytes claim_;
  StepRules rules_;
  std::vector<OfferGroup> groups_;
  StepFacts facts_;
  BestWorkers best_;
  std::vector<Fact> topology_facts_;
};

}  // namespace

Selection select_for_vllm(std::span<const WorkerView> workers, const Ask& ask, Version version) {
  if (const auto tp = user_sizes(ask.parameters, Backend::vllm).tp) {
    if (auto fact = indivisible(ask, Backend::vllm, *tp)) return {{}, {}, std::move(fact)};
  }
  const auto gpus = gpu_count(ask, Backend::vllm, version);
  if (!gpus) return {{}, {}, gpus.error()};
  return VllmSelector(workers, ask, version, *gpus).run();
}

}  // namespace headroom::gpustack
