// fifo: oldest first, and nobody passes the head. fifo-skip: oldest first, and those that do not
// fit now are passed over.

#include "sim/policy/disciplines.hpp"
#include "sim/policy/ranked_queue.hpp"

namespace headroom {

namespace {

RankedQueue::Rank by_arrival(const QueueEntry&) { return {}; }

}  // namespace

std::unique_ptr<QueueDiscipline> make_fifo(const QueueOptions&) {
  return std::make_unique<RankedQueue>(RankedQueue::Rules{"fifo", {}, false, by_arrival});
}

std::unique_ptr<QueueDiscipline> make_fifo_skip(const QueueOptions&) {
  return std::make_unique<RankedQueue>(RankedQueue::Rules{"fifo-skip", {}, true, by_arrival});
}

}  // namespace headroom
