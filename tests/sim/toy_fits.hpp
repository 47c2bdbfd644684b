#pragma once
// Fits without a correction: times that a hand calculation gives.

#include "sim/cost/gpu_times.hpp"
#include "tests/fixtures.hpp"

namespace headroom::test {

/// 1 TB/s, 100 TFLOP/s, NVLink at 100 GB/s.
inline GpuType round_gpu() {
  GpuType gpu = own_gpu("round", 80 * kGiB);
  gpu.compute_capability = 90;
  gpu.nvlink_bandwidth = 100'000'000'000;
  return gpu;
}

/// Measured at any size.
inline FittedTime toy_fit(FitKey key, TimeForm form) {
  std::vector<LogGrid::Axis> axes;
  for (const std::string& name : axis_names(key.kernel)) axes.push_back({name, {1.0}});
  FittedTime fit{key, "toy", form, require_value(LogGrid::make(std::move(axes))), {0}, {true}, {},
                 {},  {},    ""};
  return fit;
}

inline FittedTime matmul_fit(TimeForm form, ElementType type = ElementType::bf16) {
  FitKey key;
  key.kernel = Kernel::matmul;
  key.type = type;
  return toy_fit(key, form);
}

inline FittedTime decode_fit(std::int64_t head_dim, TimeForm form) {
  FitKey key;
  key.kernel = Kernel::decode;
  key.head_dim = head_dim;
  return toy_fit(key, form);
}

inline FittedTime prefill_fit(std::int64_t head_dim, TimeForm form) {
  FitKey key;
  key.kernel = Kernel::prefill;
  key.head_dim = head_dim;
  return toy_fit(key, form);
}

}  // namespace headroom::test
