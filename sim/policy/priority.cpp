// priority: highest priority first, of equal ones the oldest. Those that do not fit now are passed
// over, as by the Kubernetes scheduler and by Kueue's queues unless they are told otherwise (Slurm
// without its backfill plug-in would stop there). Nothing is preempted.

#include "sim/policy/disciplines.hpp"
#include "sim/policy/ranked_queue.hpp"

namespace headroom {

std::unique_ptr<QueueDiscipline> make_priority(const QueueOptions&) {
  return std::make_unique<RankedQueue>(
      RankedQueue::Rules{"priority", {}, true, [](const QueueEntry& entry) {
                           return RankedQueue::Rank{-entry.priority};
                         }});
}

}  // namespace headroom
