#pragma once
// Uniform numbers that keep to their distribution in every block, not only in the long run.
//
// Independent draws from a heavy tail miss the mean of a trace by tens of percent: a few draws
// decide it. Stratified ones (see Owen, Monte Carlo theory, methods and examples, chapter 8;
// recalled) put exactly one number into each of n equal parts of (0, 1) per block of n, in random
// order. Each number alone is still uniform; neighbours are no longer independent of each other.

#include "sim/core/random.hpp"

#include <cstdint>
#include <vector>

namespace headroom {

inline constexpr std::int64_t kMaxStrata = 65'536;

class Stratified {
 public:
  /// `strata` = 1 draws independently. Precondition: 1 <= strata <= kMaxStrata.
  Stratified(RandomStream stream, std::int64_t strata);

  /// Above 0 and below 1.
  [[nodiscard]] double next();

 private:
  RandomStream stream_;
  std::vector<std::uint32_t> order_;  // of the strata of this block
  std::size_t at_ = 0;
};

/// Index of the weight that u falls on. `upto` are the weights summed up to and with each.
/// Precondition: 0 < u < 1, upto not empty, not descending, the last above 0.
[[nodiscard]] std::size_t pick(const std::vector<double>& upto, double u);

/// The sums that pick() wants.
[[nodiscard]] std::vector<double> summed(const std::vector<double>& weights);

}  // namespace headroom
