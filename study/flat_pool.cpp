#include "study/flat_pool.hpp"

#include <fmt/format.h>

namespace headroom {
namespace {

// The GPU is of no account: tasks do not look at it.
constexpr const char* kScenario = R"(schema = "headroom.scenario"
version = 1
name = "a pool of {0} GPUs"
policies = ["first-fit"]

[[cluster.gpu]]
name = "GPU"
memory = "1GiB"

[[cluster.nodes]]
name = "gpu"
count = {0}
gpu = "GPU"
gpus = 1

[workload]

[queue]
discipline = "fifo"
durations = "exact"
wait_forever = true
)";

}  // namespace

Result<Scenario> flat_pool(std::int64_t gpus, const ScenarioOverrides& overrides) {
  if (!overrides.trace) {
    return fail("--flat-gpus needs tasks to run on them", {}, "name a trace with --trace");
  }
  HEADROOM_TRY(auto config, ConfigTable::parse(fmt::format(kScenario, gpus), "--flat-gpus"));
  return read_scenario(std::move(config), "flat", overrides);
}

}  // namespace headroom
