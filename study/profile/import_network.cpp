// Tables of collectives on several kinds of network, within a node and between nodes.

#include "study/profile/import.hpp"
#include "traces/shown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace headroom::profile {
namespace {

constexpr IntegerRange kGpus{2, 100'000};
constexpr IntegerRange kBytes{1, kMost};

struct Columns {
  explicit Columns(const CsvReader& rows)
      : network(rows.column("network")),
        op(rows.column("op")),
        gpus(rows.column("num_workers")),
        gpus_per_node(rows.column("devices_per_node")),
        bytes(rows.column("bytes")),
        median(rows.column("median_ms")) {}

  std::size_t network;
  std::size_t op;
  std::size_t gpus;
  std::size_t gpus_per_node;
  std::size_t bytes;
  std::size_t median;
};

// "a100_dgx", "h100_pairwise_nvlink".
Result<Topology> topology_field(const CsvReader& rows, std::size_t column) {
  constexpr std::array<std::pair<std::string_view, Topology>, 2> kKnown = {
      {{"_dgx", Topology::nvswitch}, {"_pairwise_nvlink", Topology::nvlink_pairs}}};
  const std::string& text = rows.field(column);
  for (const auto& [end, topology] : kKnown) {
    if (text.size() > end.size() && text.ends_with(end)) return topology;
  }
  return fail(fmt::format("the network '{}' is not known", shown(text)), rows.place(column),
              "a GPU with _dgx or _pairwise_nvlink, such as a100_dgx");
}

Result<Collective> read_row(const CsvReader& rows, const Columns& columns) {
  Collective out;
  HEADROOM_TRY(out.op, collective_op_field(rows, columns.op));
  HEADROOM_TRY(out.topology, topology_field(rows, columns.network));
  out.implementation = fmt::format("nccl (vidur {})", rows.field(columns.network));
  out.type = Type::fp16;  // what that source's buffers are of
  HEADROOM_TRY(out.gpus, rows.integer(columns.gpus, kGpus));
  HEADROOM_TRY(out.gpus_per_node, rows.integer(columns.gpus_per_node, {1, out.gpus}));
  HEADROOM_TRY(out.bytes, rows.integer(columns.bytes, kBytes));
  HEADROOM_TRY(out.median_us, latency_us(rows, columns.median));
  return out;
}

Status read_rows(CsvReader& rows, ImportTarget& to) {
  const Columns columns(rows);
  const auto read = [&] { return read_row(rows, columns); };
  return add_rows(rows, to, to.imported.profile.collectives, read, columns.network);
}

}  // namespace

const TableKind& network_table() {
  static const TableKind kKind{
      "collectives of networks",
      {"network", "op", "num_workers", "devices_per_node", "bytes", "median_ms"},
      read_rows};
  return kKind;
}

}  // namespace headroom::profile
