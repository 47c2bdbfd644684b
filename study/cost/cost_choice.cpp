#include "study/cost/cost_choice.hpp"

#include "sim/core/assert.hpp"
#include "sim/cost/fitted_cost.hpp"
#include "study/cost/shipped_profiles.hpp"
#include "study/profile/fitted_gpu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace headroom {
namespace {

GpuTimes read_shipped(const ShippedProfile& shipped) {
  std::string text;
  for (const std::string_view line : shipped.lines) text += line;
  const auto profile = profile::parse_profile(text, std::string(shipped.name));
  HEADROOM_ASSERT(profile.has_value(), "a shipped profile is broken");
  auto times = profile::gpu_times_of(*profile);
  HEADROOM_ASSERT(times.has_value(), "a shipped profile has no fits");
  return std::move(*times);
}

}  // namespace

const std::vector<GpuTimes>& shipped_times() {
  static const std::vector<GpuTimes> all = [] {
    std::vector<GpuTimes> out;
    for (const ShippedProfile& shipped : shipped_profiles()) out.push_back(read_shipped(shipped));
    return out;
  }();
  return all;
}

Result<CostChoice> choose_cost(std::string_view model,
                               std::span<const std::filesystem::path> profiles) {
  if (model == "roofline") return CostChoice{};
  std::vector<GpuTimes> measured;
  for (const std::filesystem::path& file : profiles) {
    HEADROOM_TRY(const profile::Profile read, profile::read_profile(file));
    auto times = profile::gpu_times_of(read);
    if (!times) return fail(times.error().message, {file.string()}, times.error().hint);
    measured.push_back(std::move(*times));
  }
  const std::vector<GpuTimes>& shipped = shipped_times();
  measured.insert(measured.end(), shipped.begin(), shipped.end());
  return CostChoice{std::make_shared<const std::vector<GpuTimes>>(std::move(measured))};
}

std::vector<SpeedSource> speed_sources(const CostChoice& choice, std::string_view engine,
                                       std::span<const GpuType> gpus) {
  Model usual;
  usual.text = dense_decoder({1, 1024, 8, 8, 128, 4096, 32'768});
  const auto cost = make_cost(choice, engine);
  std::vector<SpeedSource> out;
  for (const GpuType& gpu : gpus) {
    const std::string source = cost->source(gpu, usual);
    const auto same = std::find_if(out.begin(), out.end(),
                                   [&](const SpeedSource& s) { return s.source == source; });
    SpeedSource& entry = same == out.end() ? out.emplace_back(SpeedSource{source, {}}) : *same;
    entry.gpus.push_back(gpu.name);
  }
  return out;
}

std::unique_ptr<CostModel> make_cost(const CostChoice& choice, std::string_view engine) {
  const auto traits = engine_traits(engine);
  if (choice.measured == nullptr || !traits) return make_roofline();
  return make_fitted_cost(*choice.measured, *traits);
}

}  // namespace headroom
