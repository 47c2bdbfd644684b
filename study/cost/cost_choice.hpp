#pragma once
// Which cost model answers, and from which profiles.

#include "sim/cost/cost_model.hpp"
#include "sim/cost/gpu_times.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

inline const std::vector<std::string> kCostModels = {"fitted", "roofline"};

/// `measured` null: the roofline.
struct CostChoice {
  std::shared_ptr<const std::vector<GpuTimes>> measured;
};

/// The fits of `profiles`, in this order, then those that the program brings along. Error: an
/// unreadable profile, one of a CPU or without fits, or of a GPU that the catalogue does not have.
[[nodiscard]] Result<CostChoice> choose_cost(std::string_view model,
                                             std::span<const std::filesystem::path> profiles);

/// The roofline where nobody has measured the engine's kernels.
[[nodiscard]] std::unique_ptr<CostModel> make_cost(const CostChoice& choice,
                                                   std::string_view engine);

/// Where the speeds of some GPU types come from.
struct SpeedSource {
  std::string source;  // "measured: H200, ...", "roofline: estimate"
  std::vector<std::string> gpus;
};

/// Of models whose layers all have attention of the usual kind; each source once, in the order of
/// the types.
[[nodiscard]] std::vector<SpeedSource> speed_sources(const CostChoice& choice,
                                                     std::string_view engine,
                                                     std::span<const GpuType> gpus);

/// The profiles of the folder profiles/, which are part of the program.
[[nodiscard]] const std::vector<GpuTimes>& shipped_times();

}  // namespace headroom
