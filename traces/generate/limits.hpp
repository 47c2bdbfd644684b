#pragma once
// Bounds of a generator file, within which no sum or product leaves its type.

#include <cstdint>

namespace headroom {

inline constexpr double kLeastRate = 1e-6;  // moments an hour
inline constexpr double kMostRate = 1e9;
/// Fewer, and one gap could cross more states than anyone can wait for.
inline constexpr double kLeastMomentsPerDwell = 1e-3;
inline constexpr double kMostWeight = 1e12;
inline constexpr std::int64_t kMostOfBatch = 1'000'000;  // tasks
inline constexpr double kLeastLifetime = 1e-3;           // s, of a median or scale
inline constexpr double kMostLifetime = 10.0 * 365 * 24 * 3600;

}  // namespace headroom
