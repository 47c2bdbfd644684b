#include "policies/classical/node_score.hpp"

#include <algorithm>

namespace headroom {

NodeMeasure::NodeMeasure(const ClusterSpec& spec) {
  for (const NodeShape& shape : spec.shapes) {
    if (shape.cpu_milli < kNotCounted) most_cpu_milli_ = std::max(most_cpu_milli_, shape.cpu_milli);
    const std::int64_t gpu_milli = std::int64_t{kWholeGpu} * std::ssize(shape.gpus);
    most_gpu_milli_ = std::max(most_gpu_milli_, gpu_milli);
  }
}

double NodeMeasure::cpu(std::int64_t milli) const {
  if (most_cpu_milli_ == 0) return 0.0;
  return static_cast<double>(std::min(milli, most_cpu_milli_)) /
         static_cast<double>(most_cpu_milli_);
}

double NodeMeasure::gpu(std::int64_t milli) const {
  if (most_gpu_milli_ == 0) return 0.0;
  return static_cast<double>(milli) / static_cast<double>(most_gpu_milli_);
}

std::int64_t NodeMeasure::gpu_free(const NodeState& state) {
  std::int64_t milli = 0;
  for (const GpuState& gpu : state.gpus) milli += gpu.milli_free;
  return milli;
}

}  // namespace headroom
