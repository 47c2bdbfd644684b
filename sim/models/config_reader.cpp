#include "sim/models/config_document.hpp"
#include "sim/models/config_section.hpp"
#include "sim/models/families.hpp"
#include "sim/models/layer_pattern.hpp"
#include "sim/models/model.hpp"
#include "sim/models/unsupported.hpp"
#include "sim/models/vision.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <utility>

namespace headroom {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Ranges: an order of magnitude or more above anything published, and small enough that every
// product of them below stays inside int64.
constexpr std::int64_t kMostLayers = 10'000;
constexpr std::int64_t kMostHidden = std::int64_t{1} << 20;
constexpr std::int64_t kMostHeads = 65'536;
constexpr std::int64_t kMostHeadDim = 65'536;
constexpr std::int64_t kMostAttentionWidth = std::int64_t{1} << 22;
constexpr std::int64_t kMostMlpWidth = std::int64_t{1} << 24;
constexpr std::int64_t kMostVocab = std::int64_t{1} << 26;
constexpr std::int64_t kMostPositions = std::int64_t{1} << 26;

constexpr std::array<std::string_view, 2> kTextSections{"text_config", "llm_config"};

/// The text section, if there is one, then the top level.
Result<ConfigSections> sections_of(const json& document, const std::string& where) {
  std::vector<ConfigSections::Section> sections;
  for (const std::string_view name : kTextSections) {
    const auto at = document.find(name);
    if (at == document.end() || at->is_null()) continue;
    if (!at->is_object()) {
      return fail(fmt::format("{} is {} (allowed: an object)", name, value_text(*at)),
                  SourcePlace{where, 0, 0});
    }
    sections.push_back({std::string(name), &*at});
    break;
  }
  sections.push_back({"", &document});
  return ConfigSections(std::move(sections), where);
}

Result<const Family*> family_of(const ConfigSections& config) {
  constexpr std::string_view kKeys[] = {"model_type"};
  HEADROOM_TRY(std::string type, config.string_or(kKeys, ""));
  // Without a section of its own gemma-3's text figures may still be filed under the outer type.
  if (type == "gemma3") type = "gemma3_text";
  if (const Family* family = find_family(type)) return family;
  std::vector<std::string_view> known;
  for (const Family& family : model_families()) known.push_back(family.model_type);
  return fail(type.empty() ? "model_type is missing"
                           : fmt::format("this kind is not supported yet: {} is '{}'",
                                         config.find(kKeys)->path, type.substr(0, 40)),
              config.place(), fmt::format("supported: {}", fmt::join(known, ", ")));
}

constexpr std::array<std::string_view, 3> kHeadKeys = {"num_attention_heads", "n_head", "n_heads"};

/// A figure that may have a class default (`absent` above zero).
Result<std::int64_t> figure_or_default(const ConfigSections& config, const Figure& figure,
                                       std::int64_t absent) {
  return absent > 0 ? config.integer_or(figure, absent) : config.integer(figure);
}

Status read_attention(const ConfigSections& config, DecoderParts& parts) {
  Attention& attention = parts.attention;
  HEADROOM_TRY(attention.heads,
               figure_or_default(
                   config, {"query heads", {kHeadKeys.begin(), kHeadKeys.end()}, 1, kMostHeads},
                   attention.heads));
  // A config without the key has as many as query heads, unless its class has another default.
  HEADROOM_TRY(attention.kv_heads,
               config.integer_or({"KV heads",
                                  {"num_key_value_heads", "n_head_kv", "num_kv_heads", "n_kv_heads",
                                   "multi_query_group_num", "num_attention_groups"},
                                  1,
                                  attention.heads},
                                 attention.kv_heads > 0 ? attention.kv_heads : attention.heads));
  if (attention.heads % attention.kv_heads != 0) {
    return fail(fmt::format("{} query heads do not share {} KV heads evenly ({} mod {} = {})",
                            attention.heads, attention.kv_heads, attention.heads,
                            attention.kv_heads, attention.heads % attention.kv_heads),
                config.place());
  }
  const Figure head_dim{
      "head size", {"head_dim", "hidden_size_per_head", "kv_channels"}, 1, kMostHeadDim};
  if (!config.find(head_dim.keys) && attention.head_dim == 0) {
    if (parts.text.hidden % attention.heads != 0) {
      return fail(fmt::format("head_dim is missing and the hidden size {} is not a multiple of {} "
                              "query heads",
                              parts.text.hidden, attention.heads),
                  config.place());
    }
    attention.head_dim = parts.text.hidden / attention.heads;
  } else {
    HEADROOM_TRY(attention.head_dim, config.integer_or(head_dim, attention.head_dim));
  }
  if (attention.heads * attention.head_dim > kMostAttentionWidth) {
    return fail(
        fmt::format("{} query heads of size {} are {} wide (allowed: at most {})", attention.heads,
                    attention.head_dim, attention.heads * attention.head_dim, kMostAttentionWidth),
        config.place());
  }
  return {};
}

Status read_sizes(const ConfigSections& config, DecoderParts& parts) {
  HEADROOM_TRY(
      parts.layers,
      config.integer(
          {"layers", {"num_hidden_layers", "n_layer", "n_layers", "num_layers"}, 1, kMostLayers}));
  HEADROOM_TRY(
      parts.text.hidden,
      config.integer({"hidden size", {"hidden_size", "n_embd", "d_model"}, 1, kMostHidden}));
  // The class default of every plain MLP read here is four times the hidden size.
  HEADROOM_TRY(parts.mlp.width,
               figure_or_default(config,
                                 {"MLP width",
                                  {"intermediate_size", "n_inner", "ffn_hidden_size", "ffn_dim"},
                                  1,
                                  kMostMlpWidth},
                                 parts.mlp.kind == MlpKind::plain ? 4 * parts.text.hidden : 0));
  HEADROOM_TRY(parts.text.vocab,
               figure_or_default(config, {"vocabulary", {"vocab_size", "n_vocab"}, 1, kMostVocab},
                                 parts.text.vocab));
  HEADROOM_TRY(parts.text.tied_embeddings,
               config.boolean_or("tie_word_embeddings", parts.text.tied_embeddings));
  return {};
}

Status read_falcon(const ConfigSections& config, DecoderParts& parts) {
  Attention& attention = parts.attention;
  HEADROOM_TRY(const bool new_architecture, config.boolean_or("new_decoder_architecture", false));
  HEADROOM_TRY(const bool multi_query, config.boolean_or("multi_query", true));
  HEADROOM_TRY(const bool parallel, config.boolean_or("parallel_attn", true));
  HEADROOM_TRY(const bool bias, config.boolean_or("bias", false));
  // The new architecture ignores multi_query; the old one ignores the KV head count.
  if (!new_architecture) attention.kv_heads = multi_query ? 1 : attention.heads;
  HEADROOM_TRY(
      const std::int64_t parallel_norms,
      config.integer_or({"norms beside parallel attention", {"num_ln_in_parallel_attn"}, 1, 2},
                        new_architecture ? 2 : 1));
  parts.norms = parallel ? parallel_norms : 2;
  attention.qkv_bias = bias;
  attention.output_bias = bias;
  parts.mlp.bias = bias;
  return {};
}

Status read_family_keys(const ConfigSections& config, const Family& family, DecoderParts& parts) {
  Attention& attention = parts.attention;
  if (family.bias_by_key) {
    HEADROOM_TRY(const bool bias, config.boolean_or("attention_bias", false));
    attention.qkv_bias = bias;
    attention.output_bias = bias;
  }
  if (family.mlp_bias_by_key) {
    HEADROOM_TRY(parts.mlp.bias, config.boolean_or("mlp_bias", false));
  }
  if (family.model_type == "cohere") {
    HEADROOM_TRY(const bool normed, config.boolean_or("use_qk_norm", false));
    if (normed) attention.qk_norm = Attention::QkNorm::each_head;
  }
  if (family.model_type == "falcon") return read_falcon(config, parts);
  if (family.model_type == "gpt2") {
    HEADROOM_TRY(parts.text.learned_positions,
                 config.integer({"learned positions",
                                 {"n_positions", "n_ctx", "max_position_embeddings"},
                                 1,
                                 kMostPositions}));
  }
  return {};
}

/// float32 weights are served as 16-bit ones ("auto" of the engine), so only their names differ.
Status read_dtype(const ConfigSections& config, Model& model) {
  constexpr std::string_view kKeys[] = {"torch_dtype", "dtype"};
  HEADROOM_TRY(std::string dtype, config.string_or(kKeys, "bfloat16"));
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

}  // namespace

Result<Model> parse_model_config(std::string_view text, const std::string& where) {
  HEADROOM_TRY(const json document, parse_config_document(text, where));
  HEADROOM_TRY(const ConfigSections config, sections_of(document, where));
  HEADROOM_CHECK(check_supported(config));
  HEADROOM_TRY(const Family* family, family_of(config));

  Model model;
  model.source = where;
  name_after_place(model);
  // A multimodal model goes by its outer type: "gemma3", not "gemma3_text".
  const auto outer_type = document.find("model_type");
  const bool has_outer = outer_type != document.end() && outer_type->is_string();
  model.model_type = has_outer ? outer_type->get<std::string>() : std::string(family->model_type);
  DecoderParts parts = family->base;
  HEADROOM_TRY(model.architecture, read_architecture(document, *family, config.place()));
  HEADROOM_CHECK(read_dtype(config, model));
  HEADROOM_CHECK(read_sizes(config, parts));
  HEADROOM_CHECK(read_attention(config, parts));
  model.heads_section = heads_section(config);
  HEADROOM_CHECK(read_family_keys(config, *family, parts));
  HEADROOM_CHECK(read_layer_pattern(config, *family, parts));
  model.text = assemble(parts);
  HEADROOM_TRY(model.vision, read_vision(document, model.text.hidden, where));
  return model;
}

Result<Model> read_model_config(const fs::path& file) {
  HEADROOM_TRY(const std::string text, read_config_text(file));
  // Some quantized checkpoints say so only in a second file beside the first.
  std::error_code ignored;
  if (const fs::path beside = file.parent_path() / "hf_quant_config.json";
      fs::exists(beside, ignored)) {
    return fail(fmt::format("a quantized checkpoint is not supported yet: {} lies beside it",
                            beside.filename().string()),
                SourcePlace{file.string(), 0, 0});
  }
  return parse_model_config(text, file.string());
}

}  // namespace headroom
