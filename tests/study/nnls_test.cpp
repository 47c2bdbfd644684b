// Non-negative least squares: what the conditions of Karush, Kuhn and Tucker say of a minimum.

#include "study/profile_fit/nnls.hpp"

#include "tests/catch.hpp"

#include <random>

using headroom::profile_fit::nnls;

namespace {

Eigen::VectorXd vector_of(std::initializer_list<double> values) {
  return Eigen::Map<const Eigen::VectorXd>(values.begin(),
                                           static_cast<Eigen::Index>(values.size()));
}

// The gradient is 0 where a coefficient is above 0, and nowhere would more of one be better.
void check_minimum(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& x) {
  const Eigen::VectorXd gradient = a.transpose() * (b - a * x);
  const double nothing = 1e-8 * (1.0 + a.norm() * b.norm());
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    CHECK(x(i) >= 0.0);
    CHECK(gradient(i) <= nothing);
    if (x(i) > 0.0) CHECK(std::abs(gradient(i)) <= nothing);
  }
}

}  // namespace

TEST_CASE("a column that would be below 0 is 0, and the others are fitted without it") {
  // Least squares of a line through (0, 1), (1, 0): 1 - t. Without a negative slope: 1/2.
  const Eigen::MatrixXd a{{1.0, 0.0}, {1.0, 1.0}};
  const Eigen::VectorXd x = nnls(a, vector_of({1.0, 0.0}));
  CHECK(x(0) == Approx(0.5));
  CHECK(x(1) == 0.0);
  CHECK(nnls(a, vector_of({1.0, 3.0})).isApprox(vector_of({1.0, 2.0})));
  CHECK(nnls(a, vector_of({-1.0, -3.0})) == vector_of({0.0, 0.0}));
}

TEST_CASE("columns of nothing and columns that stand twice do no harm") {
  const Eigen::MatrixXd a{{1.0, 0.0, 2.0, 1e9}, {2.0, 0.0, 4.0, 3e9}, {3.0, 0.0, 6.0, 1e9}};
  const Eigen::VectorXd b = 2.0 * a.col(0) + 1e-9 * a.col(3);
  const Eigen::VectorXd x = nnls(a, b);
  CHECK((a * x).isApprox(b));
  CHECK(x(1) == 0.0);
  CHECK((x.array() >= 0.0).all());
  CHECK(nnls(Eigen::MatrixXd::Zero(3, 2), b) == vector_of({0.0, 0.0}));
  CHECK(nnls(Eigen::MatrixXd(3, 0), b).size() == 0);
}

TEST_CASE("random problems end in a minimum") {
  std::mt19937_64 bits(7);
  const auto number = [&] { return static_cast<double>(bits() % 2001) / 1000.0 - 1.0; };
  for (int round = 0; round < 300; ++round) {
    const Eigen::Index columns = 1 + static_cast<Eigen::Index>(bits() % 8);
    const Eigen::Index rows = 1 + static_cast<Eigen::Index>(bits() % 30);
    Eigen::MatrixXd a(rows, columns);
    Eigen::VectorXd b(rows);
    for (Eigen::Index i = 0; i < rows; ++i) {
      for (Eigen::Index j = 0; j < columns; ++j) a(i, j) = number();
      b(i) = number();
    }
    check_minimum(a, b, nnls(a, b));
  }
}
