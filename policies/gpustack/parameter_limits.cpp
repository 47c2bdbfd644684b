#include "policies/gpustack/parameter_limits.hpp"

#include "policies/gpustack/gpu_count.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace headroom::gpustack {
namespace {

constexpr double kMillion = 1e6;

constexpr std::array<std::string_view, 2> kShares = {"gpu-memory-utilization",
                                                     "mem-fraction-static"};
constexpr std::array<std::string_view, 14> kSizes = {"tensor-parallel-size",
                                                     "tp",
                                                     "tp-size",
                                                     "pipeline-parallel-size",
                                                     "pp",
                                                     "pp-size",
                                                     "prefill-context-parallel-size",
                                                     "pcp",
                                                     "data-parallel-size",
                                                     "dp",
                                                     "dp-size",
                                                     "data-parallel-size-local",
                                                     "dpl",
                                                     "nnodes"};

std::string bad(std::string_view name, const std::string& value, std::string_view allowed) {
  return fmt::format("--{} is '{}', but must be {}", name, value, allowed);
}

}  // namespace

std::optional<std::string> bad_parameter(const Parameters& parameters) {
  for (const std::string_view name : kShares) {
    const auto text = parameters.text({name});
    if (!text) continue;
    const double share = parameters.number({name}).value_or(0);
    if (share * kMillion >= 1 && share <= 1) continue;
    return bad(name, *text, "above 0 (a millionth at least) and up to 1");
  }
  for (const std::string_view name : kSizes) {
    const auto text = parameters.text({name});
    if (!text) continue;
    const int size = parameters.integer({name}).value_or(0);
    if (size >= 1 && size <= kLargestSize) continue;
    return bad(name, *text, fmt::format("from 1 to {}", kLargestSize));
  }
  return std::nullopt;
}

std::optional<std::int64_t> started_utilisation(const Parameters& parameters, Backend backend) {
  const auto share = parameters.number({utilisation_name(backend)});
  if (!share) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(*share * kMillion));
}

std::string_view utilisation_name(Backend backend) {
  return backend == Backend::vllm ? kShares[0] : kShares[1];
}

}  // namespace headroom::gpustack
