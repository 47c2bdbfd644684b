#pragma once
// From the description of a node's links to the link between each two of its GPUs: the one place
// that builds a graph of switches and sockets, and that knows what kinds of links are worth.

#include "sim/links/node_graph.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace headroom {

/// Between two sockets: what NCCL counts on for Skylake's UPI (src/graph/topo.h, SKL_QPI_BW).
inline constexpr std::int64_t kSocketBandwidth = 10'000'000'000;

/// One NVLink of a GPU of this type, in one direction: 20 GB/s of the first generation, 25 of the
/// next three, 50 of the fifth, 14 of the bridges of capability 8.6 (recalled).
[[nodiscard]] std::int64_t one_nvlink(const GpuType& gpu);

/// The links between all pairs, row by row; the diagonal is left at kNoLink.
[[nodiscard]] std::vector<Link> pair_links(const NodeLinks& links,
                                           std::span<const GpuType* const> gpus);

}  // namespace headroom
