#include "policies/gpustack/simulated.hpp"

#include "policies/gpustack/claim.hpp"
#include "policies/gpustack/parameter_limits.hpp"
#include "sim/plan/holding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace headroom::gpustack {
namespace {

constexpr const char* kType = "cuda";

HeadSections head_sections(const Model& model) {
  HeadSections sections;
  const std::int64_t heads = model.text.heads();
  if (model.heads_section.empty()) sections.root = heads;
  if (model.heads_section == "llm_config") sections.llm_config = heads;
  if (model.heads_section == "text_config") sections.text_config = heads;
  if (model.heads_section == "thinker_config.text_config") sections.thinker_text_config = heads;
  return sections;
}

// Bytes that GPUStack up to v0.5 took a parameter to have.
double bytes_per_parameter(const Model& model) {
  using Scheme = Quantization::Scheme;
  switch (model.quantization.scheme) {
    case Scheme::bnb_4bit:
      return 0.5;
    case Scheme::bnb_8bit:
      return 1.0;
    case Scheme::awq:
    case Scheme::gptq:
      return static_cast<double>(model.quantization.bits) / 8;
    default:  // others were not recognised
      return static_cast<double>(model.dtype_bytes);
  }
}

Bytes weights_of(const Model& model, Version version) {
  if (version != Version::v0_4) return weight_bytes(model);
  return weights_from_name(model.hub_id, bytes_per_parameter(model)).value_or(0);
}

// The node as a worker: of the types the request may use, or nothing.
WorkerView view_of(const Cluster& cluster, const NodeClass& node_class, NodeId node,
                   const InternedShape& shape) {
  WorkerView worker;
  const auto& types = cluster.shape(node_class).gpus;
  const auto& gpus = node_class.state.gpus;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (!std::binary_search(shape.allowed.begin(), shape.allowed.end(), types[i])) continue;
    const Bytes total = cluster.spec().gpu_types[index(types[i])].memory;
    const Bytes free = gpus[i].milli_free > 0 ? std::max<Bytes>(gpus[i].bytes_free, 0) : 0;
    worker.gpus.push_back({kType, static_cast<int>(i), total, free});
  }
  if (worker.gpus.empty()) return worker;
  worker.name = cluster.spec().nodes[index(node)].name;
  worker.ram_allocatable = node_class.state.ram_free;
  return worker;
}

std::set<std::uint32_t> slots_of(const Cluster& cluster, const RoomSearch::Freed& freed) {
  if (!freed) return cluster.live_classes();
  std::set<std::uint32_t> out;
  for (const NodeId node : *freed) {
    if (cluster.in_service(node)) out.insert(cluster.class_of(node).id.slot);
  }
  return out;
}

}  // namespace

Ask ask_for(const LlmDeployment& llm, Version version, Backend backend,
            std::vector<std::string> more) {
  const Model& model = *llm.model;
  Ask ask;
  ask.figures.heads = resolve_heads(head_sections(model), version);
  ask.figures.architectures = {model.architecture};
  if (version == Version::today) {
    ask.figures.vocab = model.text.vocab;
    if (model.vision) {
      ask.figures.vision_heads = model.vision->heads;
      ask.figures.vision = {model.vision->layers, model.vision->hidden};
    }
  }
  ask.claim = claim_of_weights(weights_of(model, version), ask.categories);
  ask.allowed_tp = llm.allowed_tp;
  if (llm.limits.utilisation_asked) {
    more.push_back(fmt::format("--{}={}", utilisation_name(backend),
                               static_cast<double>(llm.limits.utilisation_ppm) / 1e6));
  }
  ask.parameters = Parameters(std::move(more));
  return ask;
}

SimulatedWorkers workers_of(const Cluster& cluster, const InternedShape& shape,
                            const WorkerChoice& choice) {
  struct Node {
    NodeId id;
    const NodeClass* node_class;
  };
  std::vector<Node> nodes;
  for (const std::uint32_t slot : slots_of(cluster, choice.freed)) {
    const NodeClass& node_class = cluster.class_at(slot);
    const auto needed = [&](std::int64_t whole) {
      return node_part(whole, 1, choice.share_of_node);
    };
    if (node_class.state.cpu_free < needed(shape.shape.cpu_milli)) continue;
    if (node_class.state.ram_free < needed(shape.shape.ram)) continue;
    int taken = 0;
    for (const NodeId node : node_class.nodes) {
      if (taken++ == choice.of_class) break;
      nodes.push_back({node, &node_class});
    }
  }
  std::sort(nodes.begin(), nodes.end(), [](const Node& a, const Node& b) { return a.id < b.id; });
  SimulatedWorkers out;
  for (const Node& node : nodes) {
    WorkerView worker = view_of(cluster, *node.node_class, node.id, shape);
    if (worker.gpus.empty()) continue;
    out.workers.push_back(std::move(worker));
    out.classes.push_back(node.node_class);
  }
  return out;
}

InstanceCounts counts_on(const SimulatedWorkers& view, std::span<const Candidate> candidates) {
  InstanceCounts counts;
  for (const Candidate& candidate : candidates) {
    const auto number = static_cast<std::size_t>(candidate.main.worker - view.workers.data());
    const auto [entry, added] = counts.try_emplace(candidate.main.worker->name);
    if (!added) continue;
    const auto& gpus = view.classes[number]->state.gpus;
    for (std::size_t i = 0; i < gpus.size(); ++i) {
      if (!gpus[i].idle()) entry->second[static_cast<int>(i)].others = 1;
    }
  }
  return counts;
}

namespace {

struct Taken {
  const NodeClass* node_class;
  PlacementPart part;
  GpuTypeId type;
  bool one_type = true;
};

Taken taken_of(const Share& share, const SimulatedWorkers& view, const ClusterSpec& cluster) {
  const auto number = static_cast<std::size_t>(share.worker - view.workers.data());
  const NodeClass* node_class = view.classes[number];
  const auto& types = cluster.shapes[index(node_class->state.shape)].gpus;
  const auto type_of = [&](const Charge& each) {
    return types[static_cast<std::size_t>(each.gpu->index)];
  };
  Taken out{node_class, {node_class->id, {}, 1}, type_of(share.gpus.front())};
  Bytes most = 0;
  for (const Charge& each : share.gpus) {
    out.part.devices.push_back(each.gpu->index);
    most = std::max(most, each.bytes);
    if (type_of(each) != out.type) out.one_type = false;
  }
  std::sort(out.part.devices.begin(), out.part.devices.end());
  out.part.charge = most;
  return out;
}

bool has_room(const Taken& taken, const InternedShape& shape, Bytes memory, int gpus) {
  const NodeState& state = taken.node_class->state;
  if (*taken.part.charge < 1 || *taken.part.charge > memory) return false;
  const GpuHolding holding = shared_holding(*taken.part.charge, memory);
  for (const int device : taken.part.devices) {
    if (!holding.fits(state.gpus[static_cast<std::size_t>(device)])) return false;
  }
  const std::int64_t on_node = std::ssize(taken.part.devices);
  return node_part(shape.shape.cpu_milli, on_node, gpus) <= state.cpu_free &&
         node_part(shape.shape.ram, on_node, gpus) <= state.ram_free;
}

}  // namespace

std::variant<Layout, std::string> layout_of(const Candidate& candidate,
                                            const SimulatedWorkers& view,
                                            const InternedShape& shape, const ClusterSpec& cluster,
                                            LaunchSizes sizes, PlanLimits limits) {
  std::vector<Taken> taken = {taken_of(candidate.main, view, cluster)};
  for (const Share& share : candidate.subordinates) {
    if (!share.gpus.empty()) taken.push_back(taken_of(share, view, cluster));
  }
  int gpus = 0;
  for (const Taken& each : taken) {
    if (!each.one_type || each.type != taken.front().type) return "mixed_gpu_types";
    if (std::ssize(each.part.devices) % sizes.tp != 0) return "tp_over_nodes";
    gpus += static_cast<int>(each.part.devices.size());
  }
  Layout layout{taken.front().type, {sizes.tp, sizes.pp, sizes.dp}, {}};
  if (gpus != layout.plan.gpus()) return "sizes_leave_gpus_out";
  if (!shape.shape.llm().allows_tp(sizes.tp)) return "size_not_allowed";
  if (sizes.pp > limits.max_pp || gpus > limits.max_gpus) return "beyond_plan_limits";
  const Bytes memory = cluster.gpu_types[index(layout.gpu)].memory;
  for (Taken& each : taken) {
    if (!has_room(each, shape, memory, gpus)) return "no_room";
    auto& parts = layout.parts;
    const auto same = std::find_if(parts.begin(), parts.end(), [&](const PlacementPart& part) {
      return part.node_class == each.part.node_class && part.devices == each.part.devices;
    });
    if (same == parts.end()) {
      parts.push_back(std::move(each.part));
    } else {
      ++same->nodes;
    }
  }
  return layout;
}

}  // namespace headroom::gpustack
