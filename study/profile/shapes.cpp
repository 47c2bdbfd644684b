#include "study/profile/shapes.hpp"

#include "sim/engine/kv_cache.hpp"
#include "sim/engine/shared_rules.hpp"
#include "study/profile/shape_use.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace headroom::profile {
namespace {

using Json = nlohmann::ordered_json;

/// Why this attention has no queries, keys and values of so many heads of one size; "" where it
/// has.
std::string not_plain(const Attention& attention) {
  if (attention.latent) return "multi-head latent attention caches one latent for all heads";
  if (attention.value_dim() != attention.head_dim) {
    return fmt::format("heads of values have {} elements, those of keys {}", attention.value_dim(),
                       attention.head_dim);
  }
  return "";
}

class Collector {
 public:
  explicit Collector(std::span<const int> sizes) : sizes_(sizes) {}

  void add(const Model& model) {
    refuse_kinds(model);
    const std::vector<const Attention*> plain = plain_attention(model);
    if (plain.empty()) return;
    for (const int size : sizes_) {
      const std::string why = refusal_of(model, size);
      if (!why.empty()) {
        refuse(model, size, why);
        continue;
      }
      for (const Attention* attention : plain) use(model, *attention, size);
    }
  }

  [[nodiscard]] ShapeList list() {
    for (auto& [shape, from] : shapes_) list_.shapes.push_back({shape, std::move(from)});
    return std::move(list_);
  }

 private:
  void refuse_kinds(const Model& model) {
    if (model.text.main_attention() == nullptr) {
      refuse(model, std::nullopt, "no layer has attention");
    }
    for (const LayerKind& kind : model.text.kinds) {
      if (kind.attention() == nullptr) continue;
      const std::string why = not_plain(*kind.attention());
      if (!why.empty()) refuse(model, std::nullopt, why);
    }
  }

  void refuse(const Model& model, std::optional<int> size, const std::string& why) {
    const auto same = [&](const RefusedShape& r) {
      return r.model == model.name && r.tensor_parallel == size && r.reason == why;
    };
    auto& refused = list_.refused;
    if (std::none_of(refused.begin(), refused.end(), same)) {
      refused.push_back({model.name, size, why});
    }
  }

  void use(const Model& model, const Attention& attention, int size) {
    auto& from = shapes_[shard_of(attention, size)];
    // Layers that differ may have equal shards at some sizes.
    const bool known =
        !from.empty() && from.back().model == model.name && from.back().tensor_parallel == size;
    if (!known) from.push_back({model.name, size, kv_replication(attention, size)});
  }

  std::span<const int> sizes_;
  std::map<ShardShape, std::vector<ShapeUse>> shapes_;
  ShapeList list_;
};

}  // namespace

bool same_heads(const Attention& a, const Attention& b) {
  return a.heads == b.heads && a.kv_heads == b.kv_heads && a.head_dim == b.head_dim &&
         a.value_dim() == b.value_dim() && a.latent == b.latent;
}

std::vector<const Attention*> plain_attention(const Model& model) {
  std::vector<const Attention*> out;
  for (const LayerKind& kind : model.text.kinds) {
    const Attention* attention = kind.attention();
    if (attention == nullptr || !not_plain(*attention).empty()) continue;
    const bool known = std::any_of(out.begin(), out.end(), [&](const Attention* other) {
      return same_heads(*other, *attention);
    });
    if (!known) out.push_back(attention);
  }
  return out;
}

std::string refusal_of(const Model& model, int size) {
  const auto heads = check_heads("heads", Refusal::Phase::configuration, model.text, size);
  if (!heads.accepted) return heads.refusal.sentence;
  const auto kv_heads = check_kv_heads("kv-heads", model.text, size);
  return kv_heads.accepted ? "" : kv_heads.refusal.sentence;
}

ShardShape shard_of(const Attention& attention, int size) {
  return {attention.heads / size, kv_heads_per_rank(attention, size), attention.head_dim};
}

std::int64_t kv_replication(const Attention& attention, int size) {
  return kv_heads_per_rank(attention, size) * size / attention.kv_heads;
}

ShapeList shard_shapes(std::span<const std::shared_ptr<const Model>> models,
                       std::span<const int> sizes) {
  Collector collector(sizes);
  for (const auto& model : models) collector.add(*model);
  return collector.list();
}

std::string shapes_json(const ShapeList& list) {
  Json shapes = Json::array();
  for (const UsedShape& used : list.shapes) {
    shapes.push_back({{"q_heads", used.shape.q_heads},
                      {"kv_heads", used.shape.kv_heads},
                      {"head_dim", used.shape.head_dim},
                      {"from", uses_json(used.from)}});
  }
  Json refused = Json::array();
  for (const RefusedShape& one : list.refused) {
    refused.push_back(
        {{"model", one.model},
         {"tensor_parallel", one.tensor_parallel ? Json(*one.tensor_parallel) : Json(nullptr)},
         {"reason", one.reason}});
  }
  const Json out = {{"schema", kShapesSchema},
                    {"version", kShapesVersion},
                    {"shapes", std::move(shapes)},
                    {"refused", std::move(refused)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom::profile
