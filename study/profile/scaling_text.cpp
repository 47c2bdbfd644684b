// Throughput of a GPU against tensor parallel size.

#include "study/profile/show.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>
#include <vector>

namespace headroom::profile {
namespace {

constexpr std::size_t kRows = 40;  // of a table, unless all are asked for

std::string size_name(const ScalingSize& size) {
  return fmt::format("TP {}{}", size.tp, size.kv_replication > 1 ? "*" : "");
}

std::string sizes_text(const Scaling& scaling) {
  std::string out;
  for (const ScalingSize& size : scaling.sizes) {
    out += fmt::format("  {:<8}{:<14}", size_name(size), size.shape.text());
    if (size.kv_replication > 1) {
      out += fmt::format(" each KV head is on {} GPUs", size.kv_replication);
    }
    if (!size.measured) out += " not in this profile";
    while (out.back() == ' ') out.pop_back();
    out += "\n";
  }
  for (const auto& [size, reason] : scaling.refused) {
    out += fmt::format("  TP {:<5}refused: {}\n", size, reason);
  }
  return out;
}

bool same_table(const ScalingRow& x, const ScalingRow& y) {
  const auto key = [](const Point& p) {
    return std::tie(p.op, p.type, p.kv_type, p.implementation, p.page, p.causal, p.lengths);
  };
  return key(*x.point) == key(*y.point);
}

std::string cell_text(const std::optional<ScalingCell>& cell) {
  if (!cell) return fmt::format("{:>16}", "-");
  const std::string efficiency = fmt::format("{:.0f} %", 100.0 * cell->efficiency);
  return fmt::format("{:>9}{:>7}", cell->tokens_per_s ? si_text(*cell->tokens_per_s) : "?",
                     efficiency);
}

std::string table(const Profile& profile, const Scaling& scaling, const ScalingRow* rows,
                  std::size_t count, bool all) {
  const Point& p = *rows->point;
  std::string out = fmt::format(
      "\n{} on {}, {}, {}{}{}\n", name_of(kOps, p.op), device_words(profile.device), types_text(p),
      p.implementation, p.page && *p.page > 0 ? fmt::format(", pages of {}", *p.page) : "",
      p.lengths == Lengths::equal ? "" : ", lengths " + name_of(kLengths, p.lengths));
  out += fmt::format("  {:>6}{:>9}{:>9}", "batch", "queries", "keys");
  for (const ScalingSize& size : scaling.sizes) {
    if (size.measured) out += fmt::format("{:>16}", size_name(size));
  }
  out += "\n";
  const std::size_t shown = all ? count : std::min(count, kRows);
  for (std::size_t i = 0; i < shown; ++i) {
    const Point& at = *rows[i].point;
    out += fmt::format("  {:>6}{:>9}{:>9}", at.batch, at.q_len, at.kv_len);
    for (std::size_t j = 0; j < scaling.sizes.size(); ++j) {
      if (scaling.sizes[j].measured) out += cell_text(rows[i].cells[j]);
    }
    out += "\n";
  }
  return out + left_out(count, shown, "rows: --all shows them");
}

}  // namespace

std::string scaling_text(const Profile& profile, const Scaling& scaling, bool all) {
  std::string out = fmt::format("\n{}: layers of {} query heads and {} KV heads of {}, on {}\n{}",
                                scaling.model, scaling.heads, scaling.kv_heads, scaling.head_dim,
                                device_words(profile.device), sizes_text(scaling));
  if (scaling.rows.empty()) return out + "  No point of this profile has one of these shapes.\n";
  for (std::size_t first = 0; first < scaling.rows.size();) {
    std::size_t last = first;
    while (last < scaling.rows.size() && same_table(scaling.rows[first], scaling.rows[last])) {
      ++last;
    }
    out += table(profile, scaling, &scaling.rows[first], last - first, all);
    first = last;
  }
  return out +
         "\n  Of each size: tokens/s of one GPU in the attention of one layer, and its efficiency "
         "against the smallest size of\n  the row (equal GPUs would do 100 %). No projections, no "
         "communication.\n";
}

}  // namespace headroom::profile
