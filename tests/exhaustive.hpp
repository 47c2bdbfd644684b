#pragma once
// Random small clusters in random states, and every set of devices tried on them, written without
// the simulator's search.

#include "sim/cluster/cluster.hpp"
#include "sim/core/random.hpp"
#include "sim/workload/request.hpp"
#include "tests/fixtures.hpp"

#include <boost/random/uniform_int_distribution.hpp>

#include <cstdint>
#include <vector>

namespace headroom::test {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(random_stream(seed, "plan space property test")) {}
  std::int64_t from(std::int64_t low, std::int64_t high) {
    return boost::random::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool one_in(std::int64_t n) { return from(1, n) == 1; }

 private:
  RandomStream random_;
};

/// Nodes of at most 10 GPUs in all of two types, some with both, with random CPU, RAM and memory
/// that others use: a multiple of `unit` each.
[[nodiscard]] ClusterSpec random_cluster(Draw& draw, const std::vector<GpuType>& types,
                                         Bytes unit = 1000);

/// Takes something random of random nodes; returns what was taken.
std::vector<NodeHolding> random_state(Draw& draw, Cluster& cluster, Bytes unit = 1000);

/// Tries every subset of the devices of every node.
class EverySubset {
 public:
  EverySubset(const Cluster& cluster, const RequestShape& shape, GpuTypeId type, int multiple,
              int total)
      : cluster_(cluster), shape_(shape), type_(type), multiple_(multiple), total_(total) {}

  /// Whether `total` devices can be had, on each node a multiple of `multiple`.
  [[nodiscard]] bool possible(bool one_node) const { return from(0, total_, one_node); }

 private:
  [[nodiscard]] bool from(std::size_t node, int missing, bool one_node) const;
  [[nodiscard]] bool fits(const NodeState& state, std::uint32_t subset, int size) const;
  [[nodiscard]] bool fits_device(const GpuState& gpu) const;

  const Cluster& cluster_;
  const RequestShape& shape_;
  GpuTypeId type_;
  int multiple_;
  int total_;
};

}  // namespace headroom::test
