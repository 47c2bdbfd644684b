#include "tests/conformance/placer_conformance.hpp"

#include "policies/registry.hpp"
#include "tests/sanitized.hpp"

#include <algorithm>
#include <set>

using namespace headroom;
using namespace headroom::test;

namespace {

// Whether it promises to find room whenever there is some: of tasks, all do.
bool finds_all(const std::string& name) {
  const PolicyInfo& policy = *require_value(find_policy(name));
  return !policy.takes_llm || name == "fallback-search" || name == "fallback-search-mix";
}

Candidate registered(const std::string& name, const std::string& options = "") {
  const auto make = [=](World& world) { return make_policy(world, name, options); };
  return {name + " " + options, make, finds_all(name)};
}

std::string listed(const std::vector<Complaint>& complaints) {
  std::string text;
  for (const auto& complaint : complaints) text += complaint.check + ": " + complaint.text + "\n";
  return text;
}

/// Every registered placer of these, each on every n-th case, one after the other.
void check_all(const std::function<bool(const PolicyInfo&)>& of, std::size_t every) {
  const auto cases = cases_to_run();
  std::size_t turn = 0;
  for (const PolicyInfo& policy : policies()) {
    if (!of(policy)) continue;
    for (const auto& conformance_case : cases) {
      if (turn++ % (kSanitized ? 3 : every) != 0) continue;
      INFO(policy.name << " on " << conformance_case.name);
      CHECK(listed(check_placer(registered(policy.name), conformance_case)).empty());
    }
  }
  CHECK(turn > 0);
}

bool has_check(const std::vector<Complaint>& complaints, const std::string& check,
               const std::string& part = "") {
  return std::any_of(complaints.begin(), complaints.end(), [&](const Complaint& complaint) {
    return complaint.check == check && complaint.text.find(part) != std::string::npos;
  });
}

/// fallback-search and first-fit in one, with answers that a function may spoil.
class Spoiled final : public Placer {
 public:
  using Spoil = std::function<Decision(const PlacementRequest&, const Cluster&, Decision)>;
  Spoiled(World& world, Spoil spoil)
      : llm_(make_policy(world, "fallback-search")),
        opaque_(make_policy(world, "first-fit")),
        spoil_(std::move(spoil)) {}
  [[nodiscard]] std::string_view name() const override { return "spoiled"; }
  [[nodiscard]] bool takes(RequestKind) const override { return true; }
  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>* log) override {
    Placer& inner = request.shape.shape.kind() == RequestKind::llm ? *llm_ : *opaque_;
    return spoil_(request, cluster, inner.place(request, cluster, log));
  }

 private:
  std::unique_ptr<Placer> llm_;
  std::unique_ptr<Placer> opaque_;
  Spoil spoil_;
};

/// Tells runs apart by their worlds, of which each has its own.
class Runs {
 public:
  [[nodiscard]] std::size_t number(const World& world) {
    seen_.insert(world.number);
    return seen_.size();
  }

 private:
  std::set<std::uint64_t> seen_;
};

/// Complaints about a placer whose answers are spoiled in this way, on one busy case.
std::vector<Complaint> complaints_about(
    const std::function<Spoiled::Spoil(const World&)>& make_spoil) {
  const Candidate candidate{
      "spoiled", [&](World& world) { return std::make_unique<Spoiled>(world, make_spoil(world)); },
      true};
  return check_placer(candidate, conformance_cases().front());
}

/// As above, for a change of the layouts alone.
std::vector<Complaint> complaints_about_layouts(const std::function<void(Layout&)>& change) {
  return complaints_about([&](const World&) -> Spoiled::Spoil {
    return [&](const PlacementRequest&, const Cluster&, Decision decision) {
      if (auto* place = std::get_if<Place>(&decision)) change(place->layout);
      return decision;
    };
  });
}

}  // namespace

TEST_CASE("every registered placer of deployments keeps the promises of a placer") {
  check_all([](const PolicyInfo& policy) { return !policy.takes_opaque; }, 1);
}

TEST_CASE("every registered placer of tasks keeps the promises of a placer") {
  check_all([](const PolicyInfo& policy) { return !policy.takes_llm; }, 1);
}

// Each on a cluster that stays and on one that changes, or on one of either: 5 is prime to 6 cases.
TEST_CASE("every registered placer of both keeps the promises of a placer") {
  check_all([](const PolicyInfo& policy) { return policy.takes_llm && policy.takes_opaque; }, 5);
}

TEST_CASE("every option of head-aware keeps the promises of a placer") {
  for (const std::string unknown : {"refuse", "pass"}) {
    const auto candidate =
        registered("head-aware", "head_keys = 'root'\nunknown_heads = '" + unknown + "'");
    CHECK(listed(check_placer(candidate, conformance_cases().front())).empty());
  }
}

TEST_CASE("gpustack keeps the promises of a placer under its options") {
  for (const std::string options :
       {"strategy = 'binpack'", "distributed = false", "select = 'all'\ngpus_per_replica = 2",
        "parameters = ['--gpu-memory-utilization=0.4', '--pipeline-parallel-size=2']"}) {
    INFO(options);
    for (const auto& conformance_case : cases_to_run()) {
      CHECK(listed(check_placer(registered("gpustack", options), conformance_case)).empty());
    }
  }
}

TEST_CASE("every option of fallback-search keeps the promises of a placer, and finds room") {
  for (const std::string prefer : {"least-stranded", "fewest-nodes", "spread", "weights-on-node"}) {
    for (const auto& conformance_case : cases_to_run()) {
      INFO(prefer << " on " << conformance_case.name);
      const auto candidate = registered("fallback-search", "prefer = '" + prefer + "'");
      CHECK(listed(check_placer(candidate, conformance_case)).empty());
    }
  }
  const auto candidate = registered(
      "fallback-search-mix", "[[expected]]\nmodel = 'qwen3-8b'\n[[expected]]\nmodel = 'phi-4'\n");
  CHECK(listed(check_placer(candidate, conformance_cases().front())).empty());
}

TEST_CASE("fgd and power-of-d keep the promises of a placer under their options") {
  const std::string mix =
      "[[expected]]\nmodel = 'qwen2.5-14b'\n[[expected]]\ngpus = 1\ngpu_milli = 300\nweight = 3\n";
  for (const std::string policy : {"fgd", "fgd+heads", "fgd-heads"}) {
    for (const auto& conformance_case : cases_to_run()) {
      INFO(policy << " on " << conformance_case.name);
      CHECK(listed(check_placer(registered(policy, mix), conformance_case)).empty());
    }
  }
  CHECK(
      listed(check_placer(registered("power-of-d", "d = 5"), conformance_cases().front())).empty());
}

TEST_CASE("what a placer says it takes is what its registry line says") {
  World world(cluster_of({{"L4", 1}}));
  for (const PolicyInfo& policy : policies()) {
    INFO(policy.name);
    const auto placer = make_policy(world, policy.name);
    CHECK(placer->name() == policy.name);
    CHECK(placer->takes(RequestKind::llm) == policy.takes_llm);
    CHECK(placer->takes(RequestKind::opaque) == policy.takes_opaque);
    CHECK_FALSE(policy.description.empty());
  }
}

TEST_CASE("the workloads of the suite exercise what they should") {
  std::map<Outcome, int> outcomes;
  int several_nodes = 0;
  int shared = 0;
  for (const auto& conformance_case : conformance_cases()) {
    World world(conformance_case.cluster);
    const auto recorder = run(world, "naive", conformance_case.requests);
    for (const auto& [name, record] : recorder.outcomes) ++outcomes[record.outcome];
    for (const auto& [name, placements] : recorder.placements) {
      several_nodes += placements.front().holdings.size() > 1 ? 1 : 0;
      shared += placements.front().holdings.front().per_gpu.milli < kWholeGpu ? 1 : 0;
    }
  }
  CHECK(outcomes[Outcome::placed] > 100);
  CHECK(outcomes[Outcome::rejected_incompatible] > 0);
  CHECK(outcomes[Outcome::rejected_no_capacity] > 0);
  CHECK(outcomes[Outcome::rejected_policy_missed] > 0);
  CHECK(outcomes[Outcome::refused_by_engine] > 0);
  CHECK(several_nodes > 0);
  CHECK(shared > 0);
}

TEST_CASE("the suite passes a placer whose answers are not spoiled") {
  const auto complaints = complaints_about_layouts([](Layout&) {});
  CHECK(listed(complaints).empty());
}

TEST_CASE("the suite catches a placer that names a device twice") {
  const auto complaints = complaints_about_layouts([](Layout& layout) {
    auto& devices = layout.parts.front().devices;
    if (devices.size() > 1) devices[1] = devices[0];
  });
  CHECK(has_check(complaints, "legal", "names a device twice"));
  CHECK(has_check(complaints, "fault", "one is named twice"));
}

TEST_CASE("the suite catches a placer that names a class that is gone") {
  const auto complaints = complaints_about_layouts(
      [](Layout& layout) { --layout.parts.front().node_class.generation; });
  CHECK(has_check(complaints, "legal", "a class that is gone"));
  CHECK(has_check(complaints, "fault", "the class of nodes is not there"));
}

TEST_CASE("the suite catches a placer that over-commits a device") {
  // It answers by the empty cluster: always the first node of the first answer to a shape.
  const auto complaints = complaints_about([](const World&) -> Spoiled::Spoil {
    return [](const PlacementRequest& request, const Cluster& cluster, Decision decision) {
      if (request.shape.shape.kind() != RequestKind::opaque) return decision;
      if (request.shape.shape.opaque().gpus != 1) return decision;
      const NodeClass& first = cluster.class_of(NodeId{0});
      const GpuTypeId type = cluster.shape(first).gpus.front();
      return Decision{Place{{type, {}, {{first.id, {0}, 1}}}, "the first device"}};
    };
  });
  CHECK(has_check(complaints, "legal"));
  CHECK(has_check(complaints, "fault", "illegal placement"));
}

TEST_CASE("the suite catches a placer that takes more GPUs than asked") {
  const auto complaints = complaints_about([](const World&) -> Spoiled::Spoil {
    return [](const PlacementRequest&, const Cluster& cluster, Decision decision) {
      auto* place = std::get_if<Place>(&decision);
      if (place == nullptr) return decision;
      PlacementPart& part = place->layout.parts.front();
      const NodeClass& node_class = cluster.node_class(part.node_class);
      if (part.devices.empty()) return decision;
      const int next = part.devices.back() + 1;
      if (next < std::ssize(node_class.state.gpus)) part.devices.push_back(next);
      return decision;
    };
  });
  CHECK(has_check(complaints, "legal", "the wrong number of GPUs"));
  CHECK(has_check(complaints, "fault", "GPUs given"));
}

TEST_CASE("the suite catches a placer that takes a size that is not allowed") {
  const auto complaints =
      complaints_about_layouts([](Layout& layout) { std::swap(layout.plan.tp, layout.plan.pp); });
  CHECK(has_check(complaints, "legal", "a size that is not allowed"));
}

TEST_CASE("the suite catches a lazy placer by the audit") {
  const auto complaints = complaints_about([](const World&) -> Spoiled::Spoil {
    return [](const PlacementRequest&, const Cluster&, const Decision&) -> Decision {
      return NotNow{"tired"};
    };
  });
  CHECK(has_check(complaints, "complete", "had room and was not placed"));
  CHECK(complaints.size() == 3);  // nothing else is wrong with it
}

TEST_CASE("the suite catches a placer that rejects without a reason") {
  const auto complaints = complaints_about([](const World&) -> Spoiled::Spoil {
    return [](const PlacementRequest&, const Cluster&, Decision decision) {
      if (std::holds_alternative<NotNow>(decision)) decision = NotNow{""};
      return decision;
    };
  });
  CHECK(has_check(complaints, "reason", "a rejection without a reason"));
}

TEST_CASE("the suite catches a placer that rejects with a sentence instead of a code") {
  const auto complaints = complaints_about([](const World&) -> Spoiled::Spoil {
    return [](const PlacementRequest&, const Cluster&, Decision decision) {
      if (std::holds_alternative<NotNow>(decision)) decision = NotNow{"there is no room"};
      return decision;
    };
  });
  CHECK(has_check(complaints, "reason", "not a short code"));
}

TEST_CASE("the suite catches a fickle placer that changes its mind") {
  const auto complaints = complaints_about([](const World&) -> Spoiled::Spoil {
    return [turn = 0](const PlacementRequest&, const Cluster&, Decision decision) mutable {
      return ++turn % 2 == 0 ? Decision{NotNow{"no_room"}} : std::move(decision);
    };
  });
  CHECK(has_check(complaints, "same_answer"));
}

TEST_CASE("the suite catches a placer that answers otherwise in another run") {
  Runs runs;
  const auto complaints = complaints_about([&](const World& world) -> Spoiled::Spoil {
    const bool moody = runs.number(world) % 2 == 0;
    return [moody](const PlacementRequest&, const Cluster&, Decision decision) {
      return moody ? Decision{NotNow{"no_room"}} : std::move(decision);
    };
  });
  CHECK(has_check(complaints, "same_run"));
  CHECK_FALSE(has_check(complaints, "same_answer"));
}

TEST_CASE("the suite catches a placer that goes by what it remembers") {
  const auto complaints = complaints_about([](const World&) -> Spoiled::Spoil {
    auto asked = std::make_shared<int>(0);
    return [asked](const PlacementRequest& request, const Cluster&, Decision decision) {
      // Three answers of each question are equal.
      const bool tired = (*asked)++ / 3 > 40 && request.shape.shape.kind() == RequestKind::llm;
      return tired ? Decision{NotNow{"no_room"}} : std::move(decision);
    };
  });
  CHECK(has_check(complaints, "remembers"));
}

TEST_CASE("the suite catches a placer that trusts the list of freed nodes too much") {
  const auto complaints = complaints_about([](const World&) -> Spoiled::Spoil {
    return [](const PlacementRequest& request, const Cluster&, Decision decision) {
      return request.freed ? Decision{NotNow{"no_room"}} : std::move(decision);
    };
  });
  CHECK(has_check(complaints, "freed"));
}

TEST_CASE("the suite catches a placer that knows how long a request will run") {
  ConformanceCase conformance_case = conformance_cases().front();
  // No placer can see lifetimes through its interface; this one was told on the side, by counting
  // runs: the fourth is the one with other lifetimes.
  Runs runs;
  const Candidate candidate{
      "seer",
      [&](World& world) -> std::unique_ptr<Placer> {
        const bool knows = runs.number(world) == 4;
        return std::make_unique<Spoiled>(
            world, [knows](const PlacementRequest&, const Cluster&, Decision decision) {
              return knows ? Decision{NotNow{"too_long"}} : std::move(decision);
            });
      },
      false};
  const auto complaints = check_placer(candidate, conformance_case);
  CHECK(has_check(complaints, "lifetimes"));
  CHECK(complaints.size() == 1);
}

TEST_CASE("the suite's ledger catches devices that are held twice or given back twice") {
  const ClusterSpec spec = cluster_of({{"L4", 2, 1, 8'000, 64 * kGiB, 4 * kGiB}});
  Placement placement;
  placement.holdings = {{NodeId{0}, {0}, {600, 10 * kGiB}, 3'000, 30 * kGiB}};

  ShadowLedger milli(spec);
  milli.placed(at(0), placement);
  CHECK(milli.wrong().empty());
  CHECK_FALSE(milli.empty());
  milli.placed(at(0), placement);
  CHECK(milli.wrong() == "1200 of 1000 milli held on node 0");

  ShadowLedger bytes(spec);  // 20 GiB of each device are free
  placement.holdings.front().per_gpu = {500, 11 * kGiB};
  bytes.placed(at(0), placement);
  bytes.placed(at(0), placement);
  CHECK(bytes.wrong().find("bytes held on node 0") != std::string::npos);

  ShadowLedger cpu(spec);
  placement.holdings.front().per_gpu = {100, kGiB};
  cpu.placed(at(0), placement);
  cpu.placed(at(0), placement);
  CHECK(cpu.wrong().empty());
  cpu.placed(at(0), placement);
  CHECK(cpu.wrong() == "9000 of 8000 milli of CPU held on node 0");

  ShadowLedger back(spec);
  back.placed(at(0), placement);
  back.released(at(1), placement, true);
  CHECK(back.empty());
  CHECK(back.wrong().empty());
  back.released(at(2), placement, true);
  CHECK(back.wrong().find("-100 of 1000 milli") != std::string::npos);
}
