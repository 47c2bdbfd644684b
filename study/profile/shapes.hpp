#pragma once
// Which shards of attention the GPUs of models compute under tensor parallel sizes:
// docs/profile.md.

#include "sim/core/result.hpp"
#include "sim/models/model.hpp"
#include "study/profile/profile.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headroom::profile {

inline constexpr const char* kShapesSchema = "headroom.shapes";
inline constexpr int kShapesVersion = 1;

struct UsedShape {
  ShardShape shape;
  std::vector<ShapeUse> from;  // in the order of the models asked for
};

struct RefusedShape {
  std::string model;
  std::optional<int> tensor_parallel;  // none: every size
  std::string reason;
};

struct ShapeList {
  std::vector<UsedShape> shapes;  // sorted, each once
  std::vector<RefusedShape> refused;
};

/// The shards of all layers' attention: a model whose layers differ has several at one size.
[[nodiscard]] ShapeList shard_shapes(std::span<const std::shared_ptr<const Model>> models,
                                     std::span<const int> sizes);

/// The kinds of heads of the model's layers that have plain queries, keys and values.
[[nodiscard]] std::vector<const Attention*> plain_attention(const Model& model);
/// Whether the shards of both have the same shapes. What a token sees may differ: its window.
[[nodiscard]] bool same_heads(const Attention& a, const Attention& b);
/// Why engines refuse the size for this model's heads; "" where they do not.
[[nodiscard]] std::string refusal_of(const Model& model, int size);
/// What one of `size` GPUs computes. Precondition: the size is not refused.
[[nodiscard]] ShardShape shard_of(const Attention& attention, int size);
/// On how many of them each KV head is.
[[nodiscard]] std::int64_t kv_replication(const Attention& attention, int size);

/// Schema headroom.shapes, version 1.
[[nodiscard]] std::string shapes_json(const ShapeList& list);

/// The shapes of such a file. Error: unreadable, no JSON, another schema or version, a key that is
/// missing, of another type or out of range, by its path; a shape that stands twice; no shape at
/// all.
[[nodiscard]] Result<std::vector<UsedShape>> read_shapes(const std::filesystem::path& file);

}  // namespace headroom::profile
