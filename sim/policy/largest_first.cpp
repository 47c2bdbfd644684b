// largest-first: most whole GPUs first, then the largest share of a GPU, then most CPU, then the
// oldest; those that do not fit now are passed over. With the placer first-fit it is first fit
// decreasing (D. S. Johnson, "Near-Optimal Bin Packing Algorithms", MIT, 1973), over what waits.

#include "sim/policy/disciplines.hpp"
#include "sim/policy/ranked_queue.hpp"

namespace headroom {

std::unique_ptr<QueueDiscipline> make_largest_first(const QueueOptions&) {
  return std::make_unique<RankedQueue>(RankedQueue::Rules{
      "largest-first", {.gpus = true}, true, [](const QueueEntry& entry) {
        return RankedQueue::Rank{-entry.gpus, -entry.share_milli, -entry.cpu_milli};
      }});
}

}  // namespace headroom
