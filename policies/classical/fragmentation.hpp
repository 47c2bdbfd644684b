#pragma once
// How useless the idle GPUs of a node are to typical requests: FGD's measure.
//
// Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation
// Gradient Descent" (USENIX ATC 2023), section 3.2, and pkg/utils/frag.go of their simulator
// (github.com/hkust-adsl/kubernetes-scheduler-simulator). In milli-GPUs, over typical requests m
// with their shares p(m):
//
//     F(node) = sum over m of p(m) f(node, m)
//
// Where the node's free CPU and GPUs are enough for m, f is the sum of what is free on devices with
// less than m takes of each; else, and of requests without GPUs, all that is free on the node.
// Memory of hosts and GPUs is left out. A node of several GPU types counts as a node for each.
//
// By sizes (fgd-heads) a request m may take any of several numbers of whole devices, the tensor
// parallel sizes at which its engine accepts it on that type, and f is what they leave over when
// the node's idle devices are given to m alone:
//
//     f(node, m) = all that is free - 1000 x max { a sum of sizes of m, each any number of times,
//                                                  that is at most the number of idle devices }
//
// and as above where m takes a share of each device.

#include "sim/cluster/cluster.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace headroom {

/// What a typical request takes of GPUs of one type.
struct GpuNeed {
  int milli = kWholeGpu;   // of each
  std::vector<int> sizes;  // how many of one node, ascending; not empty

  [[nodiscard]] int least() const { return sizes.front(); }
  friend bool operator==(const GpuNeed&, const GpuNeed&) = default;
};

struct TypicalRequest {
  double share = 0.0;  // of all
  std::int64_t cpu_milli = 0;
  bool gpus = true;                             // whether it takes any
  std::vector<std::optional<GpuNeed>> by_type;  // of the cluster; none: not on this type
};

class Fragmentation {
 public:
  enum class Counts { devices, sizes };

  Fragmentation(const ClusterSpec& cluster, std::span<const TypicalRequest> typical, Counts counts);

  /// F, in milli-GPUs.
  [[nodiscard]] double of(const NodeState& state);

 private:
  // Kinds of fragments as the paper tells them apart; each is summed by itself, and in this order,
  // since published scores depend on the last bit.
  enum Kind { neither, cpu_only, usable, gpu_only, no_gpu_low, no_gpu_high, wrong_type, kinds };
  using Sums = std::array<double, kinds>;

  // What the devices of one type are to a need; worked out once for all requests that have it.
  struct Answer {
    bool enough = false;
    std::int64_t unusable = 0;  // milli, where there is enough
  };
  struct Asked {
    double share = 0.0;
    std::int64_t cpu_milli = 0;
    bool gpus = true;
    std::vector<std::optional<std::size_t>> need;  // by type
  };
  struct Devices {
    GpuTypeId type{};
    std::vector<std::size_t> index;
  };

  std::size_t intern(std::size_t type, const GpuNeed& need);
  void add(const NodeState& state, const Devices& devices, Sums& sums);
  [[nodiscard]] Answer answer(const GpuNeed& need) const;

  Counts counts_;
  std::vector<Asked> asked_;
  std::vector<std::vector<GpuNeed>> needs_;    // by type, each once
  std::vector<std::vector<Devices>> devices_;  // by node shape
  // Of the node at hand.
  std::vector<int> free_;
  std::vector<Answer> answers_;
};

}  // namespace headroom
