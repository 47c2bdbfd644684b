// Which layers attend to the whole context, which to a sliding window, and which to chunks.

#include "sim/models/config_document.hpp"
#include "sim/models/limits.hpp"
#include "sim/models/reading.hpp"

#include <fmt/format.h>

namespace headroom {
namespace {

using Kind = Attention::Reach;

/// qwen2 and its kin carry a window that only counts when `use_sliding_window` is true, and then
/// for the layers from `max_window_layers` on.
Result<std::vector<Reach>> switched(const Reading& reading, std::int64_t window) {
  std::vector<Reach> out(static_cast<std::size_t>(reading.layers));
  HEADROOM_TRY(const bool used, reading.config.boolean_or("use_sliding_window", false));
  if (!used || window == 0) return out;
  HEADROOM_TRY(
      const std::int64_t first,
      reading.config.integer_or(
          {"full layers below the window", {"max_window_layers"}, 0, kMostLayers}, reading.layers));
  for (std::int64_t i = first; i < reading.layers; ++i) {
    out[static_cast<std::size_t>(i)] = {Kind::sliding, window};
  }
  return out;
}

/// Every n-th layer is full.
std::vector<Reach> every(std::int64_t layers, std::int64_t pattern, std::int64_t window) {
  std::vector<Reach> out(static_cast<std::size_t>(layers));
  if (window == 0) return out;
  for (std::int64_t i = 0; i < layers; ++i) {
    const bool full = pattern > 0 && (i + 1) % pattern == 0;
    if (!full) out[static_cast<std::size_t>(i)] = {Kind::sliding, window};
  }
  return out;
}

/// "LLLG": local and global layers, over and over (EXAONE-4).
Result<std::vector<Reach>> spelled(const Reading& reading, const std::string& letters,
                                   std::int64_t window) {
  if (letters.empty() || letters.find_first_not_of("LG") != std::string::npos) {
    return reading.config.refuse("sliding_window_pattern", "an integer, or letters L and G");
  }
  std::vector<Reach> out(static_cast<std::size_t>(reading.layers));
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (letters[i % letters.size()] == 'L' && window > 0) out[i] = {Kind::sliding, window};
  }
  return out;
}

Result<std::vector<Reach>> by_pattern(const Reading& reading, const Traits& traits,
                                      std::int64_t window) {
  const auto found = reading.config.find("sliding_window_pattern");
  if (found && found->value->is_string()) {
    return spelled(reading, found->value->get<std::string>(), window);
  }
  std::int64_t pattern = traits.pattern;
  if (pattern > 0) {
    HEADROOM_TRY(pattern,
                 reading.config.integer_or({"layers from one full layer to the next",
                                            {"sliding_window_pattern", "_sliding_window_pattern"},
                                            1,
                                            kMostLayers},
                                           pattern));
  }
  return every(reading.layers, pattern, window);
}

/// The list that newer configs carry.
Result<std::vector<Reach>> listed(const Reading& reading, std::int64_t window) {
  const ConfigSections& config = reading.config;
  HEADROOM_TRY(const auto types, config.strings("layer_types", reading.layers));
  HEADROOM_TRY(
      const std::int64_t chunk,
      config.integer_or({"attention chunk", {"attention_chunk_size"}, 0, kMostContext}, 0));
  std::vector<Reach> out(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    const std::string& type = types[i];
    if (type == "full_attention") continue;
    if (type == "sliding_attention" && window > 0) {
      out[i] = {Kind::sliding, window};
    } else if (type == "chunked_attention" && chunk > 0) {
      out[i] = {Kind::chunked, chunk};
    } else if (type == "sliding_attention" || type == "chunked_attention") {
      return fail(
          fmt::format("layer_types has {} layers and {} is missing",
                      type == "sliding_attention" ? "sliding" : "chunked",
                      type == "sliding_attention" ? "sliding_window" : "attention_chunk_size"),
          config.place());
    } else {
      return fail(fmt::format("layer_types[{}] is {} (allowed for this model_type: full_attention, "
                              "sliding_attention, chunked_attention)",
                              i, value_text(nlohmann::json(type))),
                  config.place());
    }
  }
  return out;
}

}  // namespace

Result<std::vector<Reach>> read_reaches(const Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  // Files write null for "none"; a missing key means the class default. EXAONE-4 writes false too.
  const auto found = config.find("sliding_window");
  const bool none = config.is_null("sliding_window") ||
                    (found && found->value->is_boolean() && !found->value->get<bool>());
  std::int64_t window = 0;
  if (!none) {
    HEADROOM_TRY(window, config.integer_or({"sliding window", {"sliding_window"}, 0, kMostContext},
                                           traits.window_default));
  }
  if (config.has("layer_types")) return listed(reading, window);
  switch (traits.window) {
    case Traits::Window::none:
      break;
    case Traits::Window::switched:
      return switched(reading, window);
    case Traits::Window::always:
      return by_pattern(reading, traits, window);
  }
  return std::vector<Reach>(static_cast<std::size_t>(reading.layers));
}

void set_reach(LayerKind& kind, const Reach& reach) {
  if (Attention* attention = kind.attention()) {
    attention->reach = reach.reach;
    attention->window = reach.window;
  }
}

}  // namespace headroom
