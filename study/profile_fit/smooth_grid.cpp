#include "study/profile_fit/smooth_grid.hpp"

#include "sim/core/assert.hpp"

#include <Eigen/Sparse>

#include <array>
#include <cmath>

namespace headroom::profile_fit {
namespace {

using Entries = std::vector<Eigen::Triplet<double>>;

/// One term of a linear combination of knots.
struct Term {
  std::size_t knot = 0;
  double factor = 0.0;
};

/// Adds weight x (sum of terms)^2 to the quadratic form.
void add_square(Entries& to, std::span<const Term> terms, double weight) {
  for (const Term& row : terms) {
    for (const Term& column : terms) {
      to.emplace_back(static_cast<Eigen::Index>(row.knot), static_cast<Eigen::Index>(column.knot),
                      weight * row.factor * column.factor);
    }
  }
}

/// An axis of a grid: knots next to each other on it are `stride` apart.
struct Line {
  std::vector<double> logs;  // to base 2
  std::size_t stride = 1;
};

std::vector<Line> lines_of(const LogGrid& grid) {
  std::vector<Line> out;
  std::size_t stride = grid.size();
  for (const LogGrid::Axis& axis : grid.axes()) {
    stride /= axis.knots.size();
    Line line{{}, stride};
    for (const double knot : axis.knots) line.logs.push_back(std::log2(knot));
    out.push_back(std::move(line));
  }
  return out;
}

void add_first_difference(Entries& to, const Line& line, std::size_t knot, std::size_t place,
                          double weight) {
  const double width = line.logs[place + 1] - line.logs[place];
  const std::array<Term, 2> terms = {{{knot, -1.0 / width}, {knot + line.stride, 1.0 / width}}};
  add_square(to, terms, weight);
}

void add_second_difference(Entries& to, const Line& line, std::size_t knot, std::size_t place,
                           double weight) {
  const double before = line.logs[place] - line.logs[place - 1];
  const double after = line.logs[place + 1] - line.logs[place];
  const double both = before + after;
  const std::array<Term, 3> terms = {{{knot - line.stride, 2.0 / (before * both)},
                                      {knot, -2.0 / (before * after)},
                                      {knot + line.stride, 2.0 / (after * both)}}};
  add_square(to, terms, weight);
}

void add_penalties(Entries& to, const LogGrid& grid, const Smoothing& smoothing) {
  const std::vector<Line> lines = lines_of(grid);
  for (std::size_t knot = 0; knot < grid.size(); ++knot) {
    const Term self{knot, 1.0};
    add_square(to, {&self, 1}, smoothing.ridge);
    for (std::size_t axis = 0; axis < lines.size(); ++axis) {
      const Line& line = lines[axis];
      const std::size_t knots = line.logs.size();
      const std::size_t place = knot / line.stride % knots;
      if (place + 1 >= knots) continue;
      const double curvature = smoothing.curvature[axis];
      add_first_difference(to, line, knot, place, smoothing.slope + (knots == 2 ? curvature : 0.0));
      if (place > 0) add_second_difference(to, line, knot, place, curvature);
    }
  }
}

}  // namespace

Result<std::vector<double>> fit_grid(const LogGrid& grid, std::span<const LogGrid::Cell> cells,
                                     std::span<const double> values, const Smoothing& smoothing) {
  HEADROOM_ASSERT(cells.size() == values.size(), "a value for each cell");
  HEADROOM_ASSERT(smoothing.curvature.size() == grid.axes().size(), "a curvature for each axis");
  if (cells.empty()) return fail("a grid cannot be fitted to no samples");
  const auto size = static_cast<Eigen::Index>(grid.size());
  Eigen::VectorXd right = Eigen::VectorXd::Zero(size);
  Entries entries;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::vector<Term> terms;
    for (const LogGrid::Share& share : cells[i].knots()) {
      terms.push_back({share.knot, share.weight});
      right(static_cast<Eigen::Index>(share.knot)) += share.weight * values[i];
    }
    add_square(entries, terms, 1.0);
  }
  add_penalties(entries, grid, smoothing);
  Eigen::SparseMatrix<double> matrix(size, size);
  matrix.setFromTriplets(entries.begin(), entries.end());
  const Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>> factors(matrix);
  if (factors.info() != Eigen::Success) return fail("the equations of a grid have no solution");
  const Eigen::VectorXd solution = factors.solve(right);
  if (!solution.allFinite()) return fail("the equations of a grid have no finite solution");
  return std::vector<double>(solution.begin(), solution.end());
}

}  // namespace headroom::profile_fit
