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

// Stands in for requests that are put in afterwards.
constexpr const char* kStandIn = "\n[[request]]\nname = \"stand-in\"\n";

}  // namespace

Result<Scenario> flat_pool(std::int64_t gpus, const ScenarioOverrides& overrides) {
  if (!overrides.trace) {
    return fail("--flat-gpus needs tasks to run on them", {}, "name a trace with --trace");
  }
  HEADROOM_TRY(auto config, ConfigTable::parse(fmt::format(kScenario, gpus), "--flat-gpus"));
  return read_scenario(std::move(config), "flat", overrides);
}

Result<Scenario> flat_pool_of(std::int64_t gpus, std::vector<Request> requests) {
  HEADROOM_TRY(auto config, ConfigTable::parse(fmt::format(kScenario, gpus) + kStandIn, "a pool"));
  HEADROOM_TRY(Scenario scenario, read_scenario(std::move(config), "flat", {}));
  scenario.workload = ListedWorkload{std::move(requests)};
  return scenario;
}

}  // namespace headroom
