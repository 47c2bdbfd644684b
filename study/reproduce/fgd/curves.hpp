#pragma once
// Allocation and fragmentation against the load that has arrived, as FGD's authors fold them
// (scripts/analysis.py and experiments/analysis/merge_*_discrete.py of their simulator).

#include <array>
#include <cstddef>
#include <cstdint>

namespace headroom::fgd {

inline constexpr std::size_t kColumns = 131;  // 0 % to 130 % of the cluster's GPUs have arrived

struct Curves {
  using Curve = std::array<double, kColumns>;
  Curve allo{};        // allocated, % of all GPUs
  Curve frag{};        // fragmented, % of all GPUs
  Curve frag_ratio{};  // fragmented, % of what is not allocated
};

/// Folds a run, an arrival at a time. A column is the mean over the arrivals at which the load,
/// rounded to whole percent (half to even), is it; of none, those of its neighbours too.
class CurveFolder {
 public:
  explicit CurveFolder(std::int64_t gpus) : gpus_(static_cast<double>(gpus)) {}

  /// All in milli-GPUs: arrived so far, placed or not; held; idle and useless (F of all nodes).
  void add(std::int64_t arrived, std::int64_t held, std::int64_t idle, double fragmented);
  [[nodiscard]] Curves curves() const;

 private:
  struct Sums {
    std::int64_t arrivals = 0;
    double allo = 0.0;
    double frag = 0.0;
    double frag_ratio = 0.0;
  };

  double gpus_;
  std::array<Sums, kColumns> sums_{};
};

}  // namespace headroom::fgd
