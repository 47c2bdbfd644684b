// Tables of collectives between the GPUs of a node, of several GPU types and implementations.

#include "study/profile/import.hpp"
#include "traces/shown.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace headroom::profile {
namespace {

constexpr IntegerRange kGpus{2, 100'000};
constexpr IntegerRange kBytes{1, kMost};

struct Columns {
  explicit Columns(const CsvReader& rows)
      : gpu(rows.column("gpu")),
        source(rows.column("source")),
        implementation(rows.column("impl")),
        op(rows.column("op")),
        type(rows.column("dtype")),
        gpus(rows.column("num_gpus")),
        bytes(rows.column("bytes")),
        latency(rows.column("latency_ms")) {}

  std::size_t gpu;
  std::size_t source;
  std::size_t implementation;
  std::size_t op;
  std::size_t type;
  std::size_t gpus;
  std::size_t bytes;
  std::size_t latency;
};

Result<CollectiveOp> op_field(const CsvReader& rows, std::size_t column) {
  const std::string& text = rows.field(column);
  const auto found = std::find(kCollectiveOps.begin(), kCollectiveOps.end(), text);
  if (found != kCollectiveOps.end()) {
    return static_cast<CollectiveOp>(found - kCollectiveOps.begin());
  }
  return fail(fmt::format("the operation '{}' is not known", shown(text)), rows.place(column),
              fmt::format("one of {}", fmt::join(kCollectiveOps, ", ")));
}

// "nccl 2.29.2", "vllm_graph (vllm 0.24.0)".
Result<std::string> implementation_field(const CsvReader& rows, const Columns& columns) {
  HEADROOM_TRY(std::string implementation, rows.name(columns.implementation));
  HEADROOM_TRY(std::string source, rows.name(columns.source));
  if (source == implementation || source.starts_with(implementation + " ")) return source;
  return fmt::format("{} ({})", implementation, source);
}

Result<Collective> read_row(const CsvReader& rows, const Columns& columns) {
  Collective out;
  HEADROOM_TRY(out.op, op_field(rows, columns.op));
  HEADROOM_TRY(out.implementation, implementation_field(rows, columns));
  HEADROOM_TRY(out.type, type_field(rows, columns.type));
  HEADROOM_TRY(out.gpus, rows.integer(columns.gpus, kGpus));
  HEADROOM_TRY(out.bytes, rows.integer(columns.bytes, kBytes));
  HEADROOM_TRY(out.median_us, latency_us(rows, columns.latency));
  return out;
}

Status read_rows(CsvReader& rows, ImportTarget& to) {
  const Columns columns(rows);
  Profile& profile = to.imported.profile;
  while (true) {
    HEADROOM_TRY(const bool more, rows.next());
    if (!more) return {};
    HEADROOM_TRY(Collective row, read_row(rows, columns));
    if (!names_gpu(profile.device.name, rows.field(columns.gpu))) {
      ++to.imported.other_gpus;
      continue;
    }
    HEADROOM_CHECK(
        to.claim(fmt::format("{}-{}-{}-{}-{}", name_of(kCollectiveOps, row.op), row.implementation,
                             name_of(kTypes, row.type), row.gpus, row.bytes),
                 rows.place()));
    profile.collectives.push_back(std::move(row));
  }
}

}  // namespace

const TableKind& collectives_table() {
  static const TableKind kKind{
      "collectives",
      {"gpu", "source", "impl", "op", "dtype", "num_gpus", "bytes", "latency_ms"},
      read_rows};
  return kKind;
}

}  // namespace headroom::profile
