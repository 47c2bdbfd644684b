#pragma once
// How long a group of GPUs needs to exchange data over its worst link: the alpha-beta model.
//
//   all-reduce of S bytes over n GPUs (ring)   2 (n - 1) alpha + 2 (n - 1)/n x S / B
//   S bytes from one GPU to another            alpha + S / B
//
// B is the link's rate times what a collective gets of it. Formula: Thakur, Rabenseifner and Gropp,
// "Optimization of Collective Communication Operations in MPICH", IJHPCA 2005 (ring); its second
// factor is the bus bandwidth of NCCL's tests (doc/PERFORMANCE.md). Constants: docs/links.md.

#include "sim/links/node_graph.hpp"

namespace headroom {

struct TransportFigures {
  double alpha_seconds = 0.0;  // of one step
  double efficiency = 1.0;     // of the rate
};

[[nodiscard]] TransportFigures figures_of(Transport transport);

/// Seconds; 0 for a group of one. `bytes` is what each GPU holds.
[[nodiscard]] double all_reduce_seconds(const Link& worst, int gpus, double bytes);
[[nodiscard]] double transfer_seconds(const Link& link, double bytes);

}  // namespace headroom
