#pragma once
// What arrives: requests for deployments and opaque tasks, and where they come from.
//
// A Request's shape is everything a decision may depend on apart from who asks and when. Shapes are
// interned (sim/plan/shape_table.hpp): equal shapes are asked for once and remembered.

#include "sim/core/ids.hpp"
#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "sim/engine/engine.hpp"
#include "sim/models/model.hpp"
#include "sim/workload/degradation.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace headroom {

/// One replica of a model on its GPUs.
struct LlmDeployment {
  std::shared_ptr<const Model> model;  // compared by identity: one object per model in a run
  ServingLimits limits;
  bool shared = false;          // may share its GPUs: then bytes decide, not whole devices
  std::vector<int> allowed_tp;  // ascending; empty = any
  /// What may be done where no plan has room as asked, in the order in which it is tried.
  std::vector<Degradation> degradations = {};

  [[nodiscard]] bool allows_tp(int tp) const {
    return allowed_tp.empty() || std::binary_search(allowed_tp.begin(), allowed_tp.end(), tp);
  }

  friend bool operator==(const LlmDeployment&, const LlmDeployment&) = default;
};

/// So many whole GPUs, or a share of one, or none, as published traces record it.
struct OpaqueTask {
  int gpus = 0;      // 0 = CPU only
  int milli = 1000;  // per GPU, 1..1000; below 1000 only with gpus == 1
  friend bool operator==(const OpaqueTask&, const OpaqueTask&) = default;
};

enum class RequestKind { llm, opaque };

struct RequestShape {
  std::variant<LlmDeployment, OpaqueTask> what;
  std::int64_t cpu_milli = 0;             // of the whole request; split over nodes by GPUs
  Bytes ram = 0;                          // likewise
  std::vector<std::string> allowed_gpus;  // type names, sorted; empty = any

  [[nodiscard]] RequestKind kind() const {
    return std::holds_alternative<LlmDeployment>(what) ? RequestKind::llm : RequestKind::opaque;
  }
  [[nodiscard]] const LlmDeployment& llm() const { return std::get<LlmDeployment>(what); }
  [[nodiscard]] const OpaqueTask& opaque() const { return std::get<OpaqueTask>(what); }

  friend bool operator==(const RequestShape&, const RequestShape&) = default;
};

/// As in Kubernetes, whose users may take priorities up to here.
inline constexpr int kMostPriority = 1'000'000'000;

struct Request {
  std::string name;  // unique in its trace
  SimTime arrival{};
  Duration lifetime{};               // LLM: from ready; opaque: from start. Hidden from policies.
  std::optional<Duration> declared;  // what the requester says it will take; policies may see it
  RequestShape shape;
  std::string group;  // non-empty: one of `group_size` requests that belong together
  int group_size = 1;
  std::string tenant = {};  // user, team or virtual cluster; empty = not said
  int priority = 0;         // higher is more urgent, -kMostPriority..kMostPriority
};

/// A stream of requests in order of arrival. One pass; nothing is kept.
class RequestSource {
 public:
  virtual ~RequestSource() = default;
  /// The next request, nullopt at the end. Errors name file, line, column, value and reason;
  /// after one the source is done.
  [[nodiscard]] virtual Result<std::optional<Request>> next() = 0;
};

}  // namespace headroom
