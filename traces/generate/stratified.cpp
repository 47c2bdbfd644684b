#include "traces/generate/stratified.hpp"

#include "sim/core/assert.hpp"

#include <boost/random/uniform_int_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace headroom {

Stratified::Stratified(RandomStream stream, std::int64_t strata) : stream_(stream) {
  HEADROOM_ASSERT(strata >= 1 && strata <= kMaxStrata, "strata out of range");
  order_.resize(static_cast<std::size_t>(strata));
  std::iota(order_.begin(), order_.end(), 0U);
  at_ = order_.size();
}

double Stratified::next() {
  if (at_ == order_.size()) {
    // Fisher and Yates; std::shuffle may differ between libraries.
    for (std::size_t i = order_.size() - 1; i > 0; --i) {
      boost::random::uniform_int_distribution<std::size_t> place(0, i);
      std::swap(order_[i], order_[place(stream_)]);
    }
    at_ = 0;
  }
  boost::random::uniform_real_distribution<double> within(0.0, 1.0);
  const double u =
      (static_cast<double>(order_[at_++]) + within(stream_)) / static_cast<double>(order_.size());
  // 2^-53 is what a draw of exactly 0 is moved to; a sum rounded up to 1 likewise.
  return std::clamp(u, 0x1p-53, 1.0 - 0x1p-53);
}

std::size_t pick(const std::vector<double>& upto, double u) {
  const auto found = std::upper_bound(upto.begin(), upto.end(), u * upto.back());
  // Rounding can reach the last sum; then the last weight that is not 0 is meant.
  if (found != upto.end()) return static_cast<std::size_t>(found - upto.begin());
  return static_cast<std::size_t>(std::lower_bound(upto.begin(), upto.end(), upto.back()) -
                                  upto.begin());
}

std::vector<double> summed(const std::vector<double>& weights) {
  std::vector<double> upto(weights.size());
  std::partial_sum(weights.begin(), weights.end(), upto.begin());
  return upto;
}

}  // namespace headroom
