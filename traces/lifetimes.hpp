#pragma once
// Lifetimes that are drawn: of made-up requests, and of tasks whose trace does not say how long
// they ran.

#include "sim/core/random.hpp"
#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace headroom {

/// Log-normal; sigma is of the logarithm, 0 makes every lifetime the median.
struct LifetimeModel {
  Duration median = std::chrono::hours{4};
  double sigma = 1.0;
};

/// Error: a draw beyond kMaxInputTime.
[[nodiscard]] Result<Duration> draw_lifetime(const LifetimeModel& model, RandomStream& random);

/// The lifetime of a task. Error: it has none, with the key that gives one; at `place`.
[[nodiscard]] Result<Duration> lifetime_of(const TraceTask& task, const SourcePlace& place = {});

/// The same rows, each with a lifetime: where the trace gives none it is drawn (the run's seed,
/// stream "trace-lifetimes", in the order of the rows), or without a model the row is a bad one.
[[nodiscard]] std::unique_ptr<TaskReader> with_lifetimes(std::unique_ptr<TaskReader> tasks,
                                                         std::optional<LifetimeModel> model,
                                                         std::uint64_t seed, const RowRules& rules);

}  // namespace headroom
