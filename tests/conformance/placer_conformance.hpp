#pragma once
// The promises of every placer, checked from outside while it works: what it answers is legal and
// has room, it answers the same question the same way, it says why, it cannot know the future.
//
// Written without sim/run/legality.cpp and sim/cluster/cluster.cpp: the suite keeps a ledger of its
// own, so that a mistake there does not hide one here.

#include "tests/fixtures.hpp"

#include <functional>
#include <string>
#include <vector>

namespace headroom::test {

/// A promise that was broken. Checks: "legal", "same_answer", "freed", "remembers", "reason",
/// "fault", "ledger", "outcomes", "audit", "same_run", "lifetimes", "complete".
struct Complaint {
  std::string check;
  std::string text;
};

struct ConformanceCase {
  std::string name;
  ClusterSpec cluster;
  std::vector<Request> requests;  // by arrival
  ClusterDynamics dynamics = {};
};

/// Random mixed clusters with LLM deployments and opaque tasks, half of them with nodes that come
/// and go; the same on every machine.
[[nodiscard]] std::vector<ConformanceCase> conformance_cases();
/// The same for tests that go through all of them: under sanitizers one of either kind.
[[nodiscard]] std::vector<ConformanceCase> cases_to_run();

struct Candidate {
  std::string name;
  std::function<std::unique_ptr<Placer>(World&)> make;
  bool finds_all = false;  // it promises to find room whenever there is some
};

/// Runs the candidate on the case, several times, and returns what it got wrong: at most a few
/// complaints of each check.
[[nodiscard]] std::vector<Complaint> check_placer(const Candidate& candidate,
                                                  const ConformanceCase& conformance_case);

/// What is wrong with a layout, worked out from the cluster's specification and state; "" = legal.
[[nodiscard]] std::string illegal(const Cluster& cluster, const InternedShape& shape,
                                  const Layout& layout);

/// Who holds what, by node and device, from placements alone; and which nodes may hold anything.
class ShadowLedger final : public Observer {
 public:
  explicit ShadowLedger(const ClusterSpec& spec);

  void placed(SimTime now, const Placement& placement) override;
  void released(SimTime now, const Placement& placement, bool served) override;
  void lost(SimTime now, const Placement& placement, const Loss& loss) override;
  void node_changed(SimTime now, NodeId node, const NodeCondition& condition) override;
  void elapsed(SimTime from, SimTime to, const SystemState& state) override;

  /// "" as long as nothing was held twice or given back without being held.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }
  /// Whether all that was taken was given back.
  [[nodiscard]] bool empty() const;

 private:
  struct Device {
    std::int64_t milli = 0;
    Bytes bytes = 0;
    Bytes capacity = 0;
  };
  struct Node {
    std::vector<Device> devices;
    std::int64_t cpu = 0;
    Bytes ram = 0;
    std::int64_t cpu_capacity = 0;
    Bytes ram_capacity = 0;
    NodeCondition condition;
    std::int64_t placements = 0;
  };
  void complain(const std::string& text) {
    if (wrong_.empty()) wrong_ = text;
  }
  void apply(const Placement& placement, int sign);

  std::vector<Node> nodes_;
  std::map<NodeId, int> gone_;  // nodes that are gone, to their numbers of devices
  std::string wrong_;
};

}  // namespace headroom::test
