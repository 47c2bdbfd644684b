#pragma once
// A cluster as another program describes it, before it is written as a file of docs/cluster.md.
// Every reader of a source fills this in and says what it had to assume.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headroom {

/// A GPU, or a MIG device, as the source tells of it.
struct FoundDevice {
  std::string product;         // in the source's words; empty = not told
  std::string slice;           // MIG profile such as "1g.5gb"; empty = a whole GPU
  Bytes memory = 0;            // 0 = not told
  Bytes used = 0;              // by what runs there already
  bool taken = false;          // as a whole by what runs there already, whatever its memory
  int compute_capability = 0;  // 10 x major + minor; 0 = not told
  friend bool operator==(const FoundDevice&, const FoundDevice&) = default;
};

struct FoundNode {
  std::string name;
  std::vector<FoundDevice> devices;  // in device order
  std::optional<std::int64_t> cpus;  // free for what comes; nullopt = not told
  std::optional<Bytes> ram;          // likewise
  /// What joins each pair of devices, as `nvidia-smi topo -m` writes it ("NV12", "PIX"; "X" for
  /// itself); empty = not told.
  std::vector<std::vector<std::string>> links;
  friend bool operator==(const FoundNode&, const FoundNode&) = default;
};

struct FoundCluster {
  std::string source;  // "kubectl get nodes -o json"
  std::vector<FoundNode> nodes;
  std::vector<std::string> assumptions;  // sentences without a full stop
};

/// Most devices of one node, as docs/cluster.md has it.
inline constexpr std::size_t kMostDevices = 64;

/// Memory in use below this share of a device is taken for the driver's own where nothing runs on
/// the device: one part in fifty (estimate; drivers reserve a few hundred MiB).
inline constexpr std::int64_t kDriverShare = 50;

}  // namespace headroom
