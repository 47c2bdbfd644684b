#include "policies/gpustack/manual.hpp"

#include "policies/gpustack/claim.hpp"

#include <algorithm>

namespace headroom::gpustack {
namespace {

bool satisfies(const GpuView& gpu, double fraction) {
  return fraction <= 0 || gpu.free_share() >= fraction;
}

std::vector<const GpuView*> most_free_first(std::vector<const GpuView*> gpus) {
  std::stable_sort(gpus.begin(), gpus.end(), [](const GpuView* a, const GpuView* b) {
    return a->free_share() > b->free_share();
  });
  return gpus;
}

class ByHand {
 public:
  explicit ByHand(const ManualStep& step) : step_(step) {}

  [[nodiscard]] Selection run() {
    const std::vector<OfferGroup> groups = selected_by_type();
    if (groups.size() > 1 && step_.gpus == std::ssize(step_.ask.selected)) {
      return {{}, {{FactKind::mixed_types}}, {}};
    }
    std::vector<Candidate> found = on_one_worker(groups);
    if (found.empty() && step_.gpus > 1) {
      for (const OfferGroup& group : groups) over_workers(group, found);
    }
    return judged(std::move(found), groups);
  }

 private:
  // Types and GPUs as selected; workers in the view's order, then by their number of GPUs.
  [[nodiscard]] std::vector<OfferGroup> selected_by_type() const {
    std::vector<OfferGroup> groups;
    for (const GpuChoice& choice : step_.ask.selected) {
      const bool known = std::any_of(groups.begin(), groups.end(), [&](const OfferGroup& group) {
        return group.type == choice.type;
      });
      if (!known) groups.push_back({choice.type, {}});
    }
    for (OfferGroup& group : groups) {
      for (const WorkerView& worker : step_.workers) {
        Offer offer{&worker, selected_of(worker, group.type)};
        if (!offer.gpus.empty()) group.offers.push_back(std::move(offer));
      }
      sort_by_gpu_count(group.offers);
    }
    return groups;
  }

  [[nodiscard]] std::vector<const GpuView*> selected_of(const WorkerView& worker,
                                                        const std::string& type) const {
    std::vector<const GpuView*> out;
    for (const GpuChoice& choice : step_.ask.selected) {
      if (choice.worker != worker.name || choice.type != type) continue;
      for (const GpuView& gpu : worker.gpus) {
        if (gpu.type == type && gpu.index == choice.index) out.push_back(&gpu);
      }
    }
    return out;
  }

  [[nodiscard]] Share share_of(const WorkerView& worker, const std::vector<const GpuView*>& gpus,
                               double fraction) const {
    Share share{&worker, {}};
    for (const GpuView* gpu : gpus) {
      const Bytes bytes =
          fraction > 0 ? charge(gpu->total, fraction) : step_.vram / std::ssize(gpus);
      share.gpus.push_back({gpu, bytes});
    }
    return share;
  }

  [[nodiscard]] std::vector<Candidate> on_one_worker(const std::vector<OfferGroup>& groups) const {
    std::vector<Candidate> found;
    for (const OfferGroup& group : groups) {
      for (const Offer& offer : group.offers) {
        const auto gpus = most_free_first(offer.gpus);
        if (step_.gpus == 1) {
          for (const GpuView* gpu : gpus) add_one_worker(group.type, offer, {gpu}, found);
        } else {
          add_one_worker(group.type, offer, gpus, found);
        }
      }
    }
    return found;
  }

  // The first GPUs with enough free, topped up with others.
  void add_one_worker(const std::string& type, const Offer& offer,
                      const std::vector<const GpuView*>& gpus,
                      std::vector<Candidate>& found) const {
    const auto wanted = static_cast<std::size_t>(step_.gpus);
    if (gpus.size() < wanted) return;
    const double fraction = step_.fraction(type);
    std::vector<const GpuView*> used;
    std::vector<const GpuView*> others;
    for (const GpuView* gpu : gpus) {
      (satisfies(*gpu, fraction) ? used : others).push_back(gpu);
      if (used.size() >= wanted) break;
    }
    for (std::size_t i = 0; i < others.size() && used.size() < wanted; ++i) {
      used.push_back(others[i]);
    }
    add(type, share_of(*offer.worker, used, fraction), {}, found);
  }

  // All selected GPUs of the first worker, then of the next ones as many as are left to take.
  void over_workers(const OfferGroup& group, std::vector<Candidate>& found) const {
    if (group.offers.size() < 2) return;
    const double fraction = step_.fraction(group.type);
    const Offer& main = group.offers.front();
    auto left = static_cast<std::size_t>(step_.gpus);
    left -= std::min(left, main.gpus.size());
    std::vector<Share> subordinates;
    for (std::size_t i = 1; i < group.offers.size(); ++i) {
      const Offer& offer = group.offers[i];
      if (offer.worker->hosts_distributed) continue;
      auto gpus = most_free_first(offer.gpus);
      gpus.resize(std::min(gpus.size(), left));
      left -= gpus.size();
      subordinates.push_back(share_of(*offer.worker, gpus, fraction));
      if (left == 0) break;
    }
    if (subordinates.empty()) return;
    add(group.type, share_of(*main.worker, main.gpus, fraction), std::move(subordinates), found);
  }

  void add(const std::string& type, Share main, std::vector<Share> subordinates,
           std::vector<Candidate>& found) const {
    const auto ram = ram_claim(step_.ask, main.bytes());
    found.push_back({type, std::move(main), std::move(subordinates), ram});
  }

  struct Use {
    Bytes charged = 0;
    Bytes allocatable = 0;
    int gpus = 0;
    int satisfied = 0;
  };

  static void count(const GpuView& gpu, double fraction, Use& use) {
    use.allocatable += gpu.allocatable;
    ++use.gpus;
    if (satisfies(gpu, fraction)) ++use.satisfied;
  }

  static Use use_of(const Candidate& candidate, double fraction) {
    Use use;
    const auto add_share = [&](const Share& share) {
      use.charged += share.bytes();
      for (const Charge& each : share.gpus) count(*each.gpu, fraction, use);
    };
    add_share(candidate.main);
    for (const Share& share : candidate.subordinates) add_share(share);
    return use;
  }

  static Use use_of(const std::vector<OfferGroup>& groups, double fraction) {
    Use use;
    for (const OfferGroup& group : groups) {
      for (const Offer& offer : group.offers) {
        for (const GpuView* gpu : offer.gpus) count(*gpu, fraction, use);
      }
    }
    return use;
  }

  // The candidates that hold the request, or the overcommit that comes closest.
  [[nodiscard]] Selection judged(std::vector<Candidate> found,
                                 const std::vector<OfferGroup>& groups) const {
    Selection out;
    const Candidate* best = nullptr;
    double best_usable = 0;
    for (Candidate& candidate : found) {
      const double fraction = step_.fraction(candidate.type);
      const Use used = use_of(candidate, fraction);
      candidate.overcommit = used.charged < step_.vram || used.satisfied < used.gpus ||
                             candidate.ram.value_or(0) < step_.ask.ram_claim;
      if (!candidate.overcommit) {
        out.candidates.push_back(candidate);
        continue;
      }
      const bool partial = used.gpus < std::ssize(step_.ask.selected);
      const Use counted = partial ? used : use_of(groups, fraction);
      const double usable =
          static_cast<double>(counted.allocatable) * (fraction > 0 ? fraction : 1.0);
      if (usable < best_usable) continue;
      best_usable = usable;
      best = &candidate;
      out.facts = overcommit_facts(used, counted, partial, usable);
    }
    if (!out.candidates.empty() || best == nullptr) {
      out.facts.clear();
    } else if (step_.ask.replicas > 1) {
      out.facts = {{FactKind::replicas_overcommit, {static_cast<double>(found.size())}}};
    } else {
      out.candidates.push_back(*best);
    }
    return out;
  }

  [[nodiscard]] std::vector<Fact> overcommit_facts(const Use& used, const Use& counted,
                                                   bool partial, double usable) const {
    std::vector<Fact> facts = {{FactKind::overcommit}};
    if (partial) {
      facts.push_back(
          {FactKind::used_of_selected,
           {static_cast<double>(used.gpus), static_cast<double>(step_.ask.selected.size())}});
    }
    facts.push_back({partial ? FactKind::used_gpus : FactKind::selected_gpus,
                     {to_gib(counted.allocatable), static_cast<double>(counted.satisfied),
                      static_cast<double>(counted.gpus), usable / static_cast<double>(kGiB)}});
    return facts;
  }

  const ManualStep& step_;
};

}  // namespace

Selection select_by_hand(const ManualStep& step) { return ByHand(step).run(); }

}  // namespace headroom::gpustack
