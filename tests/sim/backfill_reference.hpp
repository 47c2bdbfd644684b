#pragma once
// EASY and conservative backfilling once more, as simply as can be, on a pool of machines: every
// free time is looked up machine by machine, nothing is remembered but who is to run when.

#include "sim/core/units.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace headroom::test {

struct PoolJob {
  std::int64_t arrival = 0;  // seconds, ascending
  std::int64_t gpus = 1;
  std::int64_t declared = 1;  // at least `lasts`
  std::int64_t lasts = 1;
};

enum class Backfilling { easy, conservative };
enum class Reserving { gpus, machines };

/// The second at which each job starts.
[[nodiscard]] std::vector<std::int64_t> reference_starts(const std::vector<PoolJob>& jobs,
                                                         std::int64_t machines,
                                                         Backfilling backfilling,
                                                         Reserving reserving);

}  // namespace headroom::test
