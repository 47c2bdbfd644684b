#include "traces/openb_nodes.hpp"

#include "traces/csv.hpp"
#include "traces/limits.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 5> kColumns{"sn", "cpu_milli", "memory_mib", "gpu", "model"};
constexpr std::int64_t kMaxNodeGpus = 1'024;

}  // namespace

std::span<const std::string> openb_node_columns() { return kColumns; }

Result<std::vector<OpenbNode>> read_openb_nodes(const std::filesystem::path& file) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "an openb node list", kColumns));
  const std::size_t name = rows.column("sn");
  const std::size_t cpu_milli = rows.column("cpu_milli");
  const std::size_t memory_mib = rows.column("memory_mib");
  const std::size_t gpu = rows.column("gpu");
  const std::size_t model = rows.column("model");
  std::vector<OpenbNode> nodes;
  while (true) {
    HEADROOM_TRY(const bool more, rows.next());
    if (!more) break;
    OpenbNode node;
    HEADROOM_TRY(node.name, rows.name(name));
    HEADROOM_TRY(node.cpu_milli, rows.integer(cpu_milli, {0, kMaxCpuMilli}));
    HEADROOM_TRY(const std::int64_t mib, rows.integer(memory_mib, {0, kMaxRam / kMiB}));
    node.ram = mib * kMiB;
    HEADROOM_TRY(const std::int64_t gpus, rows.integer(gpu, {0, kMaxNodeGpus}));
    node.gpus = static_cast<int>(gpus);
    node.model = rows.field(model);
    if (node.gpus > 0 && node.model.empty()) {
      return fail(fmt::format("model is empty, but the node has {} GPUs", node.gpus),
                  rows.place(model));
    }
    if (node.gpus == 0 && !node.model.empty()) {
      return fail(fmt::format("model is '{}', but the node has no GPU", node.model),
                  rows.place(model));
    }
    nodes.push_back(std::move(node));
  }
  if (nodes.empty()) return fail("this node list has no rows", {file.string()});
  return nodes;
}

}  // namespace headroom
