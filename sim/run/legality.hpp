#pragma once
// Turns a policy's layout (classes and devices) into holdings on nodes, checking every promise a
// placer makes. What a policy can get wrong here is a fault of the policy, and says so.

#include "sim/core/result.hpp"
#include "sim/policy/placer.hpp"

#include <vector>

namespace headroom {

/// Holdings on nodes of each class named, which of them: choose_nodes. Error: the layout is
/// illegal (unknown class, device twice or not there, wrong type, not enough room, wrong number of
/// GPUs, a tensor parallel group over two nodes, a size or type the request does not allow, more
/// nodes than the class has).
[[nodiscard]] Result<std::vector<NodeHolding>> resolve_layout(const Cluster& cluster,
                                                              const InternedShape& shape,
                                                              const Layout& layout);

}  // namespace headroom
