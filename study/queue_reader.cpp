#include "study/queue_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace headroom {

void read_queue(const ConfigTable& config, Scenario& scenario) {
  SimulationOptions& options = scenario.simulation;
  const ConfigTable queue = config.table("queue");
  scenario.queue = queue.choice_or("discipline", queue_discipline_names(), kUsualQueue);
  const Duration limit = queue.seconds_or("waiting_limit_s", *options.waiting_limit);
  if (limit > kLongestWait) {
    queue.reject(
        "waiting_limit_s",
        fmt::format("'waiting_limit_s' is {} s, but may be at most {} s ({})", seconds_text(limit),
                    seconds_text(kLongestWait), duration_text(kLongestWait)));
  }
  options.waiting_limit = std::min(limit, kLongestWait);
  if (queue.flag_or("wait_forever", false)) options.waiting_limit.reset();
  static const std::array<std::string, 2> durations = {"declared", "exact"};
  options.exact_durations = queue.choice_or("durations", durations, durations[0]) == durations[1];
  static const std::array<std::string, 2> reserve = {"gpus", "machines"};
  scenario.queue_options.reserve_machines =
      queue.choice_or("reserve", reserve, reserve[0]) == reserve[1];
  const auto made = make_queue_discipline(scenario.queue, scenario.queue_options);
  if (config.status() && !made) queue.reject("reserve", made.error().message, made.error().hint);
}

Status check_reservations(const ConfigTable& config, const Scenario& scenario) {
  if (!scenario.queue_options.reserve_machines) return {};
  const ClusterSpec& cluster = scenario.cluster;
  const bool equal = std::all_of(cluster.nodes.begin(), cluster.nodes.end(), [&](const auto& node) {
    return node.shape == cluster.nodes.front().shape && node.used.empty();
  });
  const bool single = cluster.shapes[index(cluster.nodes.front().shape)].gpus.size() == 1;
  if (equal && single && !scenario.simulation.dynamics.nodes_change()) return {};
  return fail(
      "machines can only be reserved where all nodes are equal, have one GPU each, and do "
      "not change",
      config.table("queue").place("reserve"), "reserve = \"gpus\" counts GPUs, on any cluster");
}

}  // namespace headroom
