#pragma once
// What no row of a trace may exceed: far beyond any cluster there is, and small enough that sums of
// a whole trace stay inside their integers.

#include "sim/core/units.hpp"

#include <cstdint>

namespace headroom {

inline constexpr std::int64_t kMaxTaskGpus = 1'000'000;
inline constexpr std::int64_t kMaxCpuMilli = 1'000'000'000'000;  // a thousand million vCPUs
inline constexpr Bytes kMaxRam = Bytes{1} << 50;                 // a PiB
inline constexpr std::int64_t kMaxTokens = 100'000'000;          // context, step
inline constexpr std::int64_t kMaxSequences = 1'000'000;
inline constexpr std::int64_t kMaxParallel = 1'024;

}  // namespace headroom
