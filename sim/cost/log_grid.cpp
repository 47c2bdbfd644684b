#include "sim/cost/log_grid.hpp"

#include "sim/core/assert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace headroom {
namespace {

/// Where a logarithm lies on an axis: the knot below it and the share of the one above.
struct Position {
  std::size_t below = 0;
  double above = 0.0;
  bool outside = false;
};

Position position_of(const std::vector<double>& logs, double at) {
  // Knots and places are often the same numbers, whose logarithms are equal then.
  if (at <= logs.front()) return {0, 0.0, at < logs.front()};
  if (at >= logs.back()) return {logs.size() - 1, 0.0, at > logs.back()};
  const auto next = std::upper_bound(logs.begin(), logs.end(), at);
  const auto below = static_cast<std::size_t>(next - logs.begin()) - 1;
  return {below, (at - logs[below]) / (logs[below + 1] - logs[below]), false};
}

bool rise_from_above_zero(const std::vector<double>& knots) {
  if (knots.empty() || !(knots.front() > 0.0) || !std::isfinite(knots.back())) return false;
  return std::adjacent_find(knots.begin(), knots.end(), std::greater_equal<>()) == knots.end();
}

}  // namespace

Result<LogGrid> LogGrid::make(std::vector<Axis> axes) {
  if (axes.size() > kMostAxes) {
    return fail(fmt::format("a grid of {} axes; at most {} are allowed", axes.size(), kMostAxes));
  }
  LogGrid grid;
  for (const Axis& axis : axes) {
    if (!rise_from_above_zero(axis.knots)) {
      return fail(fmt::format("the knots of axis '{}' do not rise from above 0", axis.name));
    }
    if (axis.knots.size() > kMostKnots / grid.size_) {
      return fail(fmt::format("a grid of more than {} knots", kMostKnots));
    }
    grid.size_ *= axis.knots.size();
    std::vector<double> logs;
    for (const double knot : axis.knots) logs.push_back(std::log2(knot));
    grid.logs_.push_back(std::move(logs));
  }
  grid.axes_ = std::move(axes);
  return grid;
}

LogGrid::Cell LogGrid::cell(std::span<const double> at) const {
  HEADROOM_ASSERT(at.size() == axes_.size(), "a place on another grid");
  Cell cell;
  cell.shares[0] = {0, 1.0};
  cell.count = 1;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    const std::vector<double>& logs = logs_[i];
    const Position on = logs.size() == 1 ? Position{} : position_of(logs, std::log2(at[i]));
    cell.outside = cell.outside || on.outside;
    const std::size_t before = cell.count;
    for (std::size_t s = 0; s < before; ++s) {
      Share& share = cell.shares[s];
      share.knot = share.knot * logs.size() + on.below;
      if (on.above == 0.0) continue;
      cell.shares[cell.count++] = {share.knot + 1, share.weight * on.above};
      share.weight *= 1.0 - on.above;
    }
  }
  return cell;
}

}  // namespace headroom
