#include "study/reproduce/fgd/own_order.hpp"

#include "sim/cluster/cluster.hpp"
#include "sim/core/random.hpp"

#include <boost/random/uniform_int_distribution.hpp>

#include <cmath>
#include <numeric>
#include <utility>

namespace headroom::fgd {
namespace {

std::size_t below(RandomStream& random, std::size_t end) {
  return boost::random::uniform_int_distribution<std::size_t>(0, end - 1)(random);
}

std::vector<std::size_t> shuffled(std::size_t count, RandomStream& random) {
  std::vector<std::size_t> out(count);
  std::iota(out.begin(), out.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) std::swap(out[i - 1], out[below(random, i)]);
  return out;
}

}  // namespace

Order draw_order(const std::vector<Pod>& pods, const std::vector<OpenbNode>& nodes,
                 std::uint64_t seed) {
  RandomStream random = random_stream(seed, "fgd-order");
  Order out;
  out.pods = shuffled(pods.size(), random);
  std::int64_t capacity = 0;
  for (const OpenbNode& node : nodes) capacity += std::int64_t{kWholeGpu} * node.gpus;
  const std::int64_t target = std::llround(kLoad * static_cast<double>(capacity));
  std::int64_t total = 0;
  for (const Pod& pod : pods) total += pod.gpu_milli();
  while (total > target) {
    const auto drawn = static_cast<std::ptrdiff_t>(below(random, out.pods.size()));
    total -= pods[out.pods[static_cast<std::size_t>(drawn)]].gpu_milli();
    out.pods.erase(out.pods.begin() + drawn);
  }
  for (bool more = total < target; more;) {
    const std::size_t drawn = below(random, pods.size());
    more = total + pods[drawn].milli <= target;
    if (!more) break;
    total += pods[drawn].gpu_milli();
    // Pods without GPUs add nothing: a list of nothing else would never end.
    more = capacity > 0 && out.pods.size() < 100 * pods.size();
    out.pods.push_back(drawn);
  }
  out.nodes = shuffled(nodes.size(), random);
  return out;
}

}  // namespace headroom::fgd
