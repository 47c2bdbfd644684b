#pragma once
// Checks a scenario's [[expect]] tables against a run.

#include "sim/observe/observer.hpp"
#include "study/scenario.hpp"

#include <map>
#include <string>
#include <vector>

namespace headroom {

class ExpectationCheck final : public Observer {
 public:
  /// Keeps the expectations of this policy.
  ExpectationCheck(const Scenario& scenario, const std::string& policy);

  void placed(SimTime now, const Placement& placement) override;
  void submitted(SimTime now, RequestId id, const Request& request,
                 const InternedShape& shape) override;
  void finished(SimTime now, const Request& request, const InternedShape& shape,
                const OutcomeRecord& record) override;

  /// What does not hold, each with the place of its table. Call it after the run.
  [[nodiscard]] std::vector<std::string> failures() const;

 private:
  struct Seen {
    ParallelPlan plan;
    int gpus = 0;
    int nodes = 0;
    std::string outcome;
    std::string reason;
  };
  std::vector<Expectation> expectations_;
  std::map<std::string, Seen> seen_;        // by request name
  std::map<RequestId, std::string> names_;  // of expected requests
};

}  // namespace headroom
