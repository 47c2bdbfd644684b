#pragma once
// FGD with typical requests that are given in code.

#include "policies/classical/node_score.hpp"
#include "policies/classical/typical_requests.hpp"

namespace headroom {

/// As the policy "fgd", with these typical requests.
[[nodiscard]] std::unique_ptr<NodeScore> make_fgd_score(const PlacerContext& context,
                                                        TypicalRequests typical);

}  // namespace headroom
