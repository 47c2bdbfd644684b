#include "study/expectation_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {

ExpectationCheck::ExpectationCheck(const Scenario& scenario, const std::string& policy) {
  for (const auto& expect : scenario.expectations) {
    if (expect.policy == policy) expectations_.push_back(expect);
  }
}

void ExpectationCheck::submitted(SimTime, RequestId id, const Request& request,
                                 const InternedShape&) {
  const bool expected =
      std::any_of(expectations_.begin(), expectations_.end(),
                  [&](const Expectation& e) { return e.request == request.name; });
  if (expected) names_[id] = request.name;
}

void ExpectationCheck::placed(SimTime, const Placement& placement) {
  const auto name = names_.find(placement.request);
  if (name == names_.end()) return;
  Seen& seen = seen_[name->second];
  seen.plan = placement.layout.plan;
  seen.gpus = placement.gpus();
  seen.nodes = static_cast<int>(placement.holdings.size());
}

void ExpectationCheck::finished(SimTime, const Request& request, const InternedShape&,
                                const OutcomeRecord& record) {
  if (!names_.contains(record.request)) return;
  Seen& seen = seen_[request.name];
  seen.outcome = outcome_name(record.outcome);
  seen.reason = record.reason;
}

std::vector<std::string> ExpectationCheck::failures() const {
  std::vector<std::string> out;
  for (const auto& expect : expectations_) {
    const auto wrong = [&](std::string_view what, const std::string& wanted,
                           const std::string& got) {
      if (wanted == got) return;
      const Error error{fmt::format("expected {} '{}' for request '{}' under {}, got '{}'", what,
                                    wanted, expect.request, expect.policy, got),
                        expect.place,
                        {}};
      out.push_back(error.text());
    };
    const auto found = seen_.find(expect.request);
    if (found == seen_.end()) {
      wrong("outcome", expect.outcome, "no such request");
      continue;
    }
    const Seen& seen = found->second;
    wrong("outcome", expect.outcome, seen.outcome);
    if (expect.reason) wrong("reason", *expect.reason, seen.reason);
    if (expect.tp) wrong("tp", std::to_string(*expect.tp), std::to_string(seen.plan.tp));
    if (expect.pp) wrong("pp", std::to_string(*expect.pp), std::to_string(seen.plan.pp));
    if (expect.gpus) wrong("gpus", std::to_string(*expect.gpus), std::to_string(seen.gpus));
    if (expect.nodes) wrong("nodes", std::to_string(*expect.nodes), std::to_string(seen.nodes));
  }
  return out;
}

}  // namespace headroom
