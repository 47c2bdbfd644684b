#include "sim/hardware/gpu_type.hpp"

#include "sim/core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace headroom {
namespace {

constexpr std::int64_t kGiga = 1'000'000'000;
constexpr std::int64_t kTera = 1'000 * kGiga;

// Memory as vendors name it, dense matrix rates, link bandwidth of one direction (NVLink where the
// board has it, else PCIe). Prices are rough on-demand cloud prices: they only order types.
std::vector<GpuType> make_catalogue() {
  const std::string recalled = "recalled";
  return {
      {"P100", 16 * kGiB, 732 * kGiga, 19 * kTera, 16 * kGiga, 1'460, recalled},
      {"T4", 16 * kGiB, 320 * kGiga, 65 * kTera, 16 * kGiga, 350, recalled},
      {"V100M16", 16 * kGiB, 900 * kGiga, 125 * kTera, 150 * kGiga, 2'480, recalled},
      {"V100M32", 32 * kGiB, 900 * kGiga, 125 * kTera, 150 * kGiga, 2'480, recalled},
      {"A10", 24 * kGiB, 600 * kGiga, 125 * kTera, 32 * kGiga, 1'000, recalled},
      {"L4", 24 * kGiB, 300 * kGiga, 121 * kTera, 32 * kGiga, 700, recalled},
      {"RTX-3090", 24 * kGiB, 936 * kGiga, 71 * kTera, 32 * kGiga, 500, recalled},
      {"RTX-4090", 24 * kGiB, 1'008 * kGiga, 165 * kTera, 32 * kGiga, 700, recalled},
      {"A6000", 48 * kGiB, 768 * kGiga, 155 * kTera, 32 * kGiga, 1'200, recalled},
      {"L40S", 48 * kGiB, 864 * kGiga, 362 * kTera, 32 * kGiga, 1'800, recalled},
      {"A100-40GB", 40 * kGiB, 1'555 * kGiga, 312 * kTera, 300 * kGiga, 3'000, recalled},
      {"A100-80GB", 80 * kGiB, 2'039 * kGiga, 312 * kTera, 300 * kGiga, 4'000, recalled},
      {"H100-80GB", 80 * kGiB, 3'350 * kGiga, 989 * kTera, 450 * kGiga, 8'000, recalled},
      {"H200", 141 * kGiga, 4'800 * kGiga, 989 * kTera, 450 * kGiga, 10'000, recalled},
  };
}

}  // namespace

std::span<const GpuType> gpu_catalogue() {
  static const std::vector<GpuType> catalogue = make_catalogue();
  return catalogue;
}

Result<GpuType> find_gpu_type(std::string_view name) {
  const auto catalogue = gpu_catalogue();
  const auto found = std::find_if(catalogue.begin(), catalogue.end(),
                                  [&](const GpuType& type) { return type.name == name; });
  if (found != catalogue.end()) return *found;
  std::vector<std::string> names;
  for (const auto& type : catalogue) names.push_back(type.name);
  return fail(fmt::format("unknown GPU type '{}'", name), {},
              suggest(name, names) +
                  " An undisclosed type needs a line in [gpu_alias], a new one a [[gpu]] table");
}

}  // namespace headroom
