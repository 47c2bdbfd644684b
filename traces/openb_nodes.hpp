#pragma once
// Nodes of Alibaba's GPU-sharing cluster trace of 2023 ("openb"): what its cluster is made of.
//
// Columns sn, cpu_milli (1000 = one vCPU), memory_mib, gpu (devices), model (empty on CPU nodes).
// Source: github.com/alibaba/clusterdata, cluster-trace-gpu-v2023 (Weng et al., ATC 2023).

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace headroom {

struct OpenbNode {
  std::string name;
  std::int64_t cpu_milli = 0;
  Bytes ram = 0;
  int gpus = 0;
  std::string model;  // of its GPUs; empty without any
};

[[nodiscard]] std::span<const std::string> openb_node_columns();

/// All nodes, in the file's order. Error: as CsvReader::open, a bad value with its place, GPUs
/// without a model or a model without GPUs, or no node at all.
[[nodiscard]] Result<std::vector<OpenbNode>> read_openb_nodes(const std::filesystem::path& file);

}  // namespace headroom
