#pragma once
// What a request takes of each GPU it gets, and its part of a node's CPU and RAM.

#include "sim/cluster/cluster.hpp"
#include "sim/workload/request.hpp"

#include <cstdint>

namespace headroom {

/// The holding on one GPU of `total` bytes.
/// LLM: ceil(U x total) bytes and the whole device, or, shared, floor(1000 x bytes / total) milli
/// (at least 1). Opaque share s: s milli and floor(s x total / 1000) bytes.
[[nodiscard]] GpuHolding gpu_holding(const RequestShape& shape, Bytes total);

/// `bytes` of a GPU of `total`, which others may share: floor(1000 x bytes / total) milli, at least
/// 1. Precondition: 0 <= bytes <= total.
[[nodiscard]] GpuHolding shared_holding(Bytes bytes, Bytes total);

/// ceil(whole x part / parts): the CPU or RAM of a node that holds `part` of `parts` GPUs.
/// With parts = 0 (CPU-only tasks) everything is on one node.
[[nodiscard]] std::int64_t node_part(std::int64_t whole, std::int64_t part, std::int64_t parts);

}  // namespace headroom
