#include "policies/gpustack/mp_topology.hpp"

#include <algorithm>
#include <numeric>

namespace headroom::gpustack {
namespace {

tl::unexpected<Fact> cannot(int gpus, const char* why) {
  return tl::unexpected(Fact{FactKind::topology, {static_cast<double>(gpus)}, {why}});
}

// Ranks of `rank` GPUs, each inside a node.
OrFact<int> dp_inside_nodes(std::span<const int> gpus_per_node, const UserSizes& user, int rank) {
  int dp = 0;
  for (const int gpus : gpus_per_node) {
    const int local = gpus / rank;
    if (user.dp_local && *user.dp_local != local) {
      return cannot(gpus, "the local data parallel size is another one");
    }
    dp += local;
  }
  return dp;
}

// Ranks of `rank` GPUs, each over several whole nodes.
OrFact<int> dp_over_nodes(std::span<const int> gpus_per_node, const UserSizes& user, int rank) {
  const int each = gpus_per_node.front();
  const auto same = [&](int gpus) { return gpus == each; };
  if (!std::all_of(gpus_per_node.begin(), gpus_per_node.end(), same)) {
    return cannot(each, "a rank spans nodes with different numbers of GPUs");
  }
  if (rank % each != 0) return cannot(each, "a rank does not fill its nodes");
  const int nodes = rank / each;
  if (std::ssize(gpus_per_node) % nodes != 0) return cannot(each, "nodes are left over");
  if (user.dp_local && *user.dp_local != 1) {
    return cannot(each, "a node cannot hold several ranks that span nodes");
  }
  return static_cast<int>(std::ssize(gpus_per_node)) / nodes;
}

}  // namespace

OrFact<LaunchSizes> mp_topology(std::span<const int> gpus_per_node, const UserSizes& user) {
  const int total = std::accumulate(gpus_per_node.begin(), gpus_per_node.end(), 0);
  LaunchSizes sizes;
  sizes.pp = user.pp.value_or(1);
  if (user.tp) {
    sizes.tp = *user.tp;
  } else if (user.dp) {
    const std::int64_t others = std::int64_t{*user.dp} * sizes.pp;
    if (others < 1 || total % others != 0) {
      return cannot(total, "the data parallel size does not divide the GPUs");
    }
    sizes.tp = static_cast<int>(total / others);
  } else {
    sizes.tp = std::accumulate(gpus_per_node.begin(), gpus_per_node.end(), 0,
                               [](int a, int b) { return std::gcd(a, b); });
  }
  if (sizes.tp < 1 || sizes.pp < 1) return cannot(total, "a parallel size is below 1");
  for (const int gpus : gpus_per_node) {
    if (gpus % sizes.tp != 0) return cannot(gpus, "the tensor parallel size does not divide them");
  }
  const int rank = sizes.tp * sizes.pp;
  const bool inside = rank <= *std::min_element(gpus_per_node.begin(), gpus_per_node.end());
  const auto dp = inside ? dp_inside_nodes(gpus_per_node, user, rank)
                         : dp_over_nodes(gpus_per_node, user, rank);
  if (!dp) return tl::unexpected(dp.error());
  if (user.dp && *user.dp != *dp) return cannot(total, "the data parallel size is another one");
  sizes.dp = *dp;
  return sizes;
}

bool uses_mp(const Parameters& parameters) {
  return parameters.text({"distributed-executor-backend"}) == "mp";
}

}  // namespace headroom::gpustack
