#pragma once
// Which models a pool of GPUs does not hold, and what would change that.

#include "study/fit/fit.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headroom {

/// Most GPUs per node that are tried.
inline constexpr int kMostPoolGpusPerNode = 16;

/// GPUs per node, at the number of nodes there is, with which a model starts on this type.
struct PoolChange {
  GpuTypeId gpu{};
  int gpus_per_node = 0;
  int nodes = 0;  // of this type with a largest node, as there are
  FitPlan plan;   // on those nodes
};

struct PoolEntry {
  std::shared_ptr<const Model> model;
  std::optional<FitPlan> plan;      // nullopt: the pool does not hold it
  bool held_by_others = false;      // only because others hold the memory that it needs
  std::string why_not;              // of the plan that comes nearest
  std::vector<PoolChange> changes;  // where it does not, by type; empty: no node that is sold helps
};

struct PoolAnswer {
  FitQuestion question;  // the model is of no account
  std::vector<PoolEntry> entries;
};

/// Error: as answer_fit.
[[nodiscard]] Result<PoolAnswer> answer_pool(
    const FitQuestion& question, const std::vector<std::shared_ptr<const Model>>& models);

}  // namespace headroom
