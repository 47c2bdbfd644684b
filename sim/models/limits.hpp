#pragma once
// Ranges of the figures in a config.json: an order of magnitude or more above anything published,
// and small enough that no dimension of a tensor leaves int64. Products of dimensions are bounded
// by kMostParameters, which is checked in floating point before any is multiplied out.

#include <cstdint>

namespace headroom {

inline constexpr std::int64_t kMostLayers = 10'000;
inline constexpr std::int64_t kMostHidden = std::int64_t{1} << 20;
inline constexpr std::int64_t kMostHeads = 65'536;
inline constexpr std::int64_t kMostHeadDim = 65'536;
inline constexpr std::int64_t kMostAttentionWidth = std::int64_t{1} << 22;
inline constexpr std::int64_t kMostMlpWidth = std::int64_t{1} << 24;
inline constexpr std::int64_t kMostVocab = std::int64_t{1} << 26;
inline constexpr std::int64_t kMostPositions = std::int64_t{1} << 26;
inline constexpr std::int64_t kMostContext = std::int64_t{1} << 31;
inline constexpr std::int64_t kMostExperts = 65'536;
inline constexpr std::int64_t kMostState = 65'536;  // state values, groups, taps of a convolution
inline constexpr std::int64_t kMostGroup = std::int64_t{1} << 20;  // weights that share a scale
/// Kinds of layer in a model: TextArch names them by a byte.
inline constexpr std::size_t kMostKinds = 256;
/// Parameters of a model, its encoders included.
inline constexpr double kMostParameters = 1e15;

}  // namespace headroom
