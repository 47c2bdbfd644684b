// Tables of a profile's points.

#include "study/profile/show.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

namespace headroom::profile {
namespace {

/// Points that differ in batch and lengths alone.
using Group = std::vector<const Point*>;

auto group_key(const Point& p) {
  return std::tuple(p.type, p.kv_type, p.shape.head_dim, p.shape, p.implementation, p.page,
                    p.causal);
}

std::vector<Group> groups_of(const Profile& profile, Op op, const ShowOptions& options) {
  std::map<decltype(group_key(std::declval<Point>())), Group> groups;
  for (const Point& point : profile.attention) {
    if (point.op != op || (options.shape && point.shape != *options.shape)) continue;
    groups[group_key(point)].push_back(&point);
  }
  std::vector<Group> out;
  for (auto& [key, group] : groups) {
    std::stable_sort(group.begin(), group.end(), [](const Point* x, const Point* y) {
      return std::tuple(x->lengths, x->batch, x->kv_len, x->q_len) <
             std::tuple(y->lengths, y->batch, y->kv_len, y->q_len);
    });
    out.push_back(std::move(group));
  }
  return out;
}

std::string page_text(const Point& p) {
  if (!p.page) return "";
  return *p.page == 0 ? ", contiguous" : fmt::format(", pages of {}", *p.page);
}

std::string median_text(const std::optional<Statistics>& times) {
  return times ? us_text(times->median_us) : "-";
}

std::string flags_text(const Point& p) {
  std::string out = fmt::format("{}", fmt::join(p.flags, " "));
  if (p.verified && !*p.verified) out += out.empty() ? "UNVERIFIED" : " UNVERIFIED";
  return out;
}

constexpr const char* kRow = "  {:>8} {:>8} {:>8} {:<9} {:>12} {:>11} {:>8} {:>8} {:>9} {:>8}  {}";

std::string point_row(const Profile& profile, const Point& p) {
  const Rates rates = rates_of(p);
  return row_text(fmt::format(
      kRow, p.batch, p.q_len, p.kv_len, name_of(kLengths, p.lengths), median_text(p.cold),
      median_text(p.hot), fmt::format("{:.4g}", rates.bytes_per_s / 1e9),
      share_text(rates.bytes_per_s, profile.ceilings.read_bytes_per_s),
      fmt::format("{:.4g}", rates.flop_per_s / 1e12),
      share_text(rates.flop_per_s, profile.ceilings.matmul_flop_per_s), flags_text(p)));
}

std::string group_heading(const Point& p) {
  return fmt::format("  {}, {}, {}{}{}\n", p.shape.text(), types_text(p),
                     implementation_text(p.implementation), page_text(p),
                     p.causal || p.op == Op::decode ? "" : ", not causal");
}

/// Up to `most` points.
std::string point_rows(const Profile& profile, const std::vector<Group>& groups, std::size_t most) {
  std::vector<const Point*> points;
  for (const Group& group : groups) points.insert(points.end(), group.begin(), group.end());
  std::string out = row_text(fmt::format(kRow, "batch", "queries", "keys", "lengths", "cold, us",
                                         "hot, us", "GB/s", "of read", "TFLOP/s", "of mm", ""));
  const Point* before = nullptr;
  for (const std::size_t i : spread(points.size(), most)) {
    if (before == nullptr || group_key(*before) != group_key(*points[i])) {
      out += group_heading(*points[i]);
    }
    out += point_row(profile, *points[i]);
    before = points[i];
  }
  return out + left_out(points.size(), most, "points: --all shows them");
}

struct Range {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = 0;

  void add(std::int64_t value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  [[nodiscard]] std::string text() const {
    return least == most ? fmt::format("{}", least) : fmt::format("{}-{}", least, most);
  }
};

constexpr const char* kGroupRow =
    "  {:<12} {:<9} {:>7} {:>10} {:>15} {:>11} {:>10} {:>8} {:>9} {:>8}  {}";

/// What is fastest of each group.
std::string group_row(const Profile& profile, const Group& group) {
  Range batch;
  Range keys;
  double least = engine_us(*group.front());
  Rates best;
  for (const Point* point : group) {
    batch.add(point->batch);
    keys.add(point->kv_len);
    least = std::min(least, engine_us(*point));
    const Rates rates = rates_of(*point);
    best.bytes_per_s = std::max(best.bytes_per_s, rates.bytes_per_s);
    best.flop_per_s = std::max(best.flop_per_s, rates.flop_per_s);
  }
  const Point& p = *group.front();
  return row_text(fmt::format(kGroupRow, p.shape.text(), types_text(p), count_text(group.size()),
                              batch.text(), keys.text(), us_text(least),
                              fmt::format("{:.4g}", best.bytes_per_s / 1e9),
                              share_text(best.bytes_per_s, profile.ceilings.read_bytes_per_s),
                              fmt::format("{:.4g}", best.flop_per_s / 1e12),
                              share_text(best.flop_per_s, profile.ceilings.matmul_flop_per_s),
                              implementation_text(p.implementation) + page_text(p)));
}

std::string group_rows(const Profile& profile, const std::vector<Group>& groups) {
  std::string out =
      row_text(fmt::format(kGroupRow, "q/kv/dim", "types", "points", "batch", "keys", "least, us",
                           "GB/s", "of read", "TFLOP/s", "of mm", "implementation"));
  for (const std::size_t i : spread(groups.size(), kTableRows)) {
    out += group_row(profile, groups[i]);
  }
  return out + left_out(groups.size(), kTableRows, "shapes: --all shows every point") +
         "  The fastest of each; --shape Q/KV/DIM shows the points of one.\n";
}

std::string op_table(const Profile& profile, Op op, const ShowOptions& options) {
  const std::vector<Group> groups = groups_of(profile, op, options);
  if (groups.empty()) return "";
  std::size_t points = 0;
  for (const Group& group : groups) points += group.size();
  const std::string head =
      fmt::format("\n{} on {}: {} of {}\n", name_of(kOps, op), device_words(profile.device),
                  counted(points, "point"), counted(groups.size(), "shape"));
  const bool by_shape = points > kTableRows && groups.size() > 1 && !options.shape && !options.all;
  if (by_shape) return head + group_rows(profile, groups);
  return head + point_rows(profile, groups, options.all ? points : kTableRows);
}

}  // namespace

std::string tables_text(const Profile& profile, const ShowOptions& options) {
  std::string out;
  for (const Op op : {Op::prefill, Op::chunked_prefill, Op::decode}) {
    out += op_table(profile, op, options);
  }
  if (!out.empty()) {
    out +=
        "\n  GB/s and TFLOP/s: counted bytes and operations over the cold median, over the hot one "
        "where there is no cold one.\n  of read, of mm: of the measured ceilings.\n";
  }
  return out + lists_text(profile, options) + fits_table(profile, options);
}

}  // namespace headroom::profile
