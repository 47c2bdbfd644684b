#include "study/profile_fit/nnls.hpp"

#include "sim/core/assert.hpp"

#include <vector>

namespace headroom::profile_fit {
namespace {

/// Columns that are free; the others' coefficients are 0.
using Free = std::vector<Eigen::Index>;

/// Least squares over the free columns alone, 0 elsewhere.
Eigen::VectorXd solve_free(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, const Free& free) {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(a.cols());
  const Eigen::MatrixXd columns = a(Eigen::all, free);
  out(free) = columns.colPivHouseholderQr().solve(b);
  return out;
}

/// Goes from x towards `target` until the first free coefficient is 0, and makes those fixed.
void step_towards(const Eigen::VectorXd& target, Eigen::VectorXd& x, Free& free) {
  double share = 1.0;
  Eigen::Index first = -1;
  for (const Eigen::Index i : free) {
    if (target(i) > 0.0) continue;
    const double until_zero = x(i) > 0.0 ? x(i) / (x(i) - target(i)) : 0.0;
    if (first >= 0 && until_zero >= share) continue;
    share = until_zero;
    first = i;
  }
  x += share * (target - x);
  x(first) = 0.0;  // whatever rounding left of it
  std::erase_if(free, [&](Eigen::Index i) {
    if (x(i) <= 0.0) x(i) = 0.0;
    return x(i) == 0.0;
  });
}

}  // namespace

Eigen::VectorXd nnls(const Eigen::MatrixXd& a, const Eigen::VectorXd& b) {
  HEADROOM_ASSERT(a.rows() == b.size(), "as many rows as values");
  constexpr double kNothing = 1e-10;  // of a gradient, against lengths of column and values
  const Eigen::VectorXd lengths = a.colwise().norm();
  const Eigen::MatrixXd unit =
      a * lengths.unaryExpr([](double length) { return length > 0.0 ? 1.0 / length : 0.0; })
              .asDiagonal();
  const double least = kNothing * b.norm();
  Eigen::VectorXd x = Eigen::VectorXd::Zero(a.cols());
  Free free;
  // Each round lowers the distance, so no set comes twice; rounding may say otherwise.
  for (Eigen::Index round = 0; round < 10 * a.cols(); ++round) {
    Eigen::VectorXd gradient = unit.transpose() * (b - unit * x);
    for (const Eigen::Index i : free) gradient(i) = 0.0;
    Eigen::Index steepest = 0;
    if (a.cols() == 0 || !(gradient.maxCoeff(&steepest) > least)) break;
    free.push_back(steepest);
    Eigen::VectorXd target = solve_free(unit, b, free);
    // Rounding alone wants it: what is free already says the same.
    if (target(steepest) <= 0.0) break;
    while (!free.empty() && target(free).minCoeff() <= 0.0) {
      step_towards(target, x, free);
      target = solve_free(unit, b, free);
    }
    x = target;
  }
  for (Eigen::Index i = 0; i < x.size(); ++i) x(i) = x(i) > 0.0 ? x(i) / lengths(i) : 0.0;
  return x;
}

}  // namespace headroom::profile_fit
