#include "sim/models/vision.hpp"

#include "sim/models/config_document.hpp"
#include "sim/models/config_section.hpp"

#include <fmt/format.h>

namespace headroom {
namespace {

constexpr std::int64_t kMostLayers = 10'000;
constexpr std::int64_t kMostWidth = std::int64_t{1} << 17;
constexpr std::int64_t kMostPixels = 65'536;

Result<SiglipShape> read_siglip(const ConfigSections& vision) {
  SiglipShape shape;
  HEADROOM_TRY(shape.layers,
               vision.integer({"vision layers", {"num_hidden_layers"}, 1, kMostLayers}));
  HEADROOM_TRY(shape.hidden,
               vision.integer({"vision hidden size", {"hidden_size"}, 1, kMostWidth}));
  HEADROOM_TRY(shape.heads,
               vision.integer({"vision heads", {"num_attention_heads"}, 1, kMostWidth}));
  HEADROOM_TRY(shape.mlp_width,
               vision.integer({"vision MLP width", {"intermediate_size"}, 1, kMostWidth * 16}));
  HEADROOM_TRY(shape.image_size, vision.integer({"image size", {"image_size"}, 1, kMostPixels}));
  HEADROOM_TRY(shape.patch_size,
               vision.integer({"patch size", {"patch_size"}, 1, shape.image_size}));
  HEADROOM_TRY(shape.channels,
               vision.integer_or({"image channels", {"num_channels"}, 1, 1'024}, shape.channels));
  HEADROOM_TRY(const bool pooling_head, vision.boolean_or("vision_use_head", true));
  if (pooling_head) {
    return fail(
        "a vision tower with a pooling head is not supported yet: vision_config.vision_use_head is "
        "true, or missing, which means true",
        vision.place());
  }
  return shape;
}

}  // namespace

VisionArch siglip_vision(const SiglipShape& shape, std::int64_t text_hidden) {
  const std::int64_t h = shape.hidden;
  const std::int64_t attention = 4 * (h * h + h);
  const std::int64_t mlp = 2 * h * shape.mlp_width + shape.mlp_width + h;
  const std::int64_t norm = 2 * h;  // weight and bias
  const std::int64_t side = shape.image_size / shape.patch_size;
  const std::int64_t patches = shape.channels * shape.patch_size * shape.patch_size * h + h;
  const std::int64_t positions = side * side * h;
  const std::int64_t tower =
      shape.layers * (attention + mlp + 2 * norm) + patches + positions + norm;
  const std::int64_t projector = h * text_hidden + h;  // matrix and a norm without bias
  return VisionArch{shape.layers, h, shape.heads, shape.mlp_width, tower + projector};
}

Result<std::optional<VisionArch>> read_vision(const nlohmann::json& document,
                                              std::int64_t text_hidden, const std::string& where) {
  const SourcePlace place{where, 0, 0};
  const auto at = document.find("vision_config");
  if (at == document.end() || at->is_null()) return std::nullopt;
  if (!at->is_object()) {
    return fail(fmt::format("vision_config is {} (allowed: an object)", value_text(*at)), place);
  }
  const auto top_type = document.find("model_type");
  const ConfigSections vision({{"vision_config", &*at}}, where);
  constexpr std::string_view kTypeKeys[] = {"model_type"};
  HEADROOM_TRY(const std::string tower_type, vision.string_or(kTypeKeys, ""));
  if (top_type == document.end() || *top_type != "gemma3" || tower_type != "siglip_vision_model") {
    return fail(
        fmt::format("this vision tower is not supported yet: vision_config.model_type is "
                    "'{}' in a model_type {} (supported: siglip_vision_model in gemma3)",
                    tower_type, top_type == document.end() ? "null" : value_text(*top_type)),
        place);
  }
  HEADROOM_TRY(const SiglipShape shape, read_siglip(vision));
  return siglip_vision(shape, text_hidden);
}

}  // namespace headroom
