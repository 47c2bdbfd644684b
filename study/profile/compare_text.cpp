// Comparisons of profiles as text.

#include "study/profile/compare.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom::profile {
namespace {

std::string variant(const Point& p) {
  return fmt::format("{}{}", implementation_text(p.implementation),
                     p.page && *p.page > 0 ? fmt::format(" page {}", *p.page) : "");
}

/// "x", or "x -> y" where they differ.
std::string change(const std::string& a, const std::string& b) {
  return a == b ? a : a + " -> " + b;
}

std::string summary_table(const std::vector<RatioSummary>& rows) {
  std::string out = fmt::format("  {:<23} {:>7} {:>9} {:>7} {:>7} {:>7}\n", "times B / A", "points",
                                "geo mean", "p25", "median", "p75");
  for (const RatioSummary& row : rows) {
    out += fmt::format("  {:<23} {:>7} {:>9.3f} {:>7.3f} {:>7.3f} {:>7.3f}\n", row.what,
                       count_text(row.pairs), row.geometric_mean, row.p25, row.median, row.p75);
  }
  return out;
}

std::string only_line(std::size_t a, std::size_t b) {
  if (a == 0 && b == 0) return "";
  return fmt::format("  only in A: {}; only in B: {}\n", count_text(a), count_text(b));
}

constexpr const char* kLessDifferent = "that differ less: --top shows more, --json all";

std::string attention_pairs(const Comparison& c, std::size_t most) {
  constexpr const char* kLine =
      "  {:<15} {:<11} {:<9} {:>5} {:>8} {:>8} {:<9} {:>5} {:>10} {:>10} {:>7}  {}\n";
  std::string out = fmt::format(kLine, "op", "q/kv/dim", "types", "batch", "queries", "keys",
                                "lengths", "", "A, us", "B, us", "B / A", "implementation");
  const std::size_t shown = std::min(most, c.pairs.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const Pair& pair = c.pairs[i];
    const Point& p = *pair.a;
    const auto time = [&](const Point& of) {
      return us_text(pair.hot ? of.hot->median_us : of.cold->median_us);
    };
    out += fmt::format(kLine, name_of(kOps, p.op), p.shape.text(), types_text(p), p.batch, p.q_len,
                       p.kv_len, name_of(kLengths, p.lengths), pair.hot ? "hot" : "cold",
                       time(*pair.a), time(*pair.b), fmt::format("{:.3f}", pair.ratio),
                       change(variant(*pair.a), variant(*pair.b)));
  }
  return out + left_out(c.pairs.size(), shown, kLessDifferent);
}

template <class Item>
using RowOf = std::string (*)(const Item& item);

/// What is in `label` and in the row of each is what they are paired by.
template <class Item>
std::string pairs_text(const Compared<Item>& c, std::size_t most, const std::string& label,
                       RowOf<Item> row) {
  constexpr const char* kLine = "  {} {:>11} {:>11} {:>7}  {}\n";
  std::string out = fmt::format(kLine, label, "A, us", "B, us", "B / A", "implementation");
  const std::size_t shown = std::min(most, c.pairs.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& pair = c.pairs[i];
    out += fmt::format(kLine, row(*pair.a), us_text(pair.a->median_us), us_text(pair.b->median_us),
                       fmt::format("{:.3f}", pair.ratio),
                       change(implementation_text(pair.a->implementation),
                              implementation_text(pair.b->implementation)));
  }
  return out + left_out(c.pairs.size(), shown, kLessDifferent);
}

constexpr const char* kCollectiveKey = "{:<15} {:<7} {:>5} {:>8} {:<12} {:>15}";
constexpr const char* kMatmulKey = "{:<7} {:>8} {:>8} {:>8}";
constexpr const char* kLatentKey = "{:<8} {:<9} {:>7} {:>8} {:>8}";

std::string collective_key(const Collective& c) {
  return fmt::format(kCollectiveKey, name_of(kCollectiveOps, c.op), name_of(kTypes, c.type), c.gpus,
                     count_or_dash(c.gpus_per_node), topology_text(c),
                     count_text(static_cast<std::size_t>(c.bytes)));
}

std::string matmul_key(const Matmul& m) {
  return fmt::format(kMatmulKey, name_of(kTypes, m.type), m.m, m.n, m.k);
}

std::string latent_key(const LatentPoint& p) {
  return fmt::format(kLatentKey, name_of(kOps, p.op), types_text(p.type, p.kv_type), p.q_heads,
                     p.batch, p.length);
}

/// Nothing where neither profile has any.
template <class Item>
std::string section(const std::string& what, const Compared<Item>& c, std::size_t most,
                    const std::string& label, RowOf<Item> row) {
  if (c.pairs.empty() && c.only_a == 0 && c.only_b == 0) return "";
  std::string out = fmt::format("\n{}\n", what);
  out += c.pairs.empty() ? "  none is in both\n" : summary_table(c.summary);
  out += only_line(c.only_a, c.only_b);
  if (c.pairs.empty() || most == 0) return out;
  return out + fmt::format("\n{}: the largest differences\n", what) +
         pairs_text(c, most, label, row);
}

}  // namespace

std::string compare_text(const Comparison& c, std::size_t most) {
  std::string out = fmt::format("A  {}{}\nB  {}{}\n", device_words(c.a->device),
                                c.a->complete ? "" : ", incomplete", device_words(c.b->device),
                                c.b->complete ? "" : ", incomplete");
  const std::string kind = kind_words(c.a->device);
  if (!c.a->attention.empty() || !c.b->attention.empty()) {
    out += fmt::format("\nAttention, {}\n", kind);
    out += c.pairs.empty() ? "  no point is in both\n" : summary_table(c.attention_summary);
    out += only_line(c.only_a, c.only_b);
    if (c.incomparable > 0) {
      out += fmt::format("  one hot alone, the other cold alone: {}\n", c.incomparable);
    }
  }
  if (!c.pairs.empty() && most > 0) {
    out +=
        fmt::format("\nAttention, {}: the largest differences\n", kind) + attention_pairs(c, most);
  }
  out += section("Collectives, " + kind, c.collectives, most,
                 fmt::format(kCollectiveKey, "op", "type", "GPUs", "per node", "topology", "bytes"),
                 collective_key);
  out += section("Matrix products, " + kind, c.matmuls, most,
                 fmt::format(kMatmulKey, "type", "m", "n", "k"), matmul_key);
  out += section("Latent attention, " + kind, c.latent_attention, most,
                 fmt::format(kLatentKey, "op", "types", "heads", "batch", "length"), latent_key);
  return out;
}

}  // namespace headroom::profile
