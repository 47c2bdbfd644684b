#include "policies/gpustack/launch.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace headroom::gpustack {

OrFact<LaunchSizes> launch_sizes(const Candidate& candidate, const Parameters& parameters,
                                 Backend backend) {
  std::vector<int> gpus = {static_cast<int>(candidate.main.gpus.size())};
  for (const Share& share : candidate.subordinates) {
    gpus.push_back(static_cast<int>(share.gpus.size()));
  }
  const UserSizes user = user_sizes(parameters, backend);
  const bool several = gpus.size() > 1;
  if (several && backend == Backend::vllm && uses_mp(parameters)) return mp_topology(gpus, user);
  if (user.any()) {
    return LaunchSizes{user.tp.value_or(1), user.pp.value_or(1), user.dp.value_or(1)};
  }
  const auto same = [&](int each) { return each == gpus.front(); };
  if (std::all_of(gpus.begin(), gpus.end(), same)) {
    return LaunchSizes{gpus.front(), static_cast<int>(gpus.size()), 1};
  }
  return LaunchSizes{1, std::accumulate(gpus.begin(), gpus.end(), 0), 1};
}

}  // namespace headroom::gpustack
