#include "sim/engine/shared_rules.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/whole.hpp"
#include "sim/engine/shard.hpp"
#include "sim/engine/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace headroom {
namespace {

/// The first refusal of `check`, asked for every kind of layer with routed experts.
template <class Check>
EngineVerdict for_each_experts(const TextArch& text, const Check& check) {
  for (const LayerKind& kind : text.kinds) {
    const Experts* experts = std::get_if<Experts>(&kind.mlp);
    if (experts == nullptr) continue;
    EngineVerdict verdict = check(*experts);
    if (!verdict.accepted) return verdict;
  }
  return accepted_verdict();
}

EngineVerdict check_kv_heads(std::string_view rule, std::int64_t kv_heads, int tp) {
  constexpr auto kPhase = Refusal::Phase::model_build;
  if (kv_heads >= tp) return divides(rule, kPhase, kv_heads, tp, "KV heads do");
  if (kv_heads == 0 || tp % kv_heads == 0) return accepted_verdict();
  return refused_verdict(
      rule, kPhase,
      fmt::format("{} KV heads cannot be copied evenly to tensor parallel size {} ({} mod {} = {})",
                  kv_heads, tp, tp, kv_heads, tp % kv_heads));
}

bool passes_own_context(const Model& model, std::int64_t context) {
  return model.longest_context > 0 && context > model.longest_context;
}

std::string context_words(const Model& model, std::int64_t context) {
  return fmt::format("a context of {} tokens is longer than the {} of the model's config", context,
                     model.longest_context);
}

template <class Mixer>
bool any_mixer(const TextArch& text) {
  return std::any_of(text.kinds.begin(), text.kinds.end(), [](const LayerKind& kind) {
    return std::holds_alternative<Mixer>(kind.mixer);
  });
}

}  // namespace

void require_sizes(ParallelPlan plan) {
  HEADROOM_ASSERT(
      plan.tp >= 1 && plan.pp >= 1 && plan.dp >= 1,
      fmt::format("parallel sizes {} x {} x {}: each is at least 1", plan.tp, plan.pp, plan.dp));
}

EngineVerdict first_refusal(std::vector<EngineVerdict> verdicts) {
  EngineVerdict all = accepted_verdict();
  for (EngineVerdict& verdict : verdicts) {
    if (!verdict.accepted) return std::move(verdict);
    add_remarks(all, std::move(verdict));
  }
  return all;
}

void add_remarks(EngineVerdict& to, EngineVerdict from) {
  std::move(from.remarks.begin(), from.remarks.end(), std::back_inserter(to.remarks));
}

EngineVerdict remarked(Remark::Kind kind, std::string_view rule, std::string sentence) {
  EngineVerdict verdict = accepted_verdict();
  verdict.remarks.push_back({kind, std::string(rule), std::move(sentence)});
  return verdict;
}

EngineVerdict remarked_if(bool condition, Remark::Kind kind, std::string_view rule,
                          std::string sentence) {
  return condition ? remarked(kind, rule, std::move(sentence)) : accepted_verdict();
}

EngineVerdict check_heads(std::string_view rule, Refusal::Phase phase, const TextArch& text,
                          int tp) {
  for (const LayerKind& kind : text.kinds) {
    const Attention* attention = kind.attention();
    if (attention == nullptr) continue;
    EngineVerdict verdict = divides(rule, phase, attention->heads, tp, "attention heads do");
    if (!verdict.accepted) return verdict;
  }
  return accepted_verdict();
}

EngineVerdict check_kv_heads(std::string_view rule, const TextArch& text, int tp) {
  for (const LayerKind& kind : text.kinds) {
    const Attention* attention = kind.attention();
    if (attention == nullptr || attention->latent) continue;
    EngineVerdict verdict = check_kv_heads(rule, attention->kv_heads, tp);
    if (!verdict.accepted) return verdict;
  }
  return accepted_verdict();
}

EngineVerdict check_vocab(std::string_view rule, const TextArch& text, int tp) {
  static_assert(kVocabPadding == 64, "the sentence says so");
  return divides(rule, Refusal::Phase::model_build, round_up(text.vocab, kVocabPadding), tp,
                 "vocabulary rows (padded to 64) do");
}

EngineVerdict check_mlp_width(std::string_view rule, const TextArch& text, int ranks) {
  constexpr auto kPhase = Refusal::Phase::model_build;
  for (const LayerKind& kind : text.kinds) {
    EngineVerdict verdict = accepted_verdict();
    if (const Mlp* mlp = std::get_if<Mlp>(&kind.mlp)) {
      verdict = divides(rule, kPhase, mlp->width, ranks, "columns of the MLP do");
    } else if (const Experts* experts = std::get_if<Experts>(&kind.mlp)) {
      verdict =
          divides(rule, kPhase, experts->shared_width, ranks, "columns of the shared experts do");
    }
    if (!verdict.accepted) return verdict;
  }
  return accepted_verdict();
}

EngineVerdict check_expert_width(std::string_view rule, const Experts& experts, int slices) {
  constexpr auto kPhase = Refusal::Phase::model_build;
  auto refusal = indivisible(rule, kPhase, experts.width, slices, "columns of each expert do",
                             "tensor x data parallel size");
  return refusal ? refused_verdict(rule, kPhase, std::move(refusal->sentence)) : accepted_verdict();
}

EngineVerdict check_expert_width(std::string_view rule, const TextArch& text, int slices) {
  return for_each_experts(
      text, [&](const Experts& experts) { return check_expert_width(rule, experts, slices); });
}

EngineVerdict check_expert_count(std::string_view rule, const TextArch& text, int ranks) {
  return for_each_experts(text, [&](const Experts& experts) {
    if (experts.count % ranks == 0) return accepted_verdict();
    return refused_verdict(
        rule, Refusal::Phase::model_build,
        fmt::format("{} experts are not spread evenly over {} GPUs ({} mod {} = {})", experts.count,
                    ranks, experts.count, ranks, experts.count % ranks));
  });
}

EngineVerdict check_stage_count(std::string_view rule, Refusal::Phase phase, const TextArch& text,
                                int pp) {
  if (pp <= text.layers()) return accepted_verdict();
  return refused_verdict(
      rule, phase,
      fmt::format("{} layers are fewer than pipeline parallel size {}", text.layers(), pp));
}

EngineVerdict check_context(std::string_view rule, const Model& model, std::int64_t context) {
  if (!passes_own_context(model, context)) return accepted_verdict();
  return refused_verdict(rule, Refusal::Phase::configuration, context_words(model, context));
}

EngineVerdict remark_context(Remark::Kind kind, std::string_view rule, const Model& model,
                             std::int64_t context, std::string_view then) {
  return remarked_if(passes_own_context(model, context), kind, rule,
                     fmt::format("{}: {}", context_words(model, context), then));
}

void require_limits(const ServingLimits& limits) {
  HEADROOM_ASSERT(limits.context >= 1 && limits.batched_tokens >= 1,
                  fmt::format("context {} and batched tokens {}: each is at least 1",
                              limits.context, limits.batched_tokens));
}

const Quantization& expert_scheme(const Model& model) {
  return model.expert_quantization ? *model.expert_quantization : model.quantization;
}

std::int64_t expert_inputs(const Model& model, const Experts& experts) {
  return experts.latent > 0 ? experts.latent : model.text.hidden;
}

bool has_short_reach(const TextArch& text) {
  return std::any_of(text.kinds.begin(), text.kinds.end(), [](const LayerKind& kind) {
    return kind.attention() != nullptr && kind.attention()->reach != Attention::Reach::full;
  });
}

bool has_states(const TextArch& text) {
  return any_mixer<Mamba2>(text) || any_mixer<Mamba1>(text) || any_mixer<GatedDelta>(text);
}

bool has_latent(const TextArch& text) {
  return std::any_of(text.kinds.begin(), text.kinds.end(), [](const LayerKind& kind) {
    return kind.attention() != nullptr && kind.attention()->latent.has_value();
  });
}

}  // namespace headroom
