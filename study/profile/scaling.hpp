#pragma once
// How the attention of a model scales with the tensor parallel size, from a profile of its shards:
// docs/profile.md.

#include "sim/models/model.hpp"
#include "study/profile/profile.hpp"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace headroom::profile {

struct ScalingSize {
  int tp = 1;
  ShardShape shape;
  std::int64_t kv_replication = 1;
  bool measured = false;
};

struct ScalingCell {
  const Point* point = nullptr;
  double us = 0.0;                     // of one layer, as engine_us
  double efficiency = 1.0;             // against the smallest size of the row
  std::optional<double> tokens_per_s;  // queries of one layer, of one GPU
};

/// One batch and length, at every size.
struct ScalingRow {
  const Point* point = nullptr;  // at one of the sizes: all but its shape and times holds for all
  std::vector<std::optional<ScalingCell>> cells;  // as `sizes`
};

/// Layers that see a window of the tokens before them. A profile is of full attention: its figures
/// hold for them where no sequence is longer than the window.
struct WindowedLayers {
  Attention::Reach reach = Attention::Reach::sliding;  // or chunked
  std::int64_t window = 0;                             // tokens
  std::int64_t layers = 0;
};

/// One kind of heads of a model.
struct Scaling {
  std::string model;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t layers = 0;               // with these heads
  std::vector<WindowedLayers> windowed;  // of them, in the order of the model's kinds of layers
  std::vector<ScalingSize> sizes;
  std::vector<std::pair<int, std::string>> refused;  // size, reason
  std::vector<ScalingRow> rows;  // by op, types, implementation, page, then lengths
};

/// The profile has to outlive it. Error: no layer of the model has plain attention.
[[nodiscard]] Result<std::vector<Scaling>> scaling_of(const Profile& profile, const Model& model,
                                                      std::span<const int> sizes);

}  // namespace headroom::profile
