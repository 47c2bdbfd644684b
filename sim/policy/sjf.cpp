// sjf: shortest declared duration first, of equal ones the oldest; nobody passes the head.

#include "sim/policy/disciplines.hpp"
#include "sim/policy/ranked_queue.hpp"

namespace headroom {

std::unique_ptr<QueueDiscipline> make_sjf(const QueueOptions&) {
  return std::make_unique<RankedQueue>(
      RankedQueue::Rules{"sjf", {.declared = true}, false, [](const QueueEntry& entry) {
                           return RankedQueue::Rank{entry.declared->count()};
                         }});
}

}  // namespace headroom
