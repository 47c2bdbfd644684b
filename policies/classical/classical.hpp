#pragma once
// The classical policies: one node, chosen by a rule that looks at what is free, and nothing of the
// model. With "+heads" a rule also places LLM deployments, over the sizes that head-aware accepts.

#include "policies/classical/node_chooser.hpp"

#include <functional>
#include <span>
#include <string>

namespace headroom {

struct ClassicalPolicy {
  std::string name;         // "best-fit"
  std::string description;  // of its choice of a node, for `headroom policies`
  std::function<std::unique_ptr<NodeChooser>(const PlacerContext&, const ConfigTable&)> make;
  bool heads_only = false;  // of use for deployments alone: no "+heads" in its name
};

/// All of them, in the order in which they are listed.
[[nodiscard]] std::span<const ClassicalPolicy> classical_policies();

struct ClassicalKinds {
  bool deployments = false;   // or tasks alone
  bool several_nodes = true;  // tasks larger than any node of a type; false: one node or none
};

/// Tasks on one node, chosen by the rule; tasks larger than any node of a type on several nodes, as
/// few as can be. Of deployments those of the sizes that head-aware accepts that take the fewest
/// GPUs and have room, on the node and GPU type that the rule chooses; those that need several
/// nodes as head-aware places them.
[[nodiscard]] std::unique_ptr<Placer> make_classical(std::string name, const PlacerContext& context,
                                                     std::unique_ptr<NodeChooser> chooser,
                                                     ClassicalKinds kinds);

}  // namespace headroom
