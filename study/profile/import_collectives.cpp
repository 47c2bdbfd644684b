// Tables of collectives between the GPUs of a node, of several GPU types and implementations.

#include "study/profile/import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

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

// Boards on which a switch joins all GPUs.
constexpr std::array<std::string_view, 3> kSwitched = {"H200", "H100", "A100"};

// "nccl 2.29.2", "vllm_graph (vllm 0.24.0)".
Result<std::string> implementation_field(const CsvReader& rows, const Columns& columns) {
  HEADROOM_TRY(std::string implementation, rows.name(columns.implementation));
  HEADROOM_TRY(std::string source, rows.name(columns.source));
  if (source == implementation || source.starts_with(implementation + " ")) return source;
  return fmt::format("{} ({})", implementation, source);
}

Result<Collective> read_row(const CsvReader& rows, const Columns& columns) {
  Collective out;
  HEADROOM_TRY(out.op, collective_op_field(rows, columns.op));
  HEADROOM_TRY(out.implementation, implementation_field(rows, columns));
  HEADROOM_TRY(out.type, type_field(rows, columns.type));
  HEADROOM_TRY(out.gpus, rows.integer(columns.gpus, kGpus));
  HEADROOM_TRY(out.bytes, rows.integer(columns.bytes, kBytes));
  HEADROOM_TRY(out.median_us, latency_us(rows, columns.latency));
  const std::string gpu = first_word(rows.field(columns.gpu));
  if (std::find(kSwitched.begin(), kSwitched.end(), gpu) != kSwitched.end()) {
    out.topology = Topology::nvswitch;
  }
  out.gpus_per_node = out.gpus;
  return out;
}

Status read_rows(CsvReader& rows, ImportTarget& to) {
  const Columns columns(rows);
  const auto read = [&] { return read_row(rows, columns); };
  return add_rows(rows, to, to.imported.profile.collectives, read, columns.gpu);
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
