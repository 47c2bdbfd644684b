// Tables of attention kernels, one row a shape: of prompts ("context") and of decoding
// ("generation").

#include "study/profile/import.hpp"
#include "study/profile/work.hpp"
#include "traces/shown.hpp"

#include <fmt/format.h>

namespace headroom::profile {
namespace {

constexpr IntegerRange kHeads{1, 65'536};
constexpr IntegerRange kTokens{1, 1'000'000'000};

// The columns that both have; the length is named differently.
struct Columns {
  Columns(const CsvReader& rows, std::string_view length_name)
      : kernel(rows.column("kernel")),
        type(rows.column("attn_dtype")),
        kv_type(rows.column("kv_dtype")),
        q_heads(rows.column("q_heads")),
        kv_heads(rows.column("kv_heads")),
        head_dim(rows.column("head_dim")),
        window(rows.column("window_size")),
        batch(rows.column("batch_size")),
        length(rows.column(length_name)),
        latency(rows.column("latency_ms")) {}

  std::size_t kernel;
  std::size_t type;
  std::size_t kv_type;
  std::size_t q_heads;
  std::size_t kv_heads;
  std::size_t head_dim;
  std::size_t window;
  std::size_t batch;
  std::size_t length;
  std::size_t latency;
};

std::vector<std::string> columns_with(const char* length) {
  return {"kernel",   "attn_dtype",  "kv_dtype",   "q_heads", "kv_heads",
          "head_dim", "window_size", "batch_size", length,    "latency_ms"};
}

Status check_full_attention(const CsvReader& rows, const Columns& columns) {
  HEADROOM_TRY(const std::int64_t window, rows.integer(columns.window, {0, kTokens.max}));
  if (window == 0) return {};
  return fail(fmt::format("a window of {} tokens: profiles hold full attention alone", window),
              rows.place(columns.window), "leave out the rows whose window_size is not 0");
}

Result<Point> read_row(const CsvReader& rows, const Columns& columns, Op op) {
  HEADROOM_CHECK(check_full_attention(rows, columns));
  Point out;
  out.op = op;
  HEADROOM_TRY(out.implementation, rows.name(columns.kernel));
  HEADROOM_TRY(out.type, type_field(rows, columns.type));
  HEADROOM_TRY(out.kv_type, type_field(rows, columns.kv_type));
  HEADROOM_TRY(out.shape.q_heads, rows.integer(columns.q_heads, kHeads));
  HEADROOM_TRY(out.shape.kv_heads, rows.integer(columns.kv_heads, kHeads));
  HEADROOM_TRY(out.shape.head_dim, rows.integer(columns.head_dim, kHeads));
  HEADROOM_TRY(out.batch, rows.integer(columns.batch, kTokens));
  HEADROOM_TRY(out.kv_len, rows.integer(columns.length, kTokens));
  if (out.shape.q_heads % out.shape.kv_heads != 0) {
    return fail(fmt::format("{} query heads do not share {} KV heads evenly", out.shape.q_heads,
                            out.shape.kv_heads),
                rows.place(columns.kv_heads));
  }
  out.q_len = op == Op::decode ? 1 : out.kv_len;
  out.kv_tokens = out.batch * out.kv_len;
  const Status counted = count_work(out);
  if (!counted) return fail(counted.error().message, rows.place());
  out.hot.emplace();
  HEADROOM_TRY(out.hot->median_us, latency_us(rows, columns.latency));
  const ShardShape& s = out.shape;
  out.id = fmt::format("{}-{}-{}-{}-{}-{}-{}-b{}-q{}-k{}", name_of(kOps, op),
                       shown(out.implementation, 120), name_of(kTypes, out.type),
                       name_of(kTypes, out.kv_type), s.q_heads, s.kv_heads, s.head_dim, out.batch,
                       out.q_len, out.kv_len);
  return out;
}

Status read_rows(CsvReader& rows, ImportTarget& to, Op op, const char* length) {
  const Columns columns(rows, length);
  const auto read = [&] { return read_row(rows, columns, op); };
  return add_rows(rows, to, to.imported.profile.attention, read);
}

}  // namespace

const TableKind& context_attention_table() {
  static const TableKind kKind{"context attention", columns_with("seq_len"),
                               [](CsvReader& rows, ImportTarget& to) {
                                 return read_rows(rows, to, Op::prefill, "seq_len");
                               }};
  return kKind;
}

const TableKind& generation_attention_table() {
  static const TableKind kKind{
      "generation attention", columns_with("kv_len"),
      [](CsvReader& rows, ImportTarget& to) { return read_rows(rows, to, Op::decode, "kv_len"); }};
  return kKind;
}

}  // namespace headroom::profile
