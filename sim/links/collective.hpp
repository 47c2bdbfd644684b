#pragma once
// How long a group of GPUs needs to exchange data over its worst link: the alpha-beta model.
//
//   all-reduce of S bytes over n GPUs    ring       2 (n - 1) alpha + 2 (n - 1)/n x S / B
//                                        one-shot   alpha' + (n - 1) S / B
//                                        two-shot   2 alpha' + 2 (n - 1)/n x S / B
//   all-gather, reduce-scatter of S      ring       (n - 1) alpha + (n - 1)/n x S / B
//                                        direct     alpha' + (n - 1)/n x S / B
//   S bytes from one GPU to another                 alpha + S / B
//
// B is the link's rate times what a collective gets of it. The ring is NCCL's; one-shot, two-shot
// and direct are engines' own kernels over NVLink, for less than kDirectBytes: each GPU reads from
// all others at once. The fastest that applies counts.
//
// Formulas: Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication Operations in
// MPICH", IJHPCA 2005 (ring); its second factor is the bus bandwidth of NCCL's tests
// (doc/PERFORMANCE.md). One-shot and two-shot, and the limit of 8 MiB: vLLM
// (vllm/distributed/device_communicators/custom_all_reduce.py). Constants: docs/links.md.

#include "sim/links/link.hpp"

namespace headroom {

struct TransportFigures {
  double alpha_seconds = 0.0;  // of one step
  double efficiency = 1.0;     // of the rate
};

[[nodiscard]] TransportFigures figures_of(Transport transport);

/// Seconds; 0 for a group of one. `bytes` is what each GPU holds.
[[nodiscard]] double all_reduce_seconds(const Link& worst, int gpus, double bytes);
/// Seconds; 0 for a group of one. `bytes` is what each GPU has at the end; likewise for a
/// reduce-scatter of what each has at the start.
[[nodiscard]] double all_gather_seconds(const Link& worst, int gpus, double bytes);
[[nodiscard]] double transfer_seconds(const Link& link, double bytes);

/// From so many bytes on engines leave a collective to NCCL.
inline constexpr double kDirectBytes = 8.0 * 1024 * 1024;

}  // namespace headroom
