#include "tests/fixtures.hpp"

#include "policies/registry.hpp"
#include "sim/run/legality.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>

namespace headroom::test {
namespace {

std::string head(SimTime now, std::string_view what, const std::string& request) {
  return fmt::format("{} {} {}", seconds_text(now), what, request);
}

}  // namespace

GpuType own_gpu(std::string name, Bytes memory) {
  constexpr std::int64_t kGiga = 1'000'000'000;
  GpuType gpu;
  gpu.name = std::move(name);
  gpu.memory = memory;
  gpu.memory_bandwidth = 1'000 * kGiga;
  gpu.bf16_rate = 100'000 * kGiga;
  gpu.fp16_rate = gpu.bf16_rate;
  gpu.pcie_bandwidth = 100 * kGiga;
  gpu.price_milli = 1'000;
  gpu.source = "test";
  return gpu;
}

ClusterSpec cluster_of(const std::vector<Group>& groups, const std::vector<GpuType>& own) {
  ClusterSpec spec;
  spec.gpu_types = own;
  for (const Group& group : groups) {
    NodeShape shape;
    if (group.gpus > 0) {
      const GpuTypeId type = require_value(spec.intern_gpu(group.gpu, {}));
      shape.gpus.assign(static_cast<std::size_t>(group.gpus), type);
    }
    shape.cpu_milli = group.cpu_milli;
    shape.ram = group.ram;
    shape.storage_bandwidth = group.storage_bandwidth;
    std::vector<Bytes> used;
    if (group.used > 0) used.assign(shape.gpus.size(), group.used);
    const NodeShapeId id = spec.intern_shape(shape);
    for (int i = 0; i < group.nodes; ++i) {
      spec.nodes.push_back({fmt::format("n{}", spec.nodes.size()), id, used});
    }
  }
  return spec;
}

Request llm_request(std::string name, std::string_view model, std::int64_t arrival_s,
                    std::int64_t lifetime_s) {
  LlmDeployment llm;
  llm.model = require_value(find_model(model));
  Request request;
  request.name = std::move(name);
  request.arrival = at(arrival_s);
  request.lifetime = std::chrono::seconds(lifetime_s);
  request.shape.what = std::move(llm);
  return request;
}

LlmDeployment& llm_of(Request& request) { return std::get<LlmDeployment>(request.shape.what); }

Request opaque_request(std::string name, int gpus, std::int64_t arrival_s, std::int64_t lifetime_s,
                       int milli) {
  Request request;
  request.name = std::move(name);
  request.arrival = at(arrival_s);
  request.lifetime = std::chrono::seconds(lifetime_s);
  request.shape.what = OpaqueTask{gpus, milli};
  return request;
}

Result<std::optional<Request>> ListSource::next() {
  if (next_ < requests_.size()) return requests_[next_++];
  if (error_) return tl::unexpected<Error>(*error_);
  return std::nullopt;
}

std::uint64_t World::next_number() {
  static std::atomic<std::uint64_t> count{0};
  return ++count;
}

World::World(ClusterSpec cluster_spec, const MemoryOverheads& overheads)
    : World(std::move(cluster_spec), require_value(make_engine("vllm", overheads)),
            make_roofline()) {}

World::World(ClusterSpec cluster_spec, std::unique_ptr<EngineRules> engine_rules,
             std::unique_ptr<CostModel> cost_model)
    : spec(std::move(cluster_spec)),
      engine(std::move(engine_rules)),
      cost(std::move(cost_model)),
      plan_storage_(std::in_place, spec, *engine, *cost),
      plans(*plan_storage_),
      shapes(spec),
      cluster(spec) {}

Decision World::ask(Placer& placer, const Request& request, std::vector<PassedOver>* log) {
  const PlacementRequest asked{intern(request), request.arrival, request.declared, {}, {}};
  return placer.place(asked, cluster, log);
}

std::vector<NodeHolding> World::take(const Request& request, const Layout& layout) {
  auto holdings = require_value(resolve_layout(cluster, intern(request), layout));
  cluster.take(holdings);
  return holdings;
}

std::unique_ptr<Placer> make_policy(World& world, const std::string& name,
                                    std::string_view options) {
  const PolicyInfo* policy = require_value(find_policy(name));
  const ConfigTable table = require_value(ConfigTable::parse(options, "options"));
  auto placer = policy->make(world.context(), table);
  if (const Status status = table.finish(); !status) FAIL(status.error().text());
  return placer;
}

std::string where(const Placement& placement) {
  std::vector<std::string> parts;
  for (const auto& holding : placement.holdings) {
    parts.push_back(fmt::format("n{}[{}]", index(holding.node), fmt::join(holding.devices, ",")));
  }
  return fmt::format("{}", fmt::join(parts, "+"));
}

void Recorder::submitted(SimTime now, RequestId id, const Request& request, const InternedShape&) {
  names_[id] = request.name;
  lines.push_back(head(now, "arrives", request.name));
}

void Recorder::decided(SimTime now, RequestId id, std::string_view, const Decision& decision,
                       std::span<const PassedOver>) {
  if (!with_decisions) return;
  if (const auto* not_now = std::get_if<NotNow>(&decision)) {
    lines.push_back(head(now, "no", names_.at(id)) + ": " + not_now->reason);
  } else if (const auto* never = std::get_if<Never>(&decision)) {
    lines.push_back(head(now, "never", names_.at(id)) + ": " + never->reason);
  }
}

void Recorder::placed(SimTime now, const Placement& placement) {
  const std::string& name = names_.at(placement.request);
  placements[name].push_back(placement);
  const ParallelPlan plan = placement.layout.plan;
  lines.push_back(head(now, "placed", name) +
                  fmt::format(": TP {} x PP {} on {}", plan.tp, plan.pp, where(placement)));
}

void Recorder::refused(SimTime now, const Placement& placement, const Refusal& refusal, int) {
  lines.push_back(head(now, "refused", names_.at(placement.request)) + ": " + refusal.rule);
}

void Recorder::ready(SimTime now, const Placement& placement) {
  lines.push_back(head(now, "ready", names_.at(placement.request)));
}

void Recorder::lost(SimTime now, const Placement& placement, const Loss& loss) {
  lines.push_back(head(now, "lost", names_.at(placement.request)) +
                  fmt::format(": {} on n{}", loss_name(loss.cause), index(loss.node)));
}

void Recorder::node_changed(SimTime now, NodeId node, const NodeCondition& condition) {
  std::vector<std::string_view> what;
  if (condition.absent) what.emplace_back("absent");
  if (condition.drained) what.emplace_back("drained");
  if (condition.down) what.emplace_back("down");
  if (condition.failed) what.emplace_back("failed");
  if (what.empty()) what.emplace_back("in service");
  lines.push_back(head(now, "node", fmt::format("n{}", index(node))) +
                  fmt::format(": {}", fmt::join(what, ", ")));
}

void Recorder::released(SimTime now, const Placement& placement, bool) {
  lines.push_back(head(now, "released", names_.at(placement.request)));
}

void Recorder::finished(SimTime now, const Request& request, const InternedShape&,
                        const OutcomeRecord& record) {
  const bool first = outcomes.emplace(request.name, record).second;
  if (!first) FAIL("request '" << request.name << "' ended twice");
  lines.push_back(head(now, "finished", request.name) + ": " + outcome(request.name));
}

void Recorder::ended(SimTime now) { end = now; }

std::string Recorder::outcome(const std::string& request) const {
  const auto found = outcomes.find(request);
  return found == outcomes.end() ? "no such request"
                                 : std::string(outcome_name(found->second.outcome));
}

std::string Recorder::ending(const std::string& request) const {
  std::string text = outcome(request);
  const auto found = outcomes.find(request);
  if (found == outcomes.end()) return text;
  if (!found->second.reason.empty()) text += ": " + found->second.reason;
  if (found->second.timed_out) text += " (timeout)";
  return text;
}

Recorder run(World& world, Placer& placer, std::vector<Request> requests, const RunSetup& setup) {
  world.renew_plans();
  Recorder recorder;
  const auto first_fit = make_policy(world, "first-fit");
  Placer& base = setup.base_placer != nullptr ? *setup.base_placer : *first_fit;
  const auto queue = require_value(make_queue_discipline(setup.queue));
  ListSource source(std::move(requests));
  std::vector<Observer*> observers = setup.observers;
  observers.push_back(&recorder);
  Simulation simulation({world.spec, world.plans, placer, base, *queue, source, observers},
                        setup.simulation);
  if (const Status status = simulation.run(); !status) FAIL(status.error().text());
  world.renew_plans();
  return recorder;
}

Recorder run(World& world, const std::string& policy, std::vector<Request> requests,
             const RunSetup& setup) {
  const auto placer = make_policy(world, policy);
  return run(world, *placer, std::move(requests), setup);
}

}  // namespace headroom::test
