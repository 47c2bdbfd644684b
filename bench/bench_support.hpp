#pragma once
// What the benchmark programs share: clusters of equal nodes, a bed of parts that a placer needs, a
// stream that replays a list, a folder that goes away. Invented inputs only.

#include "sim/cluster/cluster.hpp"
#include "sim/core/result.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/engine/engine.hpp"
#include "sim/plan/plan_space.hpp"
#include "sim/workload/request.hpp"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace headroom::bench {

/// The value, or an exception with the error's text: a benchmark has no one to hand an error to.
template <class T>
T require(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline constexpr int kGpusPerNode = 8;

/// `nodes` equal nodes: 8 GPUs of 80 GiB, 96 vCPU, 1 TiB.
inline ClusterSpec equal_nodes(std::int64_t nodes) {
  ClusterSpec spec;
  const GpuTypeId type = require(spec.intern_gpu("A100-80GB", {}));
  NodeShape shape;
  shape.gpus.assign(kGpusPerNode, type);
  shape.cpu_milli = 96'000;
  shape.ram = 1024 * kGiB;
  const NodeShapeId id = spec.intern_shape(shape);
  for (std::int64_t i = 0; i < nodes; ++i) {
    spec.nodes.push_back({"n" + std::to_string(i), id, {}});
  }
  return spec;
}

/// A cluster's description with the rules, costs and plans that go with it.
struct Bed {
  explicit Bed(ClusterSpec cluster) : spec(std::move(cluster)) {}

  ClusterSpec spec;
  std::unique_ptr<EngineRules> engine = require(make_engine("vllm", {}));
  std::unique_ptr<CostModel> cost = make_roofline();
  PlanSpace plans{spec, *engine, *cost};
};

/// Requests from a list that outlives it.
class ListSource final : public RequestSource {
 public:
  explicit ListSource(const std::vector<Request>& requests) : requests_(requests) {}
  [[nodiscard]] Result<std::optional<Request>> next() override {
    if (next_ == requests_.size()) return std::nullopt;
    return requests_[next_++];
  }

 private:
  const std::vector<Request>& requests_;
  std::size_t next_ = 0;
};

/// A fresh folder below the system's temporary one, removed with the object.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "headroom-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace headroom::bench
