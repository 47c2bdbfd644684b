#pragma once
// Shape rules that more than one engine has. Each answers under the id that the engine gives it.

#include "sim/engine/engine.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// A fault unless every size is at least 1.
void require_sizes(ParallelPlan plan);

/// The first of them that refuses, else an accepted verdict with the remarks of all.
[[nodiscard]] EngineVerdict first_refusal(std::vector<EngineVerdict> verdicts);

/// An accepted verdict with one remark.
[[nodiscard]] EngineVerdict remarked(Remark::Kind kind, std::string_view rule,
                                     std::string sentence);
/// The same where a condition holds, else an accepted verdict without remarks.
[[nodiscard]] EngineVerdict remarked_if(bool condition, Remark::Kind kind, std::string_view rule,
                                        std::string sentence);

/// Appends the remarks of the second to the first.
void add_remarks(EngineVerdict& to, EngineVerdict from);

/// Query heads of every layer divide by `tp`.
[[nodiscard]] EngineVerdict check_heads(std::string_view rule, Refusal::Phase phase,
                                        const TextArch& text, int tp);
/// KV heads of every layer split evenly, or each is held by the same number of ranks. A latent is
/// one head for all.
[[nodiscard]] EngineVerdict check_kv_heads(std::string_view rule, const TextArch& text, int tp);
/// The vocabulary, padded to kVocabPadding, divides by `tp`.
[[nodiscard]] EngineVerdict check_vocab(std::string_view rule, const TextArch& text, int tp);
/// Dense MLPs, shared experts among them, divide by `ranks`.
[[nodiscard]] EngineVerdict check_mlp_width(std::string_view rule, const TextArch& text, int ranks);
/// Slices of each routed expert, tensor x data parallel size of them, divide its width.
[[nodiscard]] EngineVerdict check_expert_width(std::string_view rule, const Experts& experts,
                                               int slices);
/// The same in every layer.
[[nodiscard]] EngineVerdict check_expert_width(std::string_view rule, const TextArch& text,
                                               int slices);
/// Whole experts are spread evenly over `ranks`.
[[nodiscard]] EngineVerdict check_expert_count(std::string_view rule, const TextArch& text,
                                               int ranks);
/// Every pipeline stage has a layer.
[[nodiscard]] EngineVerdict check_stage_count(std::string_view rule, Refusal::Phase phase,
                                              const TextArch& text, int pp);

/// The context is no longer than the model's own, where its config says that.
[[nodiscard]] EngineVerdict check_context(std::string_view rule, const Model& model,
                                          std::int64_t context);
/// A remark instead, `then` saying what happens.
[[nodiscard]] EngineVerdict remark_context(Remark::Kind kind, std::string_view rule,
                                           const Model& model, std::int64_t context,
                                           std::string_view then);

/// A fault unless context and batched tokens are at least 1.
void require_limits(const ServingLimits& limits);

/// How the routed experts are stored.
[[nodiscard]] const Quantization& expert_scheme(const Model& model);
/// Inputs of a routed expert.
[[nodiscard]] std::int64_t expert_inputs(const Model& model, const Experts& experts);

/// Whether a layer's attention looks back less than the whole sequence.
[[nodiscard]] bool has_short_reach(const TextArch& text);
/// Whether a layer keeps a state (Mamba, gated delta net).
[[nodiscard]] bool has_states(const TextArch& text);
/// Whether a layer caches a latent.
[[nodiscard]] bool has_latent(const TextArch& text);

}  // namespace headroom
