#include "sim/models/layer_pattern.hpp"

#include "sim/models/config_document.hpp"

#include <fmt/format.h>

namespace headroom {
namespace {

constexpr std::int64_t kMostWindow = std::int64_t{1} << 31;

/// qwen2 and its kin carry a window that only counts when `use_sliding_window` is true, and then
/// for the layers from `max_window_layers` on.
Status read_switched_window(const ConfigSections& config, DecoderParts& parts) {
  HEADROOM_TRY(const bool used, config.boolean_or("use_sliding_window", false));
  if (!used) {
    parts.window = 0;
    return {};
  }
  HEADROOM_TRY(const std::int64_t first,
               config.integer_or({"full layers below the window", {"max_window_layers"}, 0, 10'000},
                                 parts.layers));
  if (first >= parts.layers) {
    parts.window = 0;
  } else if (first > 0) {
    return fail(fmt::format("a window on the upper layers only is not supported yet: "
                            "max_window_layers is {} of {} layers",
                            first, parts.layers),
                config.place());
  }
  return {};
}

/// The list that newer configs carry: "full_attention" or "sliding_attention" for every layer.
Status read_layer_types(const ConfigSections& config, const ConfigSections::Found& found,
                        DecoderParts& parts) {
  const nlohmann::json& types = *found.value;
  if (!types.is_array() || types.size() != static_cast<std::size_t>(parts.layers)) {
    return fail(fmt::format("{} is {} (allowed: a list of {} layer types)", found.path,
                            value_text(types), parts.layers),
                config.place());
  }
  std::int64_t full = 0;
  std::int64_t first_full = 0;  // 1-based
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i] == "full_attention") {
      if (full++ == 0) first_full = static_cast<std::int64_t>(i) + 1;
    } else if (types[i] != "sliding_attention") {
      return fail(fmt::format("this layer type is not supported yet: {}[{}] is {}", found.path, i,
                              value_text(types[i])),
                  config.place());
    }
  }
  if (full == parts.layers) {
    parts.window = 0;
    return {};
  }
  if (parts.window == 0) {
    return fail(fmt::format("{} has sliding layers and sliding_window is missing", found.path),
                config.place());
  }
  parts.pattern = first_full;
  for (std::int64_t i = 0; i < parts.layers; ++i) {
    const bool is_full = types[static_cast<std::size_t>(i)] == "full_attention";
    if (is_full == (parts.pattern > 0 && (i + 1) % parts.pattern == 0)) continue;
    return fail(fmt::format("only every n-th layer may be full: {}[{}] is {}", found.path, i,
                            value_text(types[static_cast<std::size_t>(i)])),
                config.place());
  }
  return {};
}

}  // namespace

Status read_layer_pattern(const ConfigSections& config, const Family& family, DecoderParts& parts) {
  // Files write null for "none"; a missing key means the class default.
  const bool none = config.is_null("sliding_window");
  HEADROOM_TRY(parts.window,
               config.integer_or({"sliding window", {"sliding_window"}, 0, kMostWindow},
                                 none ? 0 : family.window_default));
  parts.pattern = family.pattern;
  if (const auto found = config.find("layer_types")) {
    HEADROOM_CHECK(read_layer_types(config, *found, parts));
  } else if (family.window == Family::Window::none) {
    parts.window = 0;
  } else if (family.window == Family::Window::switched) {
    HEADROOM_CHECK(read_switched_window(config, parts));
  } else if (family.pattern > 0) {
    HEADROOM_TRY(parts.pattern,
                 config.integer_or({"layers from one full layer to the next",
                                    {"sliding_window_pattern", "_sliding_window_pattern"},
                                    1,
                                    10'000},
                                   family.pattern));
  }
  if (parts.window == 0 || parts.pattern == 1) {
    parts.window = 0;
    parts.pattern = 1;
  }
  return {};
}

}  // namespace headroom
