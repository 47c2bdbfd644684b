#pragma once
// A trace made up from a generator file, read like a recorded one.

#include "sim/core/result.hpp"
#include "traces/generate/spec.hpp"
#include "traces/task.hpp"

#include <cstdint>
#include <memory>

namespace headroom {

/// Tasks "task-1", "task-2", ...; replicas "task-1/1", "task-1/2", ... as the group "task-1".
/// Streams of the seed: "arrival-gaps", "batch-sizes", "task-classes", "task-replicas", and for
/// class i "task-sizes-i" and "task-lifetimes-i". A lifetime is rounded to a nanosecond and is at
/// most kMaxInputTime. The last group is whole: one that would pass `requests` is left out. Error:
/// the spec has neither `requests` nor a span. next() fails only where the wanted requests would
/// arrive after kMaxInputTime.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> make_task_generator(const GeneratorSpec& spec,
                                                                      std::uint64_t seed);

}  // namespace headroom
