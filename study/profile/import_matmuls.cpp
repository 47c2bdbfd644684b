// Tables of matrix products, one row a size.

#include "study/profile/import.hpp"

#include <fmt/format.h>

namespace headroom::profile {
namespace {

constexpr IntegerRange kSizes{1, 1'000'000'000};

struct Columns {
  explicit Columns(const CsvReader& rows)
      : kernel(rows.column("kernel")),
        type(rows.column("gemm_dtype")),
        m(rows.column("m")),
        n(rows.column("n")),
        k(rows.column("k")),
        latency(rows.column("latency_ms")) {}

  std::size_t kernel;
  std::size_t type;
  std::size_t m;
  std::size_t n;
  std::size_t k;
  std::size_t latency;
};

Result<Matmul> read_row(const CsvReader& rows, const Columns& columns) {
  Matmul out;
  HEADROOM_TRY(out.implementation, rows.name(columns.kernel));
  HEADROOM_TRY(out.type, type_field(rows, columns.type));
  HEADROOM_TRY(out.m, rows.integer(columns.m, kSizes));
  HEADROOM_TRY(out.n, rows.integer(columns.n, kSizes));
  HEADROOM_TRY(out.k, rows.integer(columns.k, kSizes));
  HEADROOM_TRY(out.median_us, latency_us(rows, columns.latency));
  return out;
}

Status read_rows(CsvReader& rows, ImportTarget& to) {
  const Columns columns(rows);
  const auto read = [&] { return read_row(rows, columns); };
  return add_rows(rows, to, to.imported.profile.matmuls, read);
}

}  // namespace

const TableKind& matmuls_table() {
  static const TableKind kKind{
      "matrix products", {"kernel", "gemm_dtype", "m", "n", "k", "latency_ms"}, read_rows};
  return kKind;
}

}  // namespace headroom::profile
