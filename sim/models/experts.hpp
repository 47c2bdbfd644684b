#pragma once
// Mixtures of experts: their figures, and which layers have them.

#include "sim/models/reading.hpp"

#include <string_view>
#include <vector>

namespace headroom {

/// What a family's code decides about its experts.
struct ExpertTraits {
  MlpKind kind = MlpKind::gated;
  std::vector<std::string_view> width_keys{"moe_intermediate_size"};
  bool bias = false;
  bool router_bias = false;  // or a correction of its scores
  bool shared_gate = false;
  std::vector<std::string_view> shared_width_keys;  // width of all shared experts together
  bool shared_count = false;  // `n_shared_experts` shared experts of the routed ones' width
  std::int64_t active_default = 0;
};

[[nodiscard]] Result<Experts> read_experts(const Reading& reading, const ExpertTraits& traits);

/// For every layer whether it has experts. Every key by which configs say so is understood; without
/// any, all layers have.
[[nodiscard]] Result<std::vector<bool>> read_expert_layers(const Reading& reading);

/// A decoder of which some or all layers have experts in place of the MLP of `base`.
[[nodiscard]] Status add_layers_with_experts(Reading& reading, const LayerKind& base,
                                             const Experts& experts,
                                             const std::vector<Reach>& reaches);
/// All of the above.
[[nodiscard]] Status read_with_experts(Reading& reading, const Traits& traits,
                                       const ExpertTraits& experts);

}  // namespace headroom
