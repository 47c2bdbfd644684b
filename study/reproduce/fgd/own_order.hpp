#pragma once
// Orders of arrival of our own, drawn by the rules of FGD's experiment.

#include "study/reproduce/fgd/inputs.hpp"

#include <cstdint>
#include <vector>

namespace headroom::fgd {

inline constexpr double kLoad = 1.3;  // of the cluster's GPUs, that has arrived in the end

/// Pods shuffled; then pods drawn from the list again and again, appended until the next one would
/// take what has arrived beyond kLoad times the cluster's GPUs (counting one GPU of it, as the
/// original does), or, where the list is above that, pods drawn and removed until it is not. Nodes
/// shuffled. The same for the same seed.
[[nodiscard]] Order draw_order(const std::vector<Pod>& pods, const std::vector<OpenbNode>& nodes,
                               std::uint64_t seed);

}  // namespace headroom::fgd
