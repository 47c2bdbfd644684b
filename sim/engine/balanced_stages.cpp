#include "sim/engine/balanced_stages.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace headroom {
namespace {

class Balancer {
 public:
  Balancer(std::int64_t layers, int pp, const StageHolds& holds)
      : layers_(layers), pp_(pp), holds_(holds) {}

  /// Each stage in turn takes as many layers as it can, which leaves the least to the rest.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> split(std::int64_t sequences,
                                                               std::int64_t most) {
    std::vector<std::int64_t> out;
    std::int64_t first = 0;
    for (int stage = 0; stage < pp_; ++stage) {
      const std::int64_t rest = pp_ - 1 - stage;  // later stages, a layer each at least
      const bool last = rest == 0;
      const std::int64_t left = layers_ - first;
      const std::int64_t least = last ? left : 1;
      const std::int64_t taken =
          largest(stage, first, least, std::min(most, left - rest), sequences);
      if (taken < least) return std::nullopt;
      out.push_back(taken);
      first += taken;
    }
    return out;
  }

 private:
  /// The most layers within [least, most] with which the stage holds as many; 0 if none.
  [[nodiscard]] std::int64_t largest(int stage, std::int64_t first, std::int64_t least,
                                     std::int64_t most, std::int64_t sequences) {
    if (most < least || held(stage, first, least) < sequences) return 0;
    std::int64_t low = least;
    std::int64_t high = most + 1;
    while (high - low > 1) {
      const std::int64_t middle = low + (high - low) / 2;
      (held(stage, first, middle) >= sequences ? low : high) = middle;
    }
    return low;
  }
  [[nodiscard]] std::int64_t held(int stage, std::int64_t first, std::int64_t layers) {
    const auto key = std::tuple(stage, first, layers);
    const auto known = held_.find(key);
    if (known != held_.end()) return known->second;
    return held_.emplace(key, holds_({stage, pp_, first, layers})).first->second;
  }

  std::int64_t layers_;
  int pp_;
  const StageHolds& holds_;
  std::map<std::tuple<int, std::int64_t, std::int64_t>, std::int64_t> held_;
};

}  // namespace

std::optional<std::vector<std::int64_t>> balance_stages(std::int64_t layers, int pp,
                                                        std::int64_t sequences,
                                                        const StageHolds& holds) {
  Balancer balancer(layers, pp, holds);
  if (!balancer.split(1, layers)) return std::nullopt;
  std::int64_t held = 1;
  for (std::int64_t high = sequences + 1; high - held > 1;) {
    const std::int64_t middle = held + (high - held) / 2;
    (balancer.split(middle, layers) ? held : high) = middle;
  }
  std::int64_t low = 0;
  std::int64_t most = layers;
  while (most - low > 1) {
    const std::int64_t middle = low + (most - low) / 2;
    (balancer.split(held, middle) ? most : low) = middle;
  }
  return balancer.split(held, most);
}

}  // namespace headroom
