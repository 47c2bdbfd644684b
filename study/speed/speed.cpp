#include "study/speed/speed.hpp"

#include "sim/cost/engine_traits.hpp"
#include "sim/engine/kv_cache.hpp"
#include "study/figure_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <string_view>

namespace headroom::speed {
namespace {

constexpr double kMicro = 1e6;

ServingLimits limits_of(const Question& question) {
  ServingLimits limits;
  limits.context = question.input_tokens + question.output_tokens;
  limits.sequences = question.requests;
  limits.batched_tokens = engine_traits(question.engine)->step_tokens;
  limits.utilisation_asked = false;
  limits.kv_cache = question.kv_cache;
  return limits;
}

std::int64_t shared_kv_heads(const Model& model) {
  const Attention* attention = model.text.main_attention();
  return attention != nullptr && attention->latent ? 1 : model.text.kv_heads();
}

std::int64_t replication(const Model& model, int tp) {
  const Attention* attention = model.text.main_attention();
  if (attention == nullptr) return 1;
  return std::max<std::int64_t>(1, kv_heads_per_rank(*attention, tp) * tp / shared_kv_heads(model));
}

std::optional<Refusal> refusal_of(const Question& question, const EngineRules& rules,
                                  const Model& model, int tp, const ServingLimits& limits) {
  const EngineVerdict verdict = rules.check(model, {tp, question.stages}, question.gpu, limits);
  if (!verdict.accepted) return verdict.refusal;
  if (verdict.full_sequences >= question.requests) return std::nullopt;
  return Refusal{kCacheRule,
                 fmt::format("the cache holds {} of {} requests of {} tokens",
                             with_commas(verdict.full_sequences), with_commas(question.requests),
                             with_commas(limits.context)),
                 Refusal::Phase::memory};
}

Rate rate_of(const Question& question, const ServingTimes& times) {
  const auto rate = [&](double ttft_us, double tpot_us) {
    const auto outputs = static_cast<double>(question.output_tokens);
    const double request_us = ttft_us + (outputs - 1.0) * tpot_us;
    return static_cast<double>(question.requests) * outputs / request_us * kMicro;
  };
  return {rate(times.ttft.us, times.tpot.us), rate(times.ttft.high_us, times.tpot.high_us),
          rate(times.ttft.low_us, times.tpot.low_us)};
}

// What a step takes of one kind: in the layers and in the head.
Part part_of(const Estimate& layers, const Estimate& head) {
  return {layers + head, layers.us >= head.us ? layers.basis : head.basis};
}

void add_parts(const StepTime& layers, const StepTime& head, Speed& to) {
  const std::array<Estimate StepTime::*, 5> members = {&StepTime::attention, &StepTime::products,
                                                       &StepTime::experts, &StepTime::collectives,
                                                       &StepTime::rest};
  double extrapolated = 0.0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Estimate& of_layers = layers.*members[i];
    const Estimate& of_head = head.*members[i];
    to.parts[i] = part_of(of_layers, of_head);
    for (const Estimate* one : {&of_layers, &of_head}) {
      if (one->basis == Basis::extrapolated) extrapolated += one->us;
    }
  }
  to.extrapolated = extrapolated / to.step_us();
}

std::int64_t attention_layers(const TextArch& text) {
  std::int64_t out = 0;
  for (std::int64_t i = 0; i < text.layers(); ++i) out += text.layer(i).attention() != nullptr;
  return out;
}

Speed speed_of(const Question& question, const StepModel& steps, const Model& model, int tp) {
  const ClosedLoop load{static_cast<double>(question.requests),
                        static_cast<double>(question.input_tokens),
                        static_cast<double>(question.output_tokens)};
  Speed out;
  out.times = closed_loop(steps, load);
  out.tokens_per_s = rate_of(question, out.times);
  const double of_stage = std::max(1.0, out.times.decoding / question.stages);
  StepLoad decode{of_stage, load.input_tokens + load.output_tokens / 2.0, {}};
  add_parts(steps.stage(decode), steps.head(decode.sequences), out);
  const std::int64_t layers = attention_layers(model.text);
  if (layers > 0 && question.stages == 1) {
    decode.sequences = load.requests;
    out.layer = steps.stage(decode).attention * (1.0 / static_cast<double>(layers));
    out.layer_tokens_per_s = load.requests / (tp * out.layer->us) * kMicro;
  }
  return out;
}

ModelSpeeds speeds_of(const Question& question, const EngineRules& rules,
                      const std::vector<GpuTimes>& measured,
                      const std::shared_ptr<const Model>& model) {
  ModelSpeeds out{model, shared_kv_heads(*model), {}, {}};
  const KernelTimes times = KernelTimes::of(question.gpu, measured);
  if (!StepModel::covers(times, *model)) return out;
  out.source = times.source(StepModel::kernels(*model));
  const ServingLimits limits = limits_of(question);
  EngineTraits engine = *engine_traits(question.engine);
  engine.graphs = question.graphs;
  for (const int tp : question.sizes) {
    Row row{tp,
            tp * question.stages,
            replication(*model, tp),
            refusal_of(question, rules, *model, tp, limits),
            {}};
    if (!row.refusal) {
      const bool one_node = tp * question.stages <= kDomainGpus;
      const CostQuery query{
          *model, limits, question.gpu, {tp, question.stages}, plain_links(question.gpu, one_node)};
      const StepModel steps(times, query, engine);
      row.speed = speed_of(question, steps, *model, tp);
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace

double Speed::step_us() const {
  return std::accumulate(parts.begin(), parts.end(), 0.0,
                         [](double sum, const Part& part) { return sum + part.time.us; });
}

std::size_t Speed::largest_part() const {
  const auto largest =
      std::max_element(parts.begin(), parts.end(),
                       [](const Part& a, const Part& b) { return a.time.us < b.time.us; });
  return static_cast<std::size_t>(largest - parts.begin());
}

bool Answer::any() const {
  return std::any_of(models.begin(), models.end(),
                     [](const ModelSpeeds& one) { return !one.source.empty(); });
}

Result<Answer> answer(const Question& question, const std::vector<GpuTimes>& measured) {
  HEADROOM_TRY(const auto rules, make_engine(question.engine, {}));
  if (!engine_traits(question.engine)) {
    return fail(fmt::format("the kernels of {} were not measured", question.engine), {"--engine"},
                "vllm, sglang or tensorrt-llm");
  }
  Answer out{question, {}};
  for (const auto& model : question.models) {
    out.models.push_back(speeds_of(question, *rules, measured, model));
  }
  return out;
}

std::string load_words(const Question& question) {
  return fmt::format("{} request{} at once, {} tokens in and {} out",
                     with_commas(question.requests), question.requests == 1 ? "" : "s",
                     with_commas(question.input_tokens), with_commas(question.output_tokens));
}

std::string no_source_words(const Answer& answer, const ModelSpeeds& model) {
  return fmt::format(
      "{} on {}: no profile has the kernels of this model for this GPU or one like it; name one "
      "with --profile, or see headroom fit for a roofline estimate",
      model.model->name, answer.question.gpu.name);
}

}  // namespace headroom::speed
