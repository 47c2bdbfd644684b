#include "study/reproduce/fgd/curves.hpp"

#include <cmath>

namespace headroom::fgd {
namespace {

// As their logs and tables print.
double two_places(double value) { return std::nearbyint(value * 100.0) / 100.0; }

}  // namespace

void CurveFolder::add(std::int64_t arrived, std::int64_t held, std::int64_t idle,
                      double fragmented) {
  const double percent = std::nearbyint(static_cast<double>(arrived) / gpus_ / 10.0);
  const auto column = static_cast<std::size_t>(percent);
  if (column >= kColumns) return;
  Sums& sums = sums_[column];
  ++sums.arrivals;
  sums.allo += two_places(static_cast<double>(held) / gpus_ / 10.0);
  sums.frag += two_places(fragmented);
  if (idle > 0) sums.frag_ratio += two_places(100.0 * fragmented / static_cast<double>(idle));
}

Curves CurveFolder::curves() const {
  Curves out;
  for (std::size_t column = 0; column < kColumns; ++column) {
    Sums sums = sums_[column];
    if (sums.arrivals == 0) {
      for (const std::size_t next : {column - 1, column + 1}) {
        if (next >= kColumns) continue;
        sums.arrivals += sums_[next].arrivals;
        sums.allo += sums_[next].allo;
        sums.frag += sums_[next].frag;
        sums.frag_ratio += sums_[next].frag_ratio;
      }
    }
    if (sums.arrivals == 0) continue;
    const auto n = static_cast<double>(sums.arrivals);
    out.allo[column] = two_places(sums.allo / n);
    out.frag[column] = two_places(100.0 * (sums.frag / n) / 1000.0 / gpus_);
    out.frag_ratio[column] = sums.frag_ratio / n;
  }
  return out;
}

}  // namespace headroom::fgd
