#pragma once
// What a placer decides, as a line of text, and devices taken by hand.

#include "tests/fixtures.hpp"

#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace headroom::test {

/// "TP 4 x PP 1 on n0[0,1,2,3]", or the reason of a rejection. Nothing stays taken.
inline std::string decision(World& world, Placer& placer, const Request& request) {
  const Decision answer = world.ask(placer, request);
  if (const auto* not_now = std::get_if<NotNow>(&answer)) return "not now: " + not_now->reason;
  if (const auto* never = std::get_if<Never>(&answer)) return "never: " + never->reason;
  const Layout& layout = std::get<Place>(answer).layout;
  Placement placement;
  placement.holdings = world.take(request, layout);
  world.cluster.give_back(placement.holdings);
  return "TP " + std::to_string(layout.plan.tp) + " x PP " + std::to_string(layout.plan.pp) +
         " on " + where(placement);
}

/// Takes these devices of a node whole.
inline void occupy(World& world, std::uint32_t node, std::vector<int> devices) {
  const NodeHolding what{static_cast<NodeId>(node), std::move(devices), {kWholeGpu, kGiB}};
  world.cluster.take(std::span(&what, 1));
}

}  // namespace headroom::test
