#include "sim/models/experts.hpp"

#include "sim/models/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace headroom {
namespace {

/// Layers, given by number, that `has` is false for (`listed` = false) or true for.
Status mark_layers(const Reading& reading, std::string_view key, bool listed,
                   std::vector<bool>& has) {
  if (!reading.config.has(key)) return {};
  HEADROOM_TRY(const auto layers,
               reading.config.any_integers({"layers by number", {key}, 0, kMostLayers}));
  for (const std::int64_t layer : layers) {
    if (layer < reading.layers) has[static_cast<std::size_t>(layer)] = listed;
  }
  return {};
}

/// "3,4,5": the layers with experts (Step-3.5).
Status read_enumerated(const Reading& reading, std::vector<bool>& has) {
  const auto found = reading.config.find("moe_layers_enum");
  if (!found) return {};
  if (!found->value->is_string()) {
    return reading.config.refuse("moe_layers_enum", "layers by number, with commas between them");
  }
  const auto text = found->value->get<std::string>();
  std::fill(has.begin(), has.end(), false);
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::size_t layer = 0;
    const auto [next, error] = std::from_chars(at, end, layer);
    if (error != std::errc() || (next != end && *next != ',')) {
      return reading.config.refuse("moe_layers_enum", "layers by number, with commas between them");
    }
    if (layer < has.size()) has[layer] = true;
    at = next == end ? end : next + 1;
  }
  return {};
}

/// A step of layers, or a list with 0 or 1 for each.
Status read_frequency(const Reading& reading, std::vector<bool>& has) {
  const Figure figure{"layers with experts", {"moe_layer_freq"}, 0, kMostLayers};
  HEADROOM_TRY(const auto list, reading.config.integers(figure, reading.layers));
  for (std::size_t i = 0; i < list.size(); ++i) has[i] = has[i] && list[i] != 0;
  if (!list.empty()) return {};
  HEADROOM_TRY(const std::int64_t step,
               reading.config.integer_or({figure.label, figure.keys, 1, kMostLayers}, 1));
  for (std::size_t i = 0; i < has.size(); ++i) {
    has[i] = has[i] && static_cast<std::int64_t>(i) % step == 0;
  }
  return {};
}

/// Every step-th layer from one on: layer `first`, `first + step`, ...
Status read_steps(const Reading& reading, std::string_view key, std::vector<bool>& has) {
  if (!reading.config.has(key)) return {};
  HEADROOM_TRY(
      const std::int64_t step,
      reading.config.integer({"layers from one with experts to the next", {key}, 0, kMostLayers}));
  for (std::size_t i = 0; i < has.size(); ++i) {
    has[i] = has[i] && step > 0 && (static_cast<std::int64_t>(i) + 1) % step == 0;
  }
  return {};
}

}  // namespace

Result<Experts> read_experts(const Reading& reading, const ExpertTraits& traits) {
  const ConfigSections& config = reading.config;
  Experts experts;
  experts.kind = traits.kind;
  experts.bias = traits.bias;
  experts.router_bias = traits.router_bias;
  HEADROOM_TRY(experts.count,
               config.integer({"routed experts",
                               {"num_experts", "num_local_experts", "n_routed_experts",
                                "moe_num_experts", "num_moe_experts"},
                               1,
                               kMostExperts}));
  const Figure active{"active experts",
                      {"num_experts_per_tok", "num_experts_per_token", "moe_top_k", "moe_topk",
                       "moe_k", "top_k_experts", "experts_per_token"},
                      1,
                      experts.count};
  if (traits.active_default > 0) {
    HEADROOM_TRY(experts.active, config.integer_or(active, traits.active_default));
  } else {
    HEADROOM_TRY(experts.active, config.integer(active));
  }
  HEADROOM_TRY(experts.width,
               config.integer({"expert width", traits.width_keys, 1, kMostMlpWidth}));
  if (traits.shared_count) {
    HEADROOM_TRY(const std::int64_t shared,
                 config.integer_or({"shared experts", {"n_shared_experts"}, 0, 1'024}, 0));
    experts.shared_width = shared * experts.width;
  } else if (!traits.shared_width_keys.empty()) {
    HEADROOM_TRY(
        experts.shared_width,
        config.integer_or(
            {"width of the shared experts", traits.shared_width_keys, 0, kMostMlpWidth}, 0));
  }
  experts.shared_gate = traits.shared_gate && experts.shared_width > 0;
  return experts;
}

Result<std::vector<bool>> read_expert_layers(const Reading& reading) {
  const ConfigSections& config = reading.config;
  std::vector<bool> has(static_cast<std::size_t>(reading.layers), true);
  HEADROOM_CHECK(read_enumerated(reading, has));
  HEADROOM_CHECK(read_frequency(reading, has));
  HEADROOM_TRY(
      const std::int64_t dense,
      config.integer_or(
          {"dense layers before the first with experts", {"first_k_dense_replace"}, 0, kMostLayers},
          0));
  std::fill(has.begin(), has.begin() + std::min(dense, reading.layers), false);
  HEADROOM_CHECK(read_steps(reading, "decoder_sparse_step", has));
  HEADROOM_CHECK(read_steps(reading, "interleave_moe_layer_step", has));
  HEADROOM_CHECK(mark_layers(reading, "mlp_only_layers", false, has));
  HEADROOM_TRY(const std::int64_t period,
               config.integer_or(
                   {"period of layers with experts", {"expert_layer_period"}, 1, kMostLayers}, 1));
  HEADROOM_TRY(
      const std::int64_t offset,
      config.integer_or({"first layer with experts", {"expert_layer_offset"}, 0, kMostLayers}, 0));
  for (std::size_t i = 0; i < has.size(); ++i) {
    has[i] = has[i] && static_cast<std::int64_t>(i) % period == offset % period;
  }
  return has;
}

Status add_layers_with_experts(Reading& reading, const LayerKind& base, const Experts& experts,
                               const std::vector<Reach>& reaches) {
  HEADROOM_TRY(const std::vector<bool> has, read_expert_layers(reading));
  const Mlp* dense = std::get_if<Mlp>(&base.mlp);
  for (std::size_t i = 0; i < has.size(); ++i) {
    LayerKind kind = base;
    set_reach(kind, reaches[i]);
    if (has[i]) {
      kind.mlp = experts;
    } else if (dense == nullptr || dense->width == 0) {
      return fail(fmt::format("layer {} has no experts and the MLP width is missing: none of "
                              "intermediate_size, n_inner, ffn_hidden_size, ffn_dim",
                              i),
                  reading.config.place());
    }
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

Status read_with_experts(Reading& reading, const Traits& traits, const ExpertTraits& experts) {
  Traits loose = traits;
  loose.width_optional = true;
  HEADROOM_TRY(const LayerKind base, read_base(reading, loose));
  HEADROOM_TRY(const Experts mixture, read_experts(reading, experts));
  HEADROOM_TRY(const auto reaches, read_reaches(reading, traits));
  return add_layers_with_experts(reading, base, mixture, reaches);
}

}  // namespace headroom
