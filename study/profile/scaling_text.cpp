// Throughput of a GPU against tensor parallel size.

#include "study/figure_text.hpp"
#include "study/profile/show.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace headroom::profile {
namespace {

// Behind a figure that is in doubt; the flags in the order of kFlags.
constexpr char kUnverified = '!';
constexpr std::array<char, 5> kFlagMarks = {'n', 'd', 'p', 't', 'u'};
static_assert(kFlagMarks.size() == std::tuple_size_v<decltype(kFlags)>);

std::string marks_of(const Point& p) {
  std::string out;
  if (p.verified && !*p.verified) out += kUnverified;
  for (std::size_t i = 0; i < kFlags.size(); ++i) {
    if (std::find(p.flags.begin(), p.flags.end(), kFlags[i]) != p.flags.end()) {
      out += kFlagMarks[i];
    }
  }
  return out;
}

/// What the marks among these rows say; "" where there is none.
std::string legend(std::span<const ScalingRow> rows) {
  std::string found;
  for (const ScalingRow& row : rows) {
    for (const auto& cell : row.cells) {
      if (cell) found += marks_of(*cell->point);
    }
  }
  std::vector<std::string> words;
  if (found.find(kUnverified) != std::string::npos) {
    words.push_back(fmt::format("{} implementation not verified", kUnverified));
  }
  for (std::size_t i = 0; i < kFlags.size(); ++i) {
    if (found.find(kFlagMarks[i]) == std::string::npos) continue;
    words.push_back(fmt::format("{} {}", kFlagMarks[i], kFlags[i]));
  }
  if (words.empty()) return "";
  return fmt::format("  Figures in doubt: {}. One of the smallest size puts its row in doubt.\n",
                     fmt::join(words, ", "));
}

std::string windowed_text(const Scaling& scaling) {
  std::string out;
  for (const WindowedLayers& some : scaling.windowed) {
    out += fmt::format("{}{} of {} layers see {} {} tokens only", out.empty() ? "" : ", ",
                       some.layers, scaling.layers,
                       some.reach == Attention::Reach::sliding ? "the last" : "their own chunk of",
                       with_commas(some.window));
  }
  return out.empty() ? "" : fmt::format("  Figures are of full attention: {}.\n", out);
}

std::string size_name(const ScalingSize& size) {
  return fmt::format("TP {}{}", size.tp, size.kv_replication > 1 ? "*" : "");
}

std::string sizes_text(const Scaling& scaling) {
  std::string out;
  for (const ScalingSize& size : scaling.sizes) {
    std::string line = fmt::format("  {:<7} {:<13}", size_name(size), size.shape.text());
    if (size.kv_replication > 1) {
      line += fmt::format("  each KV head is on {} GPUs", size.kv_replication);
    }
    if (!size.measured) line += "  not in this profile";
    out += row_text(std::move(line));
  }
  for (const auto& [size, reason] : scaling.refused) {
    out += fmt::format("  TP {:<4} refused: {}\n", size, reason);
  }
  return out;
}

bool same_table(const ScalingRow& x, const ScalingRow& y) {
  const auto key = [](const Point& p) {
    return std::tie(p.op, p.type, p.kv_type, p.implementation, p.page, p.causal, p.lengths);
  };
  return key(*x.point) == key(*y.point);
}

/// `marks`: how wide they are in this table.
std::string cell_text(const std::optional<ScalingCell>& cell, std::size_t marks) {
  if (!cell) return fmt::format(" {:>15}{:{}}", "-", "", marks);
  return fmt::format(" {:>8} {:>6}{:<{}}", cell->tokens_per_s ? si_text(*cell->tokens_per_s) : "?",
                     fmt::format("{:.0f} %", 100.0 * cell->efficiency), marks_of(*cell->point),
                     marks);
}

/// how wide the widest marks of these rows are.
std::size_t marks_width(std::span<const ScalingRow> rows) {
  std::size_t out = 0;
  for (const ScalingRow& row : rows) {
    for (const auto& cell : row.cells) {
      if (cell) out = std::max(out, marks_of(*cell->point).size());
    }
  }
  return out;
}

std::string heading(const Profile& profile, const Point& p) {
  return fmt::format(
      "\n{} on {}, {}, {}{}{}\n", name_of(kOps, p.op), device_words(profile.device), types_text(p),
      implementation_text(p.implementation),
      p.page && *p.page > 0 ? fmt::format(", pages of {}", *p.page) : "",
      p.lengths == Lengths::equal ? "" : ", lengths " + name_of(kLengths, p.lengths));
}

std::string table(const Profile& profile, const Scaling& scaling, std::span<const ScalingRow> rows,
                  bool all) {
  const std::size_t marks = marks_width(rows);
  std::string out = heading(profile, *rows.front().point);
  std::string names = fmt::format("  {:>6} {:>8} {:>8}", "batch", "queries", "keys");
  for (const ScalingSize& size : scaling.sizes) {
    if (size.measured) names += fmt::format(" {:>15}{:{}}", size_name(size), "", marks);
  }
  out += row_text(std::move(names));
  const std::size_t most = all ? rows.size() : kTableRows;
  for (const std::size_t i : spread(rows.size(), most)) {
    const Point& at = *rows[i].point;
    std::string line = fmt::format("  {:>6} {:>8} {:>8}", at.batch, at.q_len, at.kv_len);
    for (std::size_t j = 0; j < scaling.sizes.size(); ++j) {
      if (scaling.sizes[j].measured) line += cell_text(rows[i].cells[j], marks);
    }
    out += row_text(std::move(line));
  }
  return out + left_out(rows.size(), most, "rows: --all shows them");
}

}  // namespace

std::string scaling_text(const Profile& profile, const Scaling& scaling, bool all) {
  std::string out =
      fmt::format("\n{}: layers of {} query heads and {} KV heads of {}, on {}\n{}{}",
                  plain_text(scaling.model), scaling.heads, scaling.kv_heads, scaling.head_dim,
                  device_words(profile.device), windowed_text(scaling), sizes_text(scaling));
  const std::span<const ScalingRow> rows = scaling.rows;
  if (rows.empty()) return out + "  No point of this profile has one of these shapes.\n";
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t last = first;
    while (last < rows.size() && same_table(rows[first], rows[last])) ++last;
    out += table(profile, scaling, rows.subspan(first, last - first), all);
    first = last;
  }
  return out +
         "\n  Of each size: tokens/s of one GPU in the attention of one layer, and its efficiency "
         "against the smallest size of\n  the row (equal GPUs would do 100 %). No projections, no "
         "communication.\n" +
         legend(rows);
}

}  // namespace headroom::profile
