// Tables of multi-head latent attention, one row a shape: of prompts ("context") and of decoding
// ("generation").

#include "study/profile/import.hpp"

#include <fmt/format.h>

namespace headroom::profile {
namespace {

constexpr IntegerRange kHeads{1, 65'536};
constexpr IntegerRange kTokens{1, 1'000'000'000};

// The columns that both have; the length is named differently.
struct Columns {
  Columns(const CsvReader& rows, std::string_view length_name)
      : kernel(rows.column("kernel")),
        type(rows.column("mla_dtype")),
        kv_type(rows.column("kv_dtype")),
        q_heads(rows.column("q_heads")),
        batch(rows.column("batch_size")),
        length(rows.column(length_name)),
        latency(rows.column("latency_ms")) {}

  std::size_t kernel;
  std::size_t type;
  std::size_t kv_type;
  std::size_t q_heads;
  std::size_t batch;
  std::size_t length;
  std::size_t latency;
};

Result<LatentPoint> read_row(const CsvReader& rows, const Columns& columns, Op op) {
  LatentPoint out;
  out.op = op;
  HEADROOM_TRY(out.implementation, rows.name(columns.kernel));
  HEADROOM_TRY(out.type, type_field(rows, columns.type));
  HEADROOM_TRY(out.kv_type, type_field(rows, columns.kv_type));
  HEADROOM_TRY(out.q_heads, rows.integer(columns.q_heads, kHeads));
  HEADROOM_TRY(out.batch, rows.integer(columns.batch, kTokens));
  HEADROOM_TRY(out.length, rows.integer(columns.length, kTokens));
  HEADROOM_TRY(out.median_us, latency_us(rows, columns.latency));
  return out;
}

Status read_rows(CsvReader& rows, ImportTarget& to, Op op, const char* length) {
  const Columns columns(rows, length);
  const auto read = [&] { return read_row(rows, columns, op); };
  return add_rows(rows, to, to.imported.profile.latent_attention, read);
}

std::vector<std::string> columns_with(const char* length) {
  return {"kernel", "mla_dtype", "kv_dtype", "q_heads", "batch_size", length, "latency_ms"};
}

}  // namespace

const TableKind& context_latent_table() {
  static const TableKind kKind{"context latent attention", columns_with("seq_len"),
                               [](CsvReader& rows, ImportTarget& to) {
                                 return read_rows(rows, to, Op::prefill, "seq_len");
                               }};
  return kKind;
}

const TableKind& generation_latent_table() {
  static const TableKind kKind{
      "generation latent attention", columns_with("kv_len"),
      [](CsvReader& rows, ImportTarget& to) { return read_rows(rows, to, Op::decode, "kv_len"); }};
  return kKind;
}

}  // namespace headroom::profile
