#include "study/reproduce/fgd/arrival_run.hpp"

#include "policies/classical/classical.hpp"
#include "policies/classical/fgd.hpp"
#include "sim/core/assert.hpp"
#include "sim/run/legality.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <tuple>

namespace headroom::fgd {
namespace {

constexpr std::int64_t kTypicalPercent = 95;
// Tasks do not look at a GPU's memory beyond their share of it.
constexpr Bytes kAnyMemory = kGiB;

ClusterSpec cluster_of(const std::vector<OpenbNode>& nodes, const Order& order) {
  ClusterSpec spec;
  const auto type_of = [&](const std::string& model) {
    auto& types = spec.gpu_types;
    auto found = std::find_if(types.begin(), types.end(),
                              [&](const GpuType& type) { return type.name == model; });
    if (found == types.end()) {
      GpuType type;
      type.name = model;
      type.memory = kAnyMemory;
      found = types.insert(found, std::move(type));
    }
    return static_cast<GpuTypeId>(found - types.begin());
  };
  for (const std::size_t i : order.nodes) {
    const OpenbNode& node = nodes[i];
    NodeShape shape;
    if (node.gpus > 0) {
      shape.gpus.assign(static_cast<std::size_t>(node.gpus), type_of(node.model));
    }
    shape.cpu_milli = node.cpu_milli;
    shape.ram = node.ram;
    spec.nodes.push_back({node.name, spec.intern_shape(shape), {}, 0});
  }
  return spec;
}

std::vector<std::string> types_of(const std::string& gpu_spec) {
  std::vector<std::string> out;
  std::size_t first = 0;
  while (first < gpu_spec.size()) {
    const std::size_t bar = std::min(gpu_spec.find('|', first), gpu_spec.size());
    if (bar > first) out.push_back(gpu_spec.substr(first, bar - first));
    first = bar + 1;
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

RequestShape shape_of(const Pod& pod) {
  RequestShape shape;
  shape.what = OpaqueTask{pod.gpus, pod.gpus > 0 ? pod.milli : kWholeGpu};
  shape.cpu_milli = pod.cpu_milli;
  shape.ram = pod.ram;
  shape.allowed_gpus = types_of(pod.gpu_spec);
  return shape;
}

std::vector<TypicalRequest> typical_requests(const ClusterSpec& cluster,
                                             const TypicalPods& typical) {
  std::vector<TypicalRequest> out;
  for (const TypicalPods::Kind& kind : typical.kinds) {
    const Pod& pod = *kind.pod;
    TypicalRequest request{kind.share, pod.cpu_milli, pod.gpus > 0, {}};
    const auto allowed = types_of(pod.gpu_spec);
    for (const GpuType& type : cluster.gpu_types) {
      const bool may =
          allowed.empty() || std::binary_search(allowed.begin(), allowed.end(), type.name);
      request.by_type.emplace_back();
      if (may) request.by_type.back() = GpuNeed{pod.milli, {pod.gpus}};
    }
    out.push_back(std::move(request));
  }
  return out;
}

Result<std::unique_ptr<Placer>> placer_of(const std::string& policy, const PlacerContext& context,
                                          const std::vector<TypicalRequest>& typical) {
  const ClassicalKinds pods{false, false};  // a pod is on one node
  if (policy == "fgd") {
    auto score = make_fgd_score(context, TypicalRequests(typical));
    return make_classical(policy, context, std::make_unique<HighestScore>(std::move(score), policy),
                          pods);
  }
  HEADROOM_TRY(const ConfigTable no_options, ConfigTable::parse("", "options"));
  for (const ClassicalPolicy& known : classical_policies()) {
    if (known.name != policy) continue;
    return make_classical(policy, context, known.make(context, no_options), pods);
  }
  return fail("there is no classical policy '" + policy + "'");
}

// Idle GPUs and F of all nodes, of which one placement changes few.
class Idle {
 public:
  Idle(const Cluster& cluster, const std::vector<TypicalRequest>& typical)
      : cluster_(cluster),
        fragmentation_(cluster.spec(), typical, Fragmentation::Counts::devices),
        by_node_(cluster.spec().nodes.size()),
        all_milli_(std::int64_t{kWholeGpu} * cluster.spec().gpu_count()) {
    for (std::size_t i = 0; i < by_node_.size(); ++i) update(static_cast<NodeId>(i));
    add_up();
  }

  void placed(std::span<const NodeHolding> holdings) {
    for (const NodeHolding& holding : holdings) update(holding.node);
    add_up();
  }
  [[nodiscard]] std::int64_t milli() const { return all_milli_ - cluster_.milli_held(); }
  [[nodiscard]] double fragmented() const { return fragmented_; }

 private:
  void update(NodeId node) {
    by_node_[index(node)] = fragmentation_.of(cluster_.class_of(node).state);
  }
  void add_up() { fragmented_ = std::accumulate(by_node_.begin(), by_node_.end(), 0.0); }

  const Cluster& cluster_;
  Fragmentation fragmentation_;
  std::vector<double> by_node_;
  std::int64_t all_milli_;
  double fragmented_ = 0.0;
};

// Places one pod; whether there was room.
bool place(Placer& placer, const InternedShape& shape, RequestId id, Cluster& cluster, Idle& idle) {
  const PlacementRequest request{shape, SimTime{}, {}, {}, {}, {}, id};
  const Decision decision = placer.place(request, cluster, nullptr);
  const auto* layout = std::get_if<Place>(&decision);
  if (layout == nullptr) return false;
  const auto holdings = resolve_layout(cluster, shape, layout->layout);
  HEADROOM_ASSERT(holdings.has_value(), "a policy placed a pod where it cannot be");
  cluster.take(*holdings);
  idle.placed(*holdings);
  return true;
}

}  // namespace

TypicalPods typical_pods(const std::vector<Pod>& pods) {
  using Key = std::tuple<std::int64_t, int, int, std::string>;
  std::map<Key, TypicalPods::Kind> counts;
  for (const Pod& pod : pods) {
    auto& kind = counts[{pod.cpu_milli, pod.milli, pod.gpus, pod.gpu_spec}];
    kind.pod = &pod;
    ++kind.pods;
  }
  std::vector<std::pair<Key, TypicalPods::Kind>> kinds(counts.begin(), counts.end());
  std::stable_sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) {
    if (a.second.pods != b.second.pods) return a.second.pods > b.second.pods;
    return a.first > b.first;
  });
  TypicalPods out;
  out.all_kinds = kinds.size();
  out.all_pods = std::ssize(pods);
  for (const auto& [key, kind] : kinds) {
    if (out.pods * 100 >= out.all_pods * kTypicalPercent) break;
    out.kinds.push_back(kind);
    out.pods += kind.pods;
  }
  // Two divisions, in this order: scores depend on the last bit.
  const auto all = static_cast<double>(out.all_pods);
  const double taken = static_cast<double>(out.pods) / all;
  for (auto& kind : out.kinds) {
    kind.share = static_cast<double>(kind.pods) / all;
    if (out.kinds.size() < out.all_kinds) kind.share /= taken;
  }
  return out;
}

Result<ArrivalRun> run_arrivals(const std::string& policy, const std::vector<Pod>& pods,
                                const std::vector<OpenbNode>& nodes, const TypicalPods& typical,
                                const Order& order, std::uint64_t seed) {
  const auto begin = std::chrono::steady_clock::now();
  const ClusterSpec spec = cluster_of(nodes, order);
  HEADROOM_TRY(const auto engine, make_engine("vllm", {}));
  const auto cost = make_roofline();
  PlanSpace plans(spec, *engine, *cost);
  const auto typical_here = typical_requests(spec, typical);
  HEADROOM_TRY(const auto placer, placer_of(policy, {spec, plans, seed}, typical_here));
  Cluster cluster(spec, placer->reads_kinds());
  ShapeTable shapes(spec);
  std::vector<const InternedShape*> shape_of_pod(pods.size());
  for (std::size_t i = 0; i < pods.size(); ++i) {
    shape_of_pod[i] = &shapes.intern(shape_of(pods[i]));
  }
  Idle idle(cluster, typical_here);
  CurveFolder folder(spec.gpu_count());
  ArrivalRun out;
  std::int64_t arrived_milli = 0;
  for (const std::size_t pod : order.pods) {
    arrived_milli += pods[pod].gpu_milli();
    const auto id = static_cast<RequestId>(out.arrived++);
    if (place(*placer, *shape_of_pod[pod], id, cluster, idle)) ++out.placed;
    folder.add(arrived_milli, cluster.milli_held(), idle.milli(), idle.fragmented());
  }
  out.curves = folder.curves();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  out.wall_seconds = wall.count();
  return out;
}

}  // namespace headroom::fgd
