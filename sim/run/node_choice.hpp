#pragma once
// Which nodes of the classes that a layout names: the lowest ids, or those that the network joins
// best.

#include "sim/core/result.hpp"
#include "sim/plan/plan_space.hpp"

#include <vector>

namespace headroom {

/// One node for each of `nodes` of each part, in the order of the parts.
///
/// With layout.together: all of them from the innermost group of switches that has enough; of
/// several such groups the one with the fewest nodes of these classes, then the lowest; within it
/// the lowest ids. Costs by the nodes of the classes named. Error: a class has not so many nodes,
/// or a node is named that is not of its class. Precondition: the classes are there.
[[nodiscard]] Result<std::vector<NodeId>> choose_nodes(const Cluster& cluster,
                                                       const Layout& layout);

}  // namespace headroom
