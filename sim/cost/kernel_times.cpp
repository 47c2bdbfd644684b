#include "sim/cost/kernel_times.hpp"

#include "sim/core/assert.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace headroom {
namespace {

constexpr int kOldestCapability = 80;  // FlashAttention's kernels need it, and bf16

double log_ratio(std::int64_t a, std::int64_t b) {
  return std::abs(std::log(static_cast<double>(a) / static_cast<double>(b)));
}

// How unlike two types are: by what bounds their kernels.
double distance(const GpuType& a, const GpuType& b) {
  return log_ratio(a.matrix_rate(), b.matrix_rate()) +
         log_ratio(a.memory_bandwidth, b.memory_bandwidth);
}

bool can_be_scaled_to(const GpuType& gpu) {
  return gpu.compute_capability >= kOldestCapability && gpu.matrix_rate() > 0 &&
         gpu.memory_bandwidth > 0;
}

// The sources in the order of the kernels, each with its kernels.
std::vector<std::pair<std::string, std::vector<std::string>>> grouped(
    std::span<const Kernel> kernels, const std::array<const GpuTimes*, kKernels.size()>& times) {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;
  for (const Kernel kernel : kernels) {
    const GpuTimes* of = times[static_cast<std::size_t>(kernel)];
    if (of == nullptr) continue;
    const std::string source = of->source(kernel);
    auto found = std::find_if(out.begin(), out.end(),
                              [&](const auto& entry) { return entry.first == source; });
    if (found == out.end()) found = out.insert(out.end(), {source, {}});
    found->second.push_back(kKernels[static_cast<std::size_t>(kernel)]);
  }
  return out;
}

}  // namespace

KernelTimes::KernelTimes(const GpuType& gpu, std::vector<GpuTimes> preferred)
    : gpu_(gpu), preferred_(std::make_shared<const std::vector<GpuTimes>>(std::move(preferred))) {
  for (std::size_t i = 0; i < by_kernel_.size(); ++i) {
    const auto found =
        std::find_if(preferred_->begin(), preferred_->end(),
                     [&](const GpuTimes& times) { return times.has(static_cast<Kernel>(i)); });
    if (found != preferred_->end()) by_kernel_[i] = &*found;
  }
}

KernelTimes::KernelTimes(const GpuTimes& times) : KernelTimes(times.gpu(), std::vector{times}) {}

KernelTimes KernelTimes::of(const GpuType& gpu, std::span<const GpuTimes> measured) {
  std::vector<GpuTimes> preferred;
  std::vector<const GpuTimes*> others;
  for (const GpuTimes& times : measured) {
    if (same_rates(times.gpu(), gpu)) {
      preferred.push_back(times.moved_to(gpu));
    } else if (can_be_scaled_to(gpu)) {
      others.push_back(&times);
    }
  }
  std::stable_sort(others.begin(), others.end(), [&](const GpuTimes* a, const GpuTimes* b) {
    return distance(a->gpu(), gpu) < distance(b->gpu(), gpu);
  });
  for (const GpuTimes* times : others) preferred.push_back(times->moved_to(gpu));
  return {gpu, std::move(preferred)};
}

Estimate KernelTimes::estimate(const KernelLoad& load, double link_bytes_per_s,
                               std::string_view implementation) const {
  const GpuTimes* times = by_kernel_[place(load.key.kernel)];
  HEADROOM_ASSERT(times != nullptr, "a kernel without a fit");
  return times->estimate(load, link_bytes_per_s, implementation);
}

std::string KernelTimes::source(std::span<const Kernel> kernels) const {
  const auto sources = grouped(kernels, by_kernel_);
  if (sources.size() == 1) return sources.front().first;
  std::string out;
  for (const auto& [source, names] : sources) {
    out += (out.empty() ? "" : "; ") + source + " (";
    for (std::size_t i = 0; i < names.size(); ++i) out += (i == 0 ? "" : ", ") + names[i];
    out += ")";
  }
  return out;
}

}  // namespace headroom
