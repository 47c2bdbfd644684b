#pragma once
// Non-negative least squares: coefficients of physical terms have no business below 0.

#include <Eigen/Dense>

namespace headroom::profile_fit {

/// The x >= 0 that makes |a x - b| least, by the active set method of Lawson and Hanson (Solving
/// Least Squares Problems, 1974, chapter 23). Of columns that say the same one gets it all. `a` and
/// `b` have as many rows, and all values are finite.
[[nodiscard]] Eigen::VectorXd nnls(const Eigen::MatrixXd& a, const Eigen::VectorXd& b);

}  // namespace headroom::profile_fit
