#include "sim/core/nearest.hpp"
#include "sim/models/config_document.hpp"
#include "sim/models/config_section.hpp"
#include "sim/models/families/family.hpp"
#include "sim/models/limits.hpp"
#include "sim/models/model.hpp"
#include "sim/models/quantization_reader.hpp"
#include "sim/models/quantized_name.hpp"
#include "sim/models/reading.hpp"
#include "sim/models/short_name.hpp"
#include "sim/models/towers/tower.hpp"
#include "sim/models/unsupported.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <utility>

namespace headroom {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kTypeKeys[] = {"model_type"};
constexpr std::array<std::string_view, 3> kHeadKeys = {"num_attention_heads", "n_head", "n_heads"};
constexpr std::array<std::string_view, 3> kTextSections{"text_config", "llm_config",
                                                        "language_config"};

/// The section of this name inside `holder`, null without.
Result<const json*> section_of(const json& holder, std::string_view name,
                               const std::string& where) {
  const auto at = holder.find(name);
  if (at == holder.end() || at->is_null()) return nullptr;
  if (!at->is_object()) {
    return fail(fmt::format("{} is {} (allowed: an object)", name, value_text(*at)),
                SourcePlace{where, 0, 0});
  }
  return &*at;
}

struct Sections {
  ConfigSections text;    // the text section, if there is one, then what holds it
  ConfigSections holder;  // what holds the text section and the towers', then the top level
  bool nested = false;
};

Result<Sections> sections_of(const json& document, const std::string& where) {
  std::vector<ConfigSections::Section> around{{"", &document}};
  HEADROOM_TRY(const json* thinker, section_of(document, "thinker_config", where));
  if (thinker != nullptr) around.insert(around.begin(), {"thinker_config", thinker});
  std::vector<ConfigSections::Section> inner = around;
  const json& holder = *around.front().values;
  for (const std::string_view name : kTextSections) {
    HEADROOM_TRY(const json* section, section_of(holder, name, where));
    if (section == nullptr) continue;
    const std::string path =
        thinker != nullptr ? fmt::format("thinker_config.{}", name) : std::string(name);
    inner.insert(inner.begin(), {path, section});
    break;
  }
  const bool nested = inner.size() > around.size();
  return Sections{ConfigSections(std::move(inner), where), ConfigSections(std::move(around), where),
                  nested};
}

/// The family that reads it: a known one, or with a note a plain decoder.
Result<Family> family_of(const Sections& sections, Model& model) {
  const ConfigSections& config = sections.text;
  HEADROOM_TRY(const std::string type, config.string_or(kTypeKeys, ""));
  if (type.empty()) {
    std::vector<std::string_view> known;
    for (const Family& family : model_families()) known.push_back(family.model_type);
    return fail("model_type is missing", config.place(),
                fmt::format("known: {}", fmt::join(known, ", ")));
  }
  const Family* known = find_family(type);
  if (known != nullptr) {
    if (!known->mixed) HEADROOM_CHECK(check_uniform(config, type));
    return *known;
  }
  const std::string shown = type.substr(0, 40);
  if (is_encoder_only(type)) {
    return config.refuse("model_type", "an encoder, which generates nothing, is not read");
  }
  HEADROOM_CHECK(check_uniform(config, shown));
  model.assumptions.push_back(
      fmt::format("model_type '{}' is not known: read as a gated decoder", shown));
  Family family;
  family.model_type = "unknown";
  family.traits.attention_bias_key = "attention_bias";
  family.traits.mlp_bias_key = "mlp_bias";
  return family;
}

std::string suggest_type(const std::string& type) {
  std::vector<std::string> known;
  for (const Family& family : model_families()) known.emplace_back(family.model_type);
  return fmt::format("model_type '{}' is not known; {}", type.substr(0, 40), suggest(type, known));
}

/// float32 weights are served as 16-bit ones ("auto" of the engine), so only their names differ.
Status read_dtype(const ConfigSections& config, Model& model) {
  constexpr std::string_view kKeys[] = {"torch_dtype", "dtype"};
  HEADROOM_TRY(std::string dtype, config.string_or(kKeys, "bfloat16"));
  if (dtype.starts_with("torch.")) dtype.erase(0, 6);
  if (dtype == "float32" || dtype == "auto") dtype = "bfloat16";
  if (dtype != "bfloat16" && dtype != "float16") {
    return fail(fmt::format("{} is '{}' (allowed: bfloat16, float16, float32, auto)",
                            config.find(kKeys)->path, dtype.substr(0, 40)),
                config.place());
  }
  model.dtype = std::move(dtype);
  model.dtype_bytes = 2;
  return {};
}

Result<std::string> read_architecture(const json& document, const Family& family,
                                      const SourcePlace& place) {
  const auto at = document.find("architectures");
  if (at == document.end() || at->is_null() || (at->is_array() && at->empty())) {
    return std::string(family.architecture);
  }
  if (!at->is_array() || !at->front().is_string()) {
    return fail(fmt::format("architectures is {} (allowed: a list of names)", value_text(*at)),
                place);
  }
  return at->front().get<std::string>();
}

/// "google/gemma-3-27b-it" of ".../google--gemma-3-27b-it.json"; of ".../name/config.json" the
/// name.
void name_after_place(Model& model) {
  const fs::path file(model.source);
  std::string stem = file.stem().string();
  if (stem == "config" && file.has_parent_path()) stem = file.parent_path().filename().string();
  if (const auto dashes = stem.find("--"); dashes != std::string::npos)
    stem.replace(dashes, 2, "/");
  model.hub_id = stem;
  model.name = short_model_name(stem);
}

/// The section that names the heads, or would: schedulers have looked in the wrong one.
std::string heads_section(const ConfigSections& config) {
  const auto found = config.find(kHeadKeys);
  if (!found) return "";
  const auto dot = found->path.rfind('.');
  return dot == std::string::npos ? "" : found->path.substr(0, dot);
}

/// Cohere's files name the context that the model was trained for apart.
Status read_context(const ConfigSections& config, const Family& family, Model& model) {
  const bool own = model.model_type.starts_with("cohere") && config.has("model_max_length");
  HEADROOM_TRY(
      model.longest_context,
      config.integer_or({"longest context",
                         {own ? "model_max_length" : "max_position_embeddings", "n_positions",
                          "max_seq_len", "seq_length", "seq_len", "max_sequence_length", "n_ctx",
                          "max_target_positions", "model_max_length"},
                         1,
                         kMostContext},
                        family.traits.context));
  return {};
}

Status read_encoders(const Sections& sections, Model& model) {
  HEADROOM_TRY(model.vision, read_vision(sections.holder, model.model_type, model.text.hidden));
  HEADROOM_TRY(const auto audio, sections.holder.child("audio_config"));
  if (!audio) return {};
  if (!model.model_type.starts_with("qwen2_5_omni")) {
    return sections.holder.refuse("audio_config",
                                  fmt::format("an audio encoder is not read of model_type '{}'",
                                              model.model_type.substr(0, 40)));
  }
  HEADROOM_TRY(const VisionArch encoder, read_omni_audio(*audio));
  model.encoders.push_back({"audio", encoder});
  return {};
}

/// Multimodal configs whose text section leaves out what its class defaults.
bool leaves_figures_out(const Model& model) {
  return model.model_type == "llava" || model.model_type == "mistral3";
}

/// Before any two sizes are multiplied as integers.
Status check_total(const Model& model, const SourcePlace& place) {
  const auto size = [](const std::vector<Tensor>& tensors) {
    double sum = 0.0;
    for (const Tensor& t : tensors) {
      sum += static_cast<double>(t.out) * static_cast<double>(t.in) * static_cast<double>(t.copies);
    }
    return sum;
  };
  std::vector<double> layers(model.text.kinds.size(), 0.0);
  for (const std::uint8_t kind : model.text.kind_of_layer) layers[kind] += 1.0;
  double total = size(embedding_tensors(model.text)) + size(head_tensors(model.text));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    total += layers[i] * size(layer_tensors(model.text, model.text.kinds[i]));
  }
  if (model.vision) total += static_cast<double>(model.vision->parameters);
  for (const Encoder& encoder : model.encoders) {
    total += static_cast<double>(encoder.shape.parameters);
  }
  if (total <= kMostParameters) return {};
  return fail(fmt::format("{:.3g} parameters follow from its figures (allowed: at most {:.0e})",
                          total, kMostParameters),
              place);
}

/// A checkpoint may keep its quantization in a file that is not here.
void note_quantized_name(const json& document, Model& model) {
  if (model.quantization.quantized() || !model.quantization.method.empty()) return;
  std::string said = quantization_in_name(model.hub_id);
  const auto path = document.find("_name_or_path");
  if (said.empty() && path != document.end() && path->is_string()) {
    said = quantization_in_name(path->get<std::string>());
  }
  if (said.empty()) return;
  model.assumptions.push_back(fmt::format(
      "the name says {}, and config.json nothing of quantization: weights are counted in "
      "{} (ModelOpt keeps it in hf_quant_config.json beside)",
      said, model.dtype));
}

Result<Model> read_model(const json& document, const json* beside, const std::string& where) {
  Model model;
  model.source = where;
  name_after_place(model);
  HEADROOM_TRY(const Sections sections, sections_of(document, where));
  const ConfigSections& config = sections.text;
  HEADROOM_TRY(const Family family, family_of(sections, model));
  // A multimodal model goes by its outer type: "gemma3", not "gemma3_text".
  const auto outer = document.find("model_type");
  const bool has_outer = outer != document.end() && outer->is_string();
  HEADROOM_TRY(const std::string inner, config.string_or(kTypeKeys, ""));
  model.model_type = has_outer ? outer->get<std::string>() : inner;
  model.supports_pipeline = family.supports_pipeline;
  HEADROOM_TRY(model.architecture, read_architecture(document, family, config.place()));
  HEADROOM_CHECK(read_dtype(config, model));
  HEADROOM_CHECK(read_context(config, family, model));
  model.heads_section = heads_section(config);
  Reading reading{config, document, model, sections.nested && leaves_figures_out(model)};
  if (Status status = family.read(reading, family.traits); !status) {
    // An unknown type may be a known one, misspelt.
    if (!find_family(inner)) status.error().hint = suggest_type(inner);
    return tl::unexpected<Error>(std::move(status.error()));
  }
  HEADROOM_CHECK(read_encoders(sections, model));
  HEADROOM_CHECK(check_total(model, config.place()));
  HEADROOM_CHECK(read_quantization(document, beside, where, model));
  note_quantized_name(document, model);
  return model;
}

/// The second file that a quantized checkpoint may have; empty without.
fs::path quantization_file(const fs::path& file) {
  const std::string name = file.stem() == "config"
                               ? "hf_quant_config.json"
                               : file.stem().string() + "--hf_quant_config.json";
  fs::path beside = file.parent_path() / name;
  std::error_code ignored;
  return fs::exists(beside, ignored) ? beside : fs::path();
}

}  // namespace

Result<Model> parse_model_config(std::string_view text, const std::string& where) {
  HEADROOM_TRY(const json document, parse_config_document(text, where));
  return read_model(document, nullptr, where);
}

Result<Model> parse_model_config(std::string_view text, std::string_view quantization,
                                 const std::string& where) {
  HEADROOM_TRY(const json document, parse_config_document(text, where));
  HEADROOM_TRY(const json beside,
               parse_config_document(quantization, "hf_quant_config.json of " + where));
  return read_model(document, &beside, where);
}

Result<Model> read_model_config(const fs::path& file) {
  HEADROOM_TRY(const std::string text, read_config_text(file));
  const fs::path beside = quantization_file(file);
  if (beside.empty()) return parse_model_config(text, file.string());
  HEADROOM_TRY(const std::string quantization, read_config_text(beside));
  return parse_model_config(text, quantization, file.string());
}

}  // namespace headroom
