#include "sim/cost/gpu_times.hpp"

#include "sim/core/assert.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

namespace headroom {
namespace {

// fp16 and bf16 are the same work for all that measures them.
ElementType width_of(ElementType type) {
  return type == ElementType::fp16 ? ElementType::bf16 : type;
}

FitKey plain(FitKey key) {
  key.type = width_of(key.type);
  key.kv_type = width_of(key.kv_type);
  return key;
}

// How far a fit's key is from what is asked for; least is nearest.
auto distance(const FitKey& fit, const FitKey& asked) {
  const double dims = fit.head_dim > 0 && asked.head_dim > 0
                          ? std::abs(std::log2(static_cast<double>(fit.head_dim) /
                                               static_cast<double>(asked.head_dim)))
                          : 0.0;
  return std::tuple(fit.topology != asked.topology, fit.gpus_per_node != asked.gpus_per_node,
                    fit.type != asked.type, fit.kv_type != asked.kv_type, dims);
}

// An estimate by a fit of something else than what was asked for.
Estimate beyond(const FittedTime& fit, Estimate estimate) {
  estimate.basis = Basis::extrapolated;
  estimate.low_us = estimate.us * fit.outside.low;
  estimate.high_us = estimate.us * fit.outside.high;
  return estimate;
}

// What work takes where nothing is in its way.
double least_us(const Work& work, const Rates& rates) {
  const std::array<double, 6> terms = form_terms(work, rates);
  return std::max({terms[1], terms[2], terms[4]});
}

}  // namespace

Rates rates_of(const GpuType& gpu, ElementType type, double link_bytes_per_s) {
  const std::int64_t flops =
      type == ElementType::fp8 && gpu.fp8_rate > 0 ? gpu.fp8_rate : gpu.matrix_rate();
  return {static_cast<double>(flops), static_cast<double>(gpu.memory_bandwidth),
          link_bytes_per_s > 0.0 ? link_bytes_per_s : static_cast<double>(gpu.link_bandwidth())};
}

bool same_rates(const GpuType& a, const GpuType& b) {
  const auto rates = [](const GpuType& gpu) {
    return std::tuple(gpu.compute_capability, gpu.memory_bandwidth, gpu.bf16_rate, gpu.fp16_rate,
                      gpu.fp8_rate, gpu.nvlink_bandwidth);
  };
  return rates(a) == rates(b);
}

GpuTimes::GpuTimes(const GpuType& gpu, std::string tables, std::vector<FittedTime> fits)
    : gpu_(gpu),
      measured_on_(gpu),
      tables_(std::move(tables)),
      fits_(std::make_shared<const std::vector<FittedTime>>(std::move(fits))) {}

GpuTimes GpuTimes::moved_to(const GpuType& gpu) const {
  GpuTimes moved = *this;
  moved.gpu_ = gpu;
  return moved;
}

std::string GpuTimes::source_of(const std::string& tables) const {
  const char* how = moved() ? "scaled from " : "measured: ";
  return how + measured_on_.name + ", " + tables;
}

std::string GpuTimes::source() const { return source_of(tables_); }

std::string GpuTimes::source(Kernel kernel) const {
  std::set<std::string> tables;
  for (const FittedTime& fit : *fits_) {
    if (fit.key.kernel == kernel && !fit.fitted_to.empty()) tables.insert(fit.fitted_to);
  }
  if (tables.empty()) return source();
  std::string out;
  for (const std::string& one : tables) out += (out.empty() ? "" : "; ") + one;
  return source_of(out);
}

bool GpuTimes::has(Kernel kernel) const {
  return std::any_of(fits_->begin(), fits_->end(),
                     [&](const FittedTime& fit) { return fit.key.kernel == kernel; });
}

const FittedTime& GpuTimes::nearest(const FitKey& asked) const {
  const FittedTime* out = nullptr;
  for (const FittedTime& fit : *fits_) {
    if (fit.key.kernel != asked.kernel) continue;
    const bool nearer =
        out == nullptr || distance(plain(fit.key), asked) < distance(plain(out->key), asked);
    if (nearer) out = &fit;
  }
  HEADROOM_ASSERT(out != nullptr, "a kernel without a fit");
  return *out;
}

Estimate GpuTimes::estimate(const KernelLoad& load, double link_bytes_per_s,
                            std::string_view implementation) const {
  const FitKey asked = plain(load.key);
  const Rates rates = rates_of(gpu_, asked.type, link_bytes_per_s);
  const FitKey key = plain(nearest(asked).key);
  const FittedTime* best = nullptr;
  Estimate estimate;
  // Of fits of one key one that knows these sizes goes before the preferred one.
  const auto rank = [&](const FittedTime& fit, const Estimate& of) {
    return std::pair(of.basis == Basis::extrapolated,
                     !fit.implementation.starts_with(implementation));
  };
  for (const FittedTime& fit : *fits_) {
    if (plain(fit.key) != key) continue;
    const Estimate of = fit.estimate(load, rates);
    if (best != nullptr && rank(*best, estimate) <= rank(fit, of)) continue;
    best = &fit;
    estimate = of;
  }
  const bool other_link = link_bytes_per_s > 0.0 &&
                          link_bytes_per_s != static_cast<double>(measured_on_.link_bandwidth());
  if (key != asked || moved() || (load.work.wire_bytes > 0.0 && other_link)) {
    estimate = beyond(*best, estimate);
  }
  if (moved()) {
    // Whether it scales with the rates, or not at all, is not known of any size; but nothing is
    // faster than the rates.
    const Rates old = rates_of(measured_on_, asked.type, link_bytes_per_s);
    const Estimate unmoved = beyond(*best, best->estimate(load, old));
    estimate.low_us = std::min(estimate.low_us, unmoved.low_us);
    estimate.low_us = std::max(estimate.low_us, std::min(estimate.us, least_us(load.work, rates)));
    estimate.high_us = std::max(estimate.high_us, unmoved.high_us);
  }
  return estimate;
}

}  // namespace headroom
