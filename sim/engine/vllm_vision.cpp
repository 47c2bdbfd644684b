#include "sim/engine/verdict.hpp"
#include "sim/engine/vllm_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace headroom::vllm {
namespace {

/// Classes that declare support for `--mm-encoder-tp-mode data`.
constexpr std::array<std::string_view, 19> kWholeEncoder{"Qwen2VLFor",
                                                         "Qwen2_5_VLFor",
                                                         "Qwen3VLFor",
                                                         "Qwen3VLMoeFor",
                                                         "InternVLChatModel",
                                                         "InternVLForConditionalGeneration",
                                                         "Glm4vFor",
                                                         "Glm4vMoeFor",
                                                         "KimiVLFor",
                                                         "KimiK25For",
                                                         "Llama4ForConditionalGeneration",
                                                         "MiniCPMV",
                                                         "Step3VL",
                                                         "DotsOCR",
                                                         "Eagle2_5",
                                                         "HunYuanVL",
                                                         "HunyuanVL",
                                                         "Isaac",
                                                         "OpenCUA"};

// NVLM-D adds dummy heads to the 25 of InternViT.
constexpr std::int64_t kNvlmDummyHeads = 7;

bool is_nvlm(const Model& model) { return model.architecture.starts_with("NVLM_D"); }

/// The tower is InternViT.
bool has_intern_vit(const Model& model) {
  return model.architecture.starts_with("InternVLChatModel") || is_nvlm(model);
}

}  // namespace

bool encoder_runs_whole(const Model& model) {
  return std::any_of(kWholeEncoder.begin(), kWholeEncoder.end(), [&](std::string_view beginning) {
    return model.architecture.starts_with(beginning);
  });
}

bool copies_encoder_attention(const Model& model, int tp) {
  if (!model.vision || !has_intern_vit(model)) return false;
  return (model.vision->heads + (is_nvlm(model) ? kNvlmDummyHeads : 0)) % tp != 0;
}

// The vision models, for example model_executor/models/siglip.py.
Finding check_vision(const Question& q, Remarks& remarks) {
  constexpr auto kBuild = Refusal::Phase::model_build;
  constexpr std::string_view kTp = "tensor parallel size";
  if (!q.model.vision || q.whole_encoder) return std::nullopt;
  const VisionArch& vision = *q.model.vision;
  if (copies_encoder_attention(q.model, q.plan.tp)) {
    remark(remarks, Remark::Kind::fallback, kEncoderCopied,
           fmt::format("{} heads of the vision tower do not divide by {}: every rank holds its "
                       "attention whole",
                       vision.heads, q.plan.tp));
  } else if (!has_intern_vit(q.model)) {
    auto found = indivisible(kVisionHeads, kBuild, vision.heads, q.plan.tp,
                             "heads of the vision tower do", kTp);
    if (found) return found;
  }
  return indivisible(kVisionMlpWidth, kBuild, vision.mlp_width, q.plan.tp,
                     "columns of the vision tower's MLP do", kTp);
}

}  // namespace headroom::vllm
