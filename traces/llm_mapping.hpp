#pragma once
// From the tasks of a trace to requests: as they are, or each GPU task as LLM deployments.
//
// Public traces say how many GPUs a task took, not which model it ran. The mapping keeps what they
// say (when, how long, how large, which GPU types, CPU, RAM) and draws the models from a mix:
//   a share of one GPU  -> one `shared` deployment of the share band, with U = the larger of the
//                          task's share and the entry's min_u
//   1, 2, 4, 8, 16      -> one deployment of that band
//   any other number    -> several, largest band first, above 16 in eights (12 = 8 + 4,
//                          59 = 7 x 8 + 2 + 1), as one group: named "<task>/1", "<task>/2", ...
//   no GPU              -> stays an opaque task
// Replicas of a group stay one group, with the pieces of all of them.
// CPU and RAM of a split task go to its pieces by their GPUs, the remainder to the first.

#include "sim/core/result.hpp"
#include "sim/workload/request.hpp"
#include "traces/mix.hpp"
#include "traces/task.hpp"
#include "traces/token_profile.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace headroom {

/// Rows as opaque tasks, unchanged.
[[nodiscard]] std::unique_ptr<RequestSource> opaque_source(std::unique_ptr<TaskReader> tasks);

/// Rows as deployments, drawn from the run's seed (stream "llm-mapping") in the order of the rows.
/// With `tokens` each deployment draws a window (stream "llm-tokens") and has its context and
/// sequences in place of the entry's; the context is at most what the model can do. Replicas of a
/// group draw once. Errors of next(): the reader's; a task of a band in which the mix has no entry.
[[nodiscard]] std::unique_ptr<RequestSource> llm_source(
    std::unique_ptr<TaskReader> tasks, Mix mix, std::uint64_t seed,
    std::optional<TokenProfile> tokens = std::nullopt);

/// The bands a task of so many whole GPUs splits into, largest first. Precondition: gpus >= 1.
[[nodiscard]] std::vector<int> split_gpus(int gpus);

}  // namespace headroom
