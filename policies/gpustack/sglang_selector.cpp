#include "policies/gpustack/claim.hpp"
#include "policies/gpustack/divisibility.hpp"
#include "policies/gpustack/gpu_count.hpp"
#include "policies/gpustack/sglang_fraction.hpp"
#include "policies/gpustack/steps.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace headroom::gpustack {
namespace {

// One of the GPUs of several workers.
struct Device {
  const WorkerView* worker;
  const GpuView* gpu;
};

// GPUs with something free, ascending; a new group starts where the first has less than 0.9 of the
// next.
std::vector<std::vector<Device>> groups_by_memory(std::span<const Offer> offers, Bytes ram) {
  std::vector<Device> gpus;
  for (const Offer& offer : offers) {
    if (offer.worker->ram_allocatable < ram) continue;
    for (const GpuView* gpu : offer.gpus) {
      if (gpu->allocatable > 0) gpus.push_back({offer.worker, gpu});
    }
  }
  std::stable_sort(gpus.begin(), gpus.end(), [](const Device& a, const Device& b) {
    return a.gpu->allocatable < b.gpu->allocatable;
  });
  std::vector<std::vector<Device>> groups;
  for (const Device& each : gpus) {
    const double least = static_cast<double>(each.gpu->allocatable) * 0.9;
    if (groups.empty() || static_cast<double>(groups.back().front().gpu->allocatable) < least) {
      groups.emplace_back();
    }
    groups.back().push_back(each);
  }
  return groups;
}

bool equally_many_of_each_worker(const std::vector<Device>& gpus) {
  std::map<std::string_view, int> counts;
  for (const Device& each : gpus) ++counts[each.worker->name];
  return std::all_of(counts.begin(), counts.end(),
                     [&](const auto& count) { return count.second == counts.begin()->second; });
}

class SglangSelector {
 public:
  SglangSelector(std::span<const WorkerView> workers, const Ask& ask, std::optional<int> gpus)
      : workers_(workers),
        ask_(ask),
        gpus_(gpus),
        diffusion_(ask.is(Category::image)),
        rules_{ask, Backend::sglang, gpus, ask.claim,
               [this](const GpuView& gpu) { return charge_of(gpu); }},
        groups_(offers_by_type(by_gpu_count(workers))) {
    double most = 0;
    for (const OfferGroup& group : groups_) {
      const double fraction = diffusion_ ? 0 : sglang_fraction(workers, ask, group.type);
      fractions_[group.type] = fraction;
      const bool counts = ask.selected.empty() || is_selected(group.type);
      if (counts) most = std::max(most, fraction);
    }
    facts_.set_claim(claim_facts(ask, most));
  }

  SglangSelector(const SglangSelector&) = delete;  // rules_ refers to it
  SglangSelector& operator=(const SglangSelector&) = delete;

  [[nodiscard]] Selection run() {
    if (!ask_.selected.empty()) {
      const Bytes vram = diffusion_ ? ask_.claim * *gpus_ : ask_.claim;  // each GPU holds all of it
      const auto fraction_of = [&](const std::string& type) { return fraction(type); };
      return by_hand_alone({workers_, ask_, *gpus_, vram, fraction_of}, facts_);
    }
    Selection out;
    if (gpus_.value_or(1) == 1) out.candidates = one_gpu();
    if (out.candidates.empty()) out.candidates = one_worker();
    if (out.candidates.empty() && ask_.across_workers && !diffusion_) {
      out.candidates = several_workers();
    }
    if (out.candidates.empty()) out.facts = facts_.told();
    return out;
  }

 private:
  using Step = StepFacts::Step;

  [[nodiscard]] bool is_selected(const std::string& type) const {
    return std::any_of(ask_.selected.begin(), ask_.selected.end(),
                       [&](const GpuChoice& choice) { return choice.type == type; });
  }
  [[nodiscard]] double fraction(const std::string& type) const {
    const auto found = fractions_.find(type);
    return found == fractions_.end() ? 0 : found->second;
  }
  [[nodiscard]] Bytes charge_of(const GpuView& gpu) const {
    return diffusion_ ? gpu.allocatable : charge(gpu.total, fraction(gpu.type));
  }
  [[nodiscard]] bool satisfies(const GpuView& gpu) const {
    if (!diffusion_) return gpu.free_share() >= fraction(gpu.type);
    return gpu.allocatable >= ask_.claim;
  }

  [[nodiscard]] std::vector<Candidate> one_gpu() {
    std::vector<Candidate> found;
    for (const OfferGroup& group : groups_) {
      const double share = diffusion_ ? 1.0 : fraction(group.type);
      for (const Offer& offer : group.offers) {
        if (offer.worker->ram_allocatable < ask_.ram_claim) continue;
        const std::size_t before = found.size();
        const GpuView* largest = nullptr;
        for (const GpuView* gpu : offer.gpus) {
          if (largest == nullptr || gpu->allocatable > largest->allocatable) largest = gpu;
          const double room = static_cast<double>(gpu->total) * share;
          if (!rules_.legal(1) || static_cast<double>(ask_.claim) > room) continue;
          if (!diffusion_ && !satisfies(*gpu)) continue;
          const Bytes bytes = diffusion_ ? ask_.claim : charge_of(*gpu);
          rules_.add(group.type, {offer.worker, {{gpu, bytes}}}, {}, found);
        }
        if (found.size() > before || largest == nullptr) continue;
        Fact fact{FactKind::one_gpu, {to_gib(largest->allocatable)}};
        if (!diffusion_) fact.figures.push_back(largest->free_share() * 100);
        facts_.set(Step::one_gpu, {std::move(fact)});
      }
    }
    return found;
  }

  struct Largest {
    Bytes allocatable = 0;
    std::size_t satisfied = 0;
    std::size_t of = 0;
  };

  // One candidate a worker, among GPUs with about as much free.
  [[nodiscard]] std::vector<Candidate> one_worker() {
    std::vector<Candidate> found;
    Largest largest;
    for (const OfferGroup& group : groups_) {
      for (const Offer& offer : group.offers) {
        if (offer.gpus.size() < 2) continue;
        if (auto share = among_equals(offer, group.type, largest)) {
          rules_.add(group.type, std::move(*share), {}, found);
        } else {
          tell_one_worker(group.type, largest);
        }
      }
    }
    return found;
  }

  [[nodiscard]] std::optional<Share> among_equals(const Offer& offer, const std::string& type,
                                                  Largest& largest) const {
    for (const auto& group : groups_by_memory({&offer, 1}, ask_.ram_claim)) {
      const bool all = std::all_of(group.begin(), group.end(),
                                   [&](const Device& each) { return satisfies(*each.gpu); });
      if (!all || group.size() < 2) continue;
      Bytes allocatable = 0;
      for (const Device& each : group) allocatable += each.gpu->allocatable;
      if (allocatable > largest.allocatable) {
        largest = {allocatable, group.size(), offer.gpus.size()};
      }
      const double needed = diffusion_
                                ? static_cast<double>(ask_.claim)
                                : static_cast<double>(ask_.claim) / std::max(fraction(type), 1e-9);
      if (static_cast<double>(allocatable) < needed) continue;
      if (auto share = take(offer, group)) return share;
    }
    return std::nullopt;
  }

  // Most free first.
  [[nodiscard]] std::optional<Share> take(const Offer& offer,
                                          const std::vector<Device>& group) const {
    std::vector<const GpuView*> gpus;
    gpus.reserve(group.size());
    for (const Device& each : group) gpus.push_back(each.gpu);
    std::stable_sort(gpus.begin(), gpus.end(), [](const GpuView* a, const GpuView* b) {
      return a->allocatable > b->allocatable;
    });
    return rules_.take(*offer.worker, gpus);
  }

  void tell_one_worker(const std::string& type, const Largest& largest) {
    if (auto fact = indivisible(ask_, Backend::sglang, static_cast<int>(largest.satisfied))) {
      facts_.set(Step::one_worker, {std::move(*fact)});
      return;
    }
    if (diffusion_) {
      facts_.set(Step::one_worker, {{FactKind::diffusion_gpu, {to_gib(ask_.claim)}}});
      return;
    }
    const auto with = static_cast<double>(largest.satisfied);
    const auto of = static_cast<double>(largest.of);
    const double usable = of > 0 ? to_gib(largest.allocatable) * fraction(type) * with / of : 0.0;
    facts_.set(Step::one_worker,
               {{FactKind::one_worker, {to_gib(largest.allocatable), with, of, usable}}});
  }

  // A number of GPUs that was asked for is not looked at here.
  [[nodiscard]] std::vector<Candidate> several_workers() {
    std::vector<Candidate> found;
    for (const OfferGroup& group : groups_) {
      for (const auto& gpus : groups_by_memory(group.offers, ask_.ram_claim)) {
        const bool all = std::all_of(gpus.begin(), gpus.end(),
                                     [&](const Device& each) { return satisfies(*each.gpu); });
        if (gpus.size() < 2 || !all || !equally_many_of_each_worker(gpus)) continue;
        if (add_combination(group, found)) break;
      }
    }
    return found;
  }

  // Whole workers with equal numbers of GPUs, in order, until they hold the claim.
  bool add_combination(const OfferGroup& group, std::vector<Candidate>& found) {
    if (group.offers.size() < 2) return false;
    std::vector<Offer> offers = group.offers;
    sort_by_gpu_count(offers);
    BestWorkers best;
    for (const std::span<const Offer> equal : equal_workers(offers)) {
      const auto taken = combine(equal, equal.front().gpus.size(), best);
      if (taken.empty()) continue;
      rules_.add_whole(group.type, taken, found);
      return true;
    }
    facts_.set(Step::several_workers, best.facts());
    return false;
  }

  [[nodiscard]] std::vector<const Offer*> combine(std::span<const Offer> equal, std::size_t each,
                                                  BestWorkers& best) const {
    std::vector<const Offer*> taken;
    Bytes sum = 0;
    for (const Offer& offer : equal) {
      if (offer.worker->ram_allocatable < ask_.ram_claim) continue;
      const bool all = std::all_of(offer.gpus.begin(), offer.gpus.end(),
                                   [&](const GpuView* gpu) { return satisfies(*gpu); });
      if (!all) continue;
      taken.push_back(&offer);
      for (const GpuView* gpu : offer.gpus) sum += charge_of(*gpu);
      if (rules_.legal(each) && sum >= ask_.claim) return taken;
    }
    best.consider(sum, taken, equal.size(), each);
    return {};
  }

  std::span<const WorkerView> workers_;
  const Ask& ask_;
  std::optional<int> gpus_;
  bool diffusion_;
  StepRules rules_;
  std::vector<OfferGroup> groups_;
  std::map<std::string, double> fractions_;
  StepFacts facts_;
};

// Parameters that SGLang would not start with.
std::optional<Fact> impossible(const Ask& ask) {
  const Parameters& given = ask.parameters;
  const UserSizes sizes = user_sizes(given, Backend::sglang);
  const int tp = sizes.tp.value_or(1);
  const int pp = sizes.pp.value_or(1);
  const int nodes = given.integer({"nnodes"}).value_or(1);
  if (auto fact = indivisible(ask, Backend::sglang, tp)) return fact;
  const auto bad = [](double value, const char* what) {
    return Fact{FactKind::bad_parameter, {value}, {what}};
  };
  if (nodes < 1 || (tp * pp) % nodes != 0) return bad(nodes, "nnodes does not divide tp x pp");
  const bool speculates = given.text({"speculative-algorithm"}).has_value();
  const bool mixed_chunk = given.flag({"enable-mixed-chunk"});
  if (pp > 1 && (speculates || mixed_chunk)) {
    return bad(pp, "pipeline stages with speculation or mixed chunks");
  }
  if (sizes.dp.value_or(1) > 1 && nodes != 1 && !given.flag({"enable-dp-attention"})) {
    return bad(nodes, "data parallelism over nodes without dp attention");
  }
  if (speculates && mixed_chunk) return bad(1, "speculation with mixed chunks");
  return std::nullopt;
}

}  // namespace

Selection select_for_sglang(std::span<const WorkerView> workers, const Ask& ask) {
  if (auto fact = impossible(ask)) return {{}, {}, std::move(fact)};
  const auto gpus = gpu_count(ask, Backend::sglang, Version::today);
  if (!gpus) return {{}, {}, gpus.error()};
  return SglangSelector(workers, ask, *gpus).run();
}

}  // namespace headroom::gpustack
