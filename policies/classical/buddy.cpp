// buddy: aligned cells of 1, 2, 4, ... GPUs, of nodes, and of the network's groups of nodes. A
// request takes the smallest cell that holds it, cut out of the smallest free cell there is, so
// that large cells stay whole; a share of a GPU goes to a GPU that is shared already, where the
// least is left.
//
// Zhao et al., "HiveD: Sharing a GPU Cluster for Deep Learning with Guarantees" (OSDI 2020): its
// buddy cell allocation for one tenant, without virtual clusters. Cells are counted from device 0;
// the last of a node whose GPUs are no power of two is smaller. Three GPUs take a cell of four, and
// leave the fourth to whoever asks for one. Above the node cells are the network's groups: nodes
// come from the innermost group that has enough free ones, of several that with the fewest.

#include "policies/classical/node_score.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

namespace headroom {
namespace {

struct Cell {
  int first = 0;
  int size = 0;  // aligned to it; cut off where the node ends
};

class BuddyScore final : public NodeScore {
 public:
  [[nodiscard]] std::int64_t of(const Cluster& cluster, const NodeClass& node_class,
                                const NodeAsk& ask) override {
    if (ask.gpus == 0) return 0;
    if (shares_a_gpu(cluster, node_class, ask)) return 1;
    const auto cell = smallest_free(cluster, node_class, ask);
    // Room, but in no cell of one piece: last.
    return cell ? -std::int64_t{cell->size} : -kInPieces;
  }

  [[nodiscard]] std::vector<int> devices(const Cluster& cluster, const NodeClass& node_class,
                                         const NodeAsk& ask) override {
    const auto cell = smallest_free(cluster, node_class, ask);
    if (ask.gpus == 0 || !cell || shares_a_gpu(cluster, node_class, ask)) {
      return tightest_devices(cluster, node_class, ask);
    }
    std::vector<int> out(static_cast<std::size_t>(ask.gpus));
    std::iota(out.begin(), out.end(), cell->first);
    return out;
  }

  [[nodiscard]] bool groups_nodes() const override { return true; }

  // A free node is a cell of its group: it is taken from the group with the fewest like it.
  [[nodiscard]] bool together(const Cluster& cluster, const NodeClass& node_class,
                              const NodeAsk& ask) const override {
    const auto cell = ask.gpus > 0 ? smallest_free(cluster, node_class, ask) : std::nullopt;
    return cell && cell->size >= std::ssize(node_class.state.gpus);
  }

 private:
  static constexpr std::int64_t kInPieces = 1'000'000;

  [[nodiscard]] static bool shares_a_gpu(const Cluster& cluster, const NodeClass& node_class,
                                         const NodeAsk& ask) {
    if (ask.per_gpu.milli == kWholeGpu) return false;
    const auto devices = tightest_devices(cluster, node_class, ask);
    return std::any_of(devices.begin(), devices.end(), [&](int device) {
      return !node_class.state.gpus[static_cast<std::size_t>(device)].idle();
    });
  }

  [[nodiscard]] static bool free(const Cluster& cluster, const NodeClass& node_class,
                                 const NodeAsk& ask, Cell cell) {
    const auto& types = cluster.shape(node_class).gpus;
    const int end = std::min(cell.first + cell.size, static_cast<int>(types.size()));
    for (int i = cell.first; i < end; ++i) {
      const auto device = static_cast<std::size_t>(i);
      const GpuState& gpu = node_class.state.gpus[device];
      if (types[device] != ask.type || !gpu.idle() || !ask.per_gpu.fits(gpu)) return false;
    }
    return true;
  }

  // The smallest free cell, of those that no larger free cell holds, that is large enough; of
  // equals the first.
  [[nodiscard]] static std::optional<Cell> smallest_free(const Cluster& cluster,
                                                         const NodeClass& node_class,
                                                         const NodeAsk& ask) {
    const int gpus = static_cast<int>(node_class.state.gpus.size());
    std::optional<Cell> best;
    int size = 1;
    while (size < gpus) size *= 2;
    std::vector<Cell> open{{0, size}};
    while (!open.empty()) {
      const Cell cell = open.back();
      open.pop_back();
      if (cell.first >= gpus || cell.size < ask.gpus) continue;
      if (free(cluster, node_class, ask, cell)) {
        const int there = std::min(cell.size, gpus - cell.first);
        if (there < ask.gpus) continue;
        if (!best || there < best->size) best = Cell{cell.first, there};
        continue;
      }
      if (cell.size == 1) continue;
      open.push_back({cell.first + cell.size / 2, cell.size / 2});
      open.push_back({cell.first, cell.size / 2});
    }
    return best;
  }
};

}  // namespace

std::unique_ptr<NodeScore> make_buddy_score(const PlacerContext&, const ConfigTable&) {
  return std::make_unique<BuddyScore>();
}

}  // namespace headroom
