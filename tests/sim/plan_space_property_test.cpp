// Finding room against trying everything: random clusters of at most ten GPUs in random states, and
// every subset of devices of every node, written without the simulator's search.

#include "sim/run/legality.hpp"
#include "tests/exhaustive.hpp"

#include <algorithm>
#include <set>

using namespace headroom;
using namespace headroom::test;

namespace {

/// Accepts a random set of sizes, on GPUs of at least so many bytes.
class RandomRules final : public EngineRules {
 public:
  RandomRules(std::set<ParallelPlan> accepted, Bytes least)
      : accepted_(std::move(accepted)), least_(least) {}
  [[nodiscard]] std::string_view name() const override { return "random"; }
  using EngineRules::check_shape;
  [[nodiscard]] EngineVerdict check_shape(const Model&, ParallelPlan plan,
                                          const ServingLimits&) const override {
    EngineVerdict verdict;
    verdict.accepted = accepted_.contains(plan);
    return verdict;
  }
  [[nodiscard]] EngineVerdict check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                    const ServingLimits&) const override {
    EngineVerdict verdict = check_shape(model, plan);
    verdict.accepted = verdict.accepted && gpu.memory >= least_;
    return verdict;
  }
  [[nodiscard]] std::string command(const Model&, const Start&) const override { return ""; }
  [[nodiscard]] std::span<const RuleInfo> rules() const override { return {}; }

  [[nodiscard]] const std::set<ParallelPlan>& accepted() const { return accepted_; }
  [[nodiscard]] Bytes least() const { return least_; }

 private:
  std::set<ParallelPlan> accepted_;
  Bytes least_;
};

std::vector<GpuType> small_and_large() {
  return {own_gpu("small", 10'000), own_gpu("large", 20'000)};
}

Request random_request(Draw& draw) {
  Request request;
  if (draw.one_in(2)) {
    request = llm_request("r", "qwen3-4b");
    LlmDeployment& llm = llm_of(request);
    llm.shared = draw.one_in(2);
    llm.limits.utilisation_ppm = draw.from(1, 10) * 100'000;
    if (draw.one_in(4)) llm.allowed_tp = {static_cast<int>(draw.from(1, 2)), 3};
  } else if (draw.one_in(3)) {
    request = opaque_request("r", 1, 0, 1, static_cast<int>(draw.from(1, 9) * 100));
  } else {
    request = opaque_request("r", static_cast<int>(draw.from(0, 8)));
  }
  if (draw.one_in(2)) request.shape.cpu_milli = draw.from(1, 15);
  if (draw.one_in(3)) request.shape.ram = draw.from(1, 15);
  if (draw.one_in(4)) request.shape.allowed_gpus = {draw.one_in(2) ? "small" : "large"};
  return request;
}

bool possible_task(const Cluster& cluster, const RequestShape& shape, GpuTypeId type) {
  const int gpus = shape.opaque().gpus;
  int largest = 0;
  for (const NodeSpec& node : cluster.spec().nodes) {
    const auto& types = cluster.spec().shapes[index(node.shape)].gpus;
    largest = std::max(largest, static_cast<int>(std::count(types.begin(), types.end(), type)));
  }
  return EverySubset(cluster, shape, type, 1, gpus).possible(gpus <= largest);
}

bool possible(const Cluster& cluster, const InternedShape& shape, const RandomRules& rules) {
  const RequestShape& what = shape.shape;
  if (what.kind() == RequestKind::opaque && what.opaque().gpus == 0) {
    const auto nodes = cluster.spec().nodes.size();
    for (std::size_t n = 0; n < nodes; ++n) {
      const NodeState& state = cluster.class_of(static_cast<NodeId>(n)).state;
      if (state.cpu_free >= what.cpu_milli && state.ram_free >= what.ram) return true;
    }
    return false;
  }
  for (std::size_t t = 0; t < cluster.spec().gpu_types.size(); ++t) {
    const auto type = static_cast<GpuTypeId>(t);
    const auto& names = what.allowed_gpus;
    const std::string& name = cluster.spec().gpu_types[t].name;
    if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) continue;
    if (what.kind() == RequestKind::opaque) {
      if (possible_task(cluster, what, type)) return true;
      continue;
    }
    if (cluster.spec().gpu_types[t].memory < rules.least()) continue;
    for (const ParallelPlan plan : rules.accepted()) {
      const auto& tp = what.llm().allowed_tp;
      if (!tp.empty() && std::find(tp.begin(), tp.end(), plan.tp) == tp.end()) continue;
      if (EverySubset(cluster, what, type, plan.tp, plan.gpus()).possible(false)) return true;
    }
  }
  return false;
}

std::unique_ptr<RandomRules> random_rules(Draw& draw) {
  std::set<ParallelPlan> accepted;
  const auto wanted = draw.from(1, 4);
  for (std::int64_t i = 0; i < wanted; ++i) {
    accepted.insert({static_cast<int>(draw.from(1, 4)), static_cast<int>(draw.from(1, 4))});
  }
  return std::make_unique<RandomRules>(std::move(accepted), draw.one_in(4) ? 20'000 : 1);
}

std::string text(const std::optional<Layout>& layout) {
  if (!layout) return "none";
  std::string out = std::to_string(index(layout->gpu)) + ":" + std::to_string(layout->plan.tp) +
                    "x" + std::to_string(layout->plan.pp);
  for (const auto& part : layout->parts) {
    out += " " + std::to_string(part.nodes) + "x" + std::to_string(part.node_class.slot) + "[";
    for (const int device : part.devices) out += std::to_string(device) + ",";
    out += "]";
  }
  return out;
}

}  // namespace

TEST_CASE("room is found exactly when trying every subset of devices finds some") {
  int found = 0;
  int impossible = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Draw draw(seed);
    auto rules = random_rules(draw);
    const RandomRules& accepts = *rules;
    World world(random_cluster(draw, small_and_large()), std::move(rules), make_roofline());
    (void)random_state(draw, world.cluster);
    for (int i = 0; i < 3; ++i) {
      const Request request = random_request(draw);
      const InternedShape& shape = world.intern(request);
      const auto layout = world.plans.find_any_room(world.cluster, shape);
      const bool expected = possible(world.cluster, shape, accepts);
      if (layout.has_value() != expected) {
        FAIL("seed " << seed << ", request " << i << ": found " << text(layout) << ", expected "
                     << (expected ? "room" : "none"));
      }
      ++(expected ? found : impossible);
      if (!layout) continue;
      const auto holdings = resolve_layout(world.cluster, shape, *layout);
      if (!holdings) FAIL("seed " << seed << ": " << holdings.error().message);
      world.cluster.take(*holdings);  // a fault if anything is over-committed
      world.cluster.give_back(*holdings);
    }
  }
  CHECK(found > 1000);
  CHECK(impossible > 1000);
}

TEST_CASE("among freed nodes a search finds the very layout that a search everywhere finds") {
  int helped = 0;
  for (std::uint64_t seed = 10'000; seed < 16'000; ++seed) {
    Draw draw(seed);
    World world(random_cluster(draw, small_and_large()), random_rules(draw), make_roofline());
    auto taken = random_state(draw, world.cluster);
    const InternedShape& shape = world.intern(random_request(draw));
    if (world.plans.find_any_room(world.cluster, shape)) continue;
    const auto position = world.cluster.freed_position();
    while (!taken.empty() && !draw.one_in(4)) {
      world.cluster.give_back(std::span(&taken.back(), 1));
      taken.pop_back();
    }
    (void)random_state(draw, world.cluster);  // others were faster
    const auto everywhere = world.plans.find_any_room(world.cluster, shape);
    const auto freed =
        world.plans.find_any_room(world.cluster, shape, world.cluster.freed_since(position));
    if (text(everywhere) != text(freed)) {
      FAIL("seed " << seed << ": everywhere " << text(everywhere) << ", freed " << text(freed));
    }
    helped += freed.has_value() ? 1 : 0;
  }
  CHECK(helped > 100);
}
