#pragma once
// How much slower or faster one profile is than another, point by point: docs/profile.md.

#include "study/profile/profile.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace headroom::profile {

/// Points of one shape in both profiles; implementation and page may differ.
struct Pair {
  const Point* a = nullptr;
  const Point* b = nullptr;
  bool hot = true;     // of hot medians, else of cold ones
  double ratio = 1.0;  // b / a
};

struct RatioSummary {
  std::string what;  // an op, and for attention "hot" or "cold"
  std::size_t pairs = 0;
  double geometric_mean = 1.0;
  double p25 = 1.0;
  double median = 1.0;
  double p75 = 1.0;
};

/// Of what has one time: collectives, matrix products, latent attention.
template <class Item>
struct Compared {
  struct Pair {
    const Item* a = nullptr;
    const Item* b = nullptr;
    double ratio = 1.0;  // b / a
  };
  std::vector<Pair> pairs;  // most different first
  std::vector<RatioSummary> summary;
  std::size_t only_a = 0;
  std::size_t only_b = 0;
};

struct Comparison {
  const Profile* a = nullptr;
  const Profile* b = nullptr;
  std::vector<Pair> pairs;  // most different first
  std::vector<RatioSummary> attention_summary;
  std::size_t only_a = 0;
  std::size_t only_b = 0;
  std::size_t incomparable = 0;  // one is hot alone, the other cold alone
  Compared<Collective> collectives;
  Compared<Matmul> matmuls;
  Compared<LatentPoint> latent_attention;
};

/// Both have to outlive it. Error: one is of a CPU, the other of a GPU.
[[nodiscard]] Result<Comparison> compare(const Profile& a, const Profile& b);

/// Tables, with the `most` largest differences.
[[nodiscard]] std::string compare_text(const Comparison& comparison, std::size_t most);
/// Schema headroom.profile_compare, version 1; all pairs.
[[nodiscard]] std::string compare_json(const Comparison& comparison);

}  // namespace headroom::profile
