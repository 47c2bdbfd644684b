#pragma once
// Small worlds for tests: clusters, requests, placers made of a function, and a run that remembers
// what happened.

#include "sim/cost/cost_model.hpp"
#include "sim/engine/engine.hpp"
#include "sim/observe/observer.hpp"
#include "sim/plan/plan_space.hpp"
#include "sim/plan/shape_table.hpp"
#include "sim/run/simulation.hpp"
#include "tests/support.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::test {

/// Equal nodes. Their names count through the whole cluster: "n0", "n1", ...
struct Group {
  std::string gpu;  // of the catalogue, or of `own` below; "" = CPU nodes
  int gpus = 0;
  int nodes = 1;
  std::int64_t cpu_milli = kNotCounted;
  Bytes ram = kNotCounted;
  Bytes used = 0;  // on every device
  std::int64_t storage_bandwidth = 0;
};

[[nodiscard]] ClusterSpec cluster_of(const std::vector<Group>& groups,
                                     const std::vector<GpuType>& own = {});
/// A GPU type with round figures: 1 TB/s, 100 TFLOP/s, 100 GB/s links, 1 price unit.
[[nodiscard]] GpuType own_gpu(std::string name, Bytes memory);

/// 8,192 tokens of context, 16 sequences, U = 0.92, whole GPUs.
[[nodiscard]] Request llm_request(std::string name, std::string_view model,
                                  std::int64_t arrival_s = 0, std::int64_t lifetime_s = 3600);
[[nodiscard]] LlmDeployment& llm_of(Request& request);
/// `gpus` whole GPUs, or one with this many milli, or none.
[[nodiscard]] Request opaque_request(std::string name, int gpus, std::int64_t arrival_s = 0,
                                     std::int64_t lifetime_s = 3600, int milli = kWholeGpu);

[[nodiscard]] inline SimTime at(std::int64_t seconds) {
  return SimTime(std::chrono::seconds(seconds));
}

/// These requests in this order, then the error if there is one.
class ListSource final : public RequestSource {
 public:
  explicit ListSource(std::vector<Request> requests, std::optional<Error> error = std::nullopt)
      : requests_(std::move(requests)), error_(std::move(error)) {}
  [[nodiscard]] Result<std::optional<Request>> next() override;

 private:
  std::vector<Request> requests_;
  std::optional<Error> error_;
  std::size_t next_ = 0;
};

/// A cluster with engine rules, cost model and plan space. All refer to each other: it stays put.
/// Plan space and registered placers remember shapes by id, and every run has ids of its own: run()
/// renews the plan space, a placer serves one run (or the questions of ask()).
class World {
 public:
  explicit World(ClusterSpec cluster_spec, const MemoryOverheads& overheads = {});
  World(ClusterSpec cluster_spec, std::unique_ptr<EngineRules> engine_rules,
        std::unique_ptr<CostModel> cost_model);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const std::uint64_t number = next_number();  // no other has it
  const ClusterSpec spec;
  const std::unique_ptr<EngineRules> engine;
  const std::unique_ptr<CostModel> cost;

 private:
  [[nodiscard]] static std::uint64_t next_number();
  std::optional<PlanSpace> plan_storage_;

 public:
  PlanSpace& plans;
  ShapeTable shapes;
  Cluster cluster;  // beside any run, for asking placers and searches directly

  /// Forgets what was worked out by shape.
  void renew_plans() { plan_storage_.emplace(spec, *engine, *cost); }
  [[nodiscard]] PlacerContext context() { return {spec, plans}; }
  [[nodiscard]] const InternedShape& intern(const Request& request) {
    return shapes.intern(request.shape);
  }
  /// Asks a placer on `cluster` as it is.
  [[nodiscard]] Decision ask(Placer& placer, const Request& request,
                             std::vector<PassedOver>* log = nullptr);
  /// Takes what an accepted decision names. Fails the test if it is illegal.
  std::vector<NodeHolding> take(const Request& request, const Layout& layout);
};

/// Builds a registered policy with the options of this TOML text. Fails the test on an error.
[[nodiscard]] std::unique_ptr<Placer> make_policy(World& world, const std::string& name,
                                                  std::string_view options = "");

/// A placer that is one function. Takes all kinds.
class FunctionPlacer final : public Placer {
 public:
  using Function = std::function<Decision(const PlacementRequest&, const Cluster&)>;
  explicit FunctionPlacer(Function function) : function_(std::move(function)) {}
  [[nodiscard]] std::string_view name() const override { return "function"; }
  [[nodiscard]] bool takes(RequestKind) const override { return true; }
  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>*) override {
    return function_(request, cluster);
  }

 private:
  Function function_;
};

/// Remembers a run as lines of text and by request.
class Recorder final : public Observer {
 public:
  void submitted(SimTime now, RequestId id, const Request& request,
                 const InternedShape& shape) override;
  void decided(SimTime now, RequestId id, std::string_view placer, const Decision& decision,
               std::span<const PassedOver> passed_over) override;
  void placed(SimTime now, const Placement& placement) override;
  void refused(SimTime now, const Placement& placement, const Refusal& refusal,
               int attempt) override;
  void ready(SimTime now, const Placement& placement) override;
  void lost(SimTime now, const Placement& placement, const Loss& loss) override;
  void node_changed(SimTime now, NodeId node, const NodeCondition& condition) override;
  void released(SimTime now, const Placement& placement, bool served) override;
  void finished(SimTime now, const Request& request, const InternedShape& shape,
                const OutcomeRecord& record) override;
  void ended(SimTime now) override;

  /// "60 arrives b", "60 no b: no_room", "75 placed b: TP 2 x PP 1 on n0[0,1]", "90 ready b",
  /// "100 refused b: vllm.heads", "120 released b", "120 finished b: placed"; "50 node n0: down",
  /// "50 lost b: node_down on n0".
  std::vector<std::string> lines;
  std::map<std::string, OutcomeRecord> outcomes;
  std::map<std::string, std::vector<Placement>> placements;  // shape pointers are dead after a run
  std::optional<SimTime> end;
  bool with_decisions = false;  // lines for what was not placed, too

  [[nodiscard]] std::string outcome(const std::string& request) const;
  /// The outcome with its reason and, where it applies, "(timeout)".
  [[nodiscard]] std::string ending(const std::string& request) const;

 private:
  std::map<RequestId, std::string> names_;
};

/// "n0[0,1]+n1[0,1]" of a placement in a cluster of cluster_of.
[[nodiscard]] std::string where(const Placement& placement);

struct RunSetup {
  SimulationOptions simulation = {};
  std::string queue = "fifo-skip";
  std::vector<Observer*> observers = {};
  Placer* base_placer = nullptr;  // null = first-fit
};

/// Runs the requests under this placer and fails the test on an error.
[[nodiscard]] Recorder run(World& world, Placer& placer, std::vector<Request> requests,
                           const RunSetup& setup = {});
/// As above with a registered policy.
[[nodiscard]] Recorder run(World& world, const std::string& policy, std::vector<Request> requests,
                           const RunSetup& setup = {});

}  // namespace headroom::test
