#include "sim/engine/verdict.hpp"
#include "sim/engine/vllm_rules.hpp"

#include <fmt/format.h>

#include <string>

namespace headroom::vllm {
namespace {

constexpr auto kBuild = Refusal::Phase::model_build;
constexpr std::string_view kTp = "tensor parallel size";

// model_executor/models/whisper.py, for example.
Finding check_encoder(const Encoder& encoder, int tp) {
  const std::string heads = fmt::format("heads of the {} encoder do", encoder.kind);
  if (auto found = indivisible(kEncoderHeads, kBuild, encoder.shape.heads, tp, heads, kTp)) {
    return found;
  }
  const std::string columns = fmt::format("columns of the {} encoder's MLP do", encoder.kind);
  return indivisible(kEncoderMlpWidth, kBuild, encoder.shape.mlp_width, tp, columns, kTp);
}

// The vision models, for example model_executor/models/siglip.py.
Finding check_tower(const Question& q, Remarks& remarks) {
  if (!q.model.vision || q.whole_encoder) return std::nullopt;
  const VisionArch& vision = *q.model.vision;
  if (copies_encoder_attention(q.model, q.plan.tp)) {
    remark(remarks, Remark::Kind::fallback, kEncoderCopied,
           fmt::format("{} heads of the vision tower do not divide by {}: every rank holds its "
                       "attention whole",
                       vision.heads, q.plan.tp));
  } else {
    auto found = indivisible(kVisionHeads, kBuild, vision.heads, q.plan.tp,
                             "heads of the vision tower do", kTp);
    if (found) return found;
  }
  return indivisible(kVisionMlpWidth, kBuild, vision.mlp_width, q.plan.tp,
                     "columns of the vision tower's MLP do", kTp);
}

}  // namespace

bool encoder_runs_whole(const Model& model) { return model.vision && model.vision->data_parallel; }

bool copies_encoder_attention(const Model& model, int tp) {
  return model.vision && model.vision->replicates_odd_heads && model.vision->heads % tp != 0;
}

Finding check_vision(const Question& q, Remarks& remarks) {
  if (auto found = check_tower(q, remarks)) return found;
  for (const Encoder& encoder : q.model.encoders) {
    if (auto found = check_encoder(encoder, q.plan.tp)) return found;
  }
  return std::nullopt;
}

}  // namespace headroom::vllm
