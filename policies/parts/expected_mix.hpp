#pragma once
// What a policy is told to expect: deployments, tasks, and how often they come, from its options.

#include "sim/core/config.hpp"
#include "sim/workload/request.hpp"

#include <cstdint>
#include <vector>

namespace headroom {

struct ExpectedShape {
  RequestShape shape;       // of an LLM deployment, on any type
  std::int64_t weight = 1;  // against the others
};

enum class ExpectedKinds { deployments, with_tasks };

/// `mix`: a mix file as in examples/mixes, its path taken from the folder of the options' file; of
/// its entries the model, the limits, the weight and whether it is of the share band. `expected`:
/// entries with the same keys (and `shared`) in the options themselves. Both together add up; none
/// is an empty list. Errors are recorded in the options.
///
/// With tasks, entries without a model are tasks: `gpus`, `gpu_milli` (of one), `cpus`, `gpu_types`
/// and `weight`.
[[nodiscard]] std::vector<ExpectedShape> read_expected_mix(
    const ConfigTable& options, ExpectedKinds kinds = ExpectedKinds::deployments);

}  // namespace headroom
