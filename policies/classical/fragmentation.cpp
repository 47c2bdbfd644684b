#include "policies/classical/fragmentation.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace headroom {
namespace {

// The most of `idle` devices that groups of these sizes cover.
int covered(std::span<const int> sizes, int idle) {
  std::vector<bool> reached(static_cast<std::size_t>(idle) + 1, false);
  reached[0] = true;
  int most = 0;
  for (int sum = 1; sum <= idle; ++sum) {
    const bool reaches = std::any_of(sizes.begin(), sizes.end(), [&](int size) {
      return size <= sum && reached[static_cast<std::size_t>(sum - size)];
    });
    reached[static_cast<std::size_t>(sum)] = reaches;
    if (reaches) most = sum;
  }
  return most;
}

}  // namespace

Fragmentation::Fragmentation(const ClusterSpec& cluster, std::span<const TypicalRequest> typical,
                             Counts counts)
    : counts_(counts), needs_(cluster.gpu_types.size()), devices_(cluster.shapes.size()) {
  for (const TypicalRequest& request : typical) {
    Asked asked{request.share, request.cpu_milli, request.gpus, {}};
    for (std::size_t type = 0; type < needs_.size() && request.gpus; ++type) {
      asked.need.emplace_back();
      if (const auto& need = request.by_type[type]) asked.need.back() = intern(type, *need);
    }
    asked_.push_back(std::move(asked));
  }
  for (std::size_t shape = 0; shape < cluster.shapes.size(); ++shape) {
    const auto& types = cluster.shapes[shape].gpus;
    auto& groups = devices_[shape];
    for (std::size_t i = 0; i < types.size(); ++i) {
      auto group = std::find_if(groups.begin(), groups.end(),
                                [&](const Devices& d) { return d.type == types[i]; });
      if (group == groups.end()) group = groups.insert(group, Devices{types[i], {}});
      group->index.push_back(i);
    }
  }
}

std::size_t Fragmentation::intern(std::size_t type, const GpuNeed& need) {
  auto& known = needs_[type];
  const auto found = std::find(known.begin(), known.end(), need);
  const auto number = static_cast<std::size_t>(found - known.begin());
  if (found == known.end()) known.push_back(need);
  return number;
}

double Fragmentation::of(const NodeState& state) {
  Sums sums{};
  for (const Devices& devices : devices_[index(state.shape)]) add(state, devices, sums);
  double out = 0.0;
  for (std::size_t kind = 0; kind < sums.size(); ++kind) {
    if (kind != usable) out += sums[kind];
  }
  return out;
}

Fragmentation::Answer Fragmentation::answer(const GpuNeed& need) const {
  Answer out;
  int fitting = 0;
  for (const int milli : free_) {
    const bool fits = milli >= need.milli;
    fitting += fits ? 1 : 0;
    out.unusable += fits ? 0 : milli;
  }
  out.enough = fitting >= need.least();
  if (counts_ == Counts::sizes && out.enough && need.milli == kWholeGpu) {
    out.unusable += std::int64_t{kWholeGpu} * (fitting - covered(need.sizes, fitting));
  }
  return out;
}

void Fragmentation::add(const NodeState& state, const Devices& devices, Sums& sums) {
  free_.clear();
  for (const std::size_t device : devices.index) free_.push_back(state.gpus[device].milli_free);
  answers_.clear();
  for (const GpuNeed& need : needs_[index(devices.type)]) answers_.push_back(answer(need));
  const auto all =
      static_cast<double>(std::accumulate(free_.begin(), free_.end(), std::int64_t{0}));
  for (const Asked& asked : asked_) {
    const bool cpu = state.cpu_free >= asked.cpu_milli;
    if (!asked.gpus) {
      sums[cpu ? no_gpu_low : no_gpu_high] += asked.share * all;
      continue;
    }
    const auto need = asked.need[index(devices.type)];
    if (!need) {
      sums[wrong_type] += asked.share * all;
      continue;
    }
    const Answer& answer = answers_[*need];
    if (answer.enough && cpu) {
      const auto unusable = static_cast<double>(answer.unusable);
      sums[cpu_only] += asked.share * unusable;
      sums[usable] += asked.share * (all - unusable);
    } else if (answer.enough) {
      sums[gpu_only] += asked.share * all;
    } else {
      sums[cpu ? cpu_only : neither] += asked.share * all;
    }
  }
}

}  // namespace headroom
