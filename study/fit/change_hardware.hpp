#pragma once
// Other hardware for a question: more GPUs per node, more nodes, other types of the catalogue.

#include "study/fit/changer.hpp"

#include <memory>
#include <string>

namespace headroom {

/// Near what there is: more GPUs in a node, more nodes, another type in the same numbers (the
/// three that cost least). Returns whether any helps.
bool try_hardware(Changer& changer);

/// What costs least of all types, in one node of up to 8 GPUs or in nodes of 8, with this
/// checkpoint (`what` names it; empty for the question's own).
bool try_any_hardware(Changer& changer, const std::string& what,
                      const std::shared_ptr<const Model>& model);

}  // namespace headroom
