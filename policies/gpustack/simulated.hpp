#pragma once
// The simulated cluster and its requests as GPUStack's scheduler sees them, and what it chose as a
// layout. All that the scheduler's own files leave to the caller.

#include "policies/gpustack/ask.hpp"
#include "policies/gpustack/launch.hpp"
#include "policies/gpustack/scorers.hpp"
#include "sim/policy/placer.hpp"

#include <string>
#include <variant>
#include <vector>

namespace headroom::gpustack {

/// The deployment as a user of GPUStack would ask for it: its memory utilisation, if it asks for
/// one, is a parameter of the engine's; parameters in `more` win.
[[nodiscard]] Ask ask_for(const LlmDeployment& llm, Version version, Backend backend,
                          std::vector<std::string> more);

/// Nodes as workers, in order of their ids; a GPU's index is its device number. All GPUs count as
/// of type "cuda". Memory that something else holds on a GPU counts as reserved.
struct SimulatedWorkers {
  std::vector<WorkerView> workers;
  std::vector<const NodeClass*> classes;  // by worker
};

/// Which nodes stand for the cluster. Equal nodes would give equal candidates, of which the first
/// wins: one of a class stands for all where a search ends on one worker.
struct WorkerChoice {
  int of_class = 1;       // at most so many nodes of each class, lowest ids first
  int share_of_node = 1;  // CPU and RAM that a node needs: this part of the request's
  RoomSearch::Freed freed = std::nullopt;  // of these nodes' classes alone
};
[[nodiscard]] SimulatedWorkers workers_of(const Cluster& cluster, const InternedShape& shape,
                                          const WorkerChoice& choice);

/// Instances on the candidates' workers: one of another model on every GPU that is not idle. Which
/// model, and how many share a GPU, a placer cannot see.
[[nodiscard]] InstanceCounts counts_on(const SimulatedWorkers& view,
                                       std::span<const Candidate> candidates);

/// The candidate as a layout, with its charges; or a short code for why it cannot be one: GPUs of
/// several types, a tensor parallel group over nodes, sizes that leave GPUs out, beyond the limits
/// of the plan space, or no room by headroom's ledger, which knows of CPUs too.
[[nodiscard]] std::variant<Layout, std::string> layout_of(const Candidate& candidate,
                                                          const SimulatedWorkers& view,
                                                          const InternedShape& shape,
                                                          const ClusterSpec& cluster,
                                                          LaunchSizes sizes, PlanLimits limits);

}  // namespace headroom::gpustack
