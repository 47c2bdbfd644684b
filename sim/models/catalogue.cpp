#include "sim/core/assert.hpp"
#include "sim/core/nearest.hpp"
#include "sim/models/families.hpp"
#include "sim/models/model.hpp"
#include "sim/models/vision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace headroom {
namespace {

enum class Tied { no, yes };
// Whether the figures were checked against the published config.json or are known by heart.
enum class From { config, memory };

struct Row {
  std::string_view hub_id;
  std::string_view family;
  std::int64_t layers, hidden, heads, kv_heads, head_dim, mlp_width, vocab;
  Tied tied;
  From from;
  std::int64_t window = 0;  // tokens; 0 = none
};

constexpr std::array kRows{
    Row{"HuggingFaceTB/SmolLM2-360M", "llama", 32, 960, 15, 5, 64, 2560, 49152, Tied::yes,
        From::memory},
    Row{"Qwen/Qwen2.5-0.5B", "qwen2", 24, 896, 14, 2, 64, 4864, 151936, Tied::yes, From::memory},
    Row{"Qwen/Qwen3-0.6B", "qwen3", 28, 1024, 16, 8, 128, 3072, 151936, Tied::yes, From::config},
    Row{"Qwen/Qwen2.5-1.5B", "qwen2", 28, 1536, 12, 2, 128, 8960, 151936, Tied::yes, From::memory},
    Row{"openai-community/gpt2-xl", "gpt2", 48, 1600, 25, 25, 64, 6400, 50257, Tied::yes,
        From::memory},
    Row{"Qwen/Qwen3-1.7B", "qwen3", 28, 2048, 16, 8, 128, 6144, 151936, Tied::yes, From::config},
    Row{"Qwen/Qwen2.5-3B", "qwen2", 36, 2048, 16, 2, 128, 11008, 151936, Tied::yes, From::config},
    Row{"meta-llama/Llama-3.2-3B", "llama", 28, 3072, 24, 8, 128, 8192, 128256, Tied::yes,
        From::config},
    Row{"Qwen/Qwen3-4B", "qwen3", 36, 2560, 32, 8, 128, 9728, 151936, Tied::yes, From::config},
    Row{"meta-llama/Llama-2-7b-hf", "llama", 32, 4096, 32, 32, 128, 11008, 32000, Tied::no,
        From::config},
    Row{"tiiuae/falcon-7b", "falcon", 32, 4544, 71, 1, 64, 18176, 65024, Tied::yes, From::memory},
    Row{"mistralai/Mistral-7B-v0.1", "mistral", 32, 4096, 32, 8, 128, 14336, 32000, Tied::no,
        From::config, 4096},
    Row{"Qwen/Qwen2.5-7B-Instruct", "qwen2", 28, 3584, 28, 4, 128, 18944, 152064, Tied::no,
        From::config},
    Row{"meta-llama/Meta-Llama-3.1-8B", "llama", 32, 4096, 32, 8, 128, 14336, 128256, Tied::no,
        From::config},
    Row{"Qwen/Qwen3-8B", "qwen3", 36, 4096, 32, 8, 128, 12288, 151936, Tied::no, From::config},
    Row{"google/gemma-2-9b-it", "gemma2", 42, 3584, 16, 8, 256, 14336, 256000, Tied::yes,
        From::memory, 4096},
    Row{"mistralai/Mistral-Nemo-Instruct-2407", "mistral", 40, 5120, 32, 8, 128, 14336, 131072,
        Tied::no, From::config},
    Row{"meta-llama/Llama-2-13b-hf", "llama", 40, 5120, 40, 40, 128, 13824, 32000, Tied::no,
        From::memory},
    Row{"microsoft/Phi-3-medium-4k-instruct", "phi3", 40, 5120, 40, 10, 128, 17920, 32064, Tied::no,
        From::config, 2047},
    Row{"microsoft/phi-4", "phi3", 40, 5120, 40, 10, 128, 17920, 100352, Tied::no, From::config},
    Row{"Qwen/Qwen3-14B", "qwen3", 40, 5120, 40, 8, 128, 17408, 151936, Tied::no, From::config},
    Row{"Qwen/Qwen2.5-14B", "qwen2", 48, 5120, 40, 8, 128, 13824, 152064, Tied::no, From::config},
    Row{"google/gemma-2-27b-it", "gemma2", 46, 4608, 32, 16, 128, 36864, 256000, Tied::yes,
        From::memory, 4096},
    Row{"google/gemma-3-27b-it", "gemma3_text", 62, 5376, 32, 16, 128, 21504, 262208, Tied::yes,
        From::memory, 1024},
    Row{"garage-bAInd/Platypus-30B", "llama", 60, 6656, 52, 52, 128, 17920, 32000, Tied::no,
        From::memory},
    Row{"Qwen/Qwen3-32B", "qwen3", 64, 5120, 64, 8, 128, 25600, 151936, Tied::no, From::config},
    Row{"Qwen/Qwen2.5-32B", "qwen2", 64, 5120, 40, 8, 128, 27648, 152064, Tied::no, From::config},
    Row{"codellama/CodeLlama-34b-Instruct-hf", "llama", 48, 8192, 64, 8, 128, 22016, 32000,
        Tied::no, From::config},
    Row{"01-ai/Yi-34B", "llama", 60, 7168, 56, 8, 128, 20480, 64000, Tied::no, From::config},
    Row{"meta-llama/Llama-2-70b-hf", "llama", 80, 8192, 64, 8, 128, 28672, 32000, Tied::no,
        From::config},
    Row{"meta-llama/Meta-Llama-3.1-70B", "llama", 80, 8192, 64, 8, 128, 28672, 128256, Tied::no,
        From::config},
    Row{"Qwen/Qwen2.5-72B", "qwen2", 80, 8192, 64, 8, 128, 29568, 152064, Tied::no, From::memory},
    Row{"CohereForAI/c4ai-command-r-plus", "cohere", 64, 12288, 96, 8, 128, 33792, 256000,
        Tied::yes, From::memory},
    Row{"mistralai/Mistral-Large-Instruct-2407", "mistral", 88, 12288, 96, 8, 128, 28672, 32768,
        Tied::no, From::memory},
    Row{"meta-llama/Meta-Llama-3.1-405B", "llama", 126, 16384, 128, 8, 128, 53248, 128256, Tied::no,
        From::config},
};

/// What a row's few figures leave out of the decoder.
void add_particulars(const Row& row, DecoderParts& parts) {
  if (row.family == "cohere") parts.attention.qk_norm = Attention::QkNorm::each_head;
  if (row.family == "falcon") parts.norms = 1;  // parallel attention
  if (row.family == "gpt2") parts.text.learned_positions = 1024;
}

/// And of the rest.
void add_particulars(Model& model) {
  if (model.hub_id == "google/gemma-3-27b-it") {
    model.model_type = "gemma3";
    model.architecture = "Gemma3ForConditionalGeneration";
    model.heads_section = "text_config";
    model.vision = siglip_vision({27, 1152, 16, 4304, 896, 14, 3}, model.text.hidden);
  }
  const bool half = model.model_type == "cohere" || model.hub_id == "meta-llama/Llama-2-7b-hf" ||
                    model.hub_id == "meta-llama/Llama-2-70b-hf";
  if (half) model.dtype = "float16";
}

Model model_of(const Row& row) {
  const Family* family = find_family(row.family);
  HEADROOM_ASSERT(family != nullptr, "a catalogue row names no known family");
  Model model;
  model.name = short_model_name(row.hub_id);
  model.hub_id = std::string(row.hub_id);
  model.architecture = std::string(family->architecture);
  model.model_type = std::string(family->model_type);
  DecoderParts parts = family->base;
  parts.layers = row.layers;
  parts.text.hidden = row.hidden;
  parts.text.vocab = row.vocab;
  parts.text.tied_embeddings = row.tied == Tied::yes;
  parts.attention.heads = row.heads;
  parts.attention.kv_heads = row.kv_heads;
  parts.attention.head_dim = row.head_dim;
  parts.mlp.width = row.mlp_width;
  parts.window = row.window;
  parts.pattern = row.window > 0 ? family->pattern : 1;
  add_particulars(row, parts);
  model.text = assemble(parts);
  model.source =
      row.from == From::config ? fmt::format("config.json of {}", row.hub_id) : "recalled";
  add_particulars(model);
  return model;
}

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : int{c}; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::span<const Model> model_catalogue() {
  static const std::vector<Model> kModels = [] {
    std::vector<Model> models;
    models.reserve(kRows.size());
    for (const Row& row : kRows) models.push_back(model_of(row));
    return models;
  }();
  return kModels;
}

Result<std::shared_ptr<const Model>> find_model(std::string_view name) {
  std::vector<std::string> known;
  for (const Model& model : model_catalogue()) {
    const std::string_view hub = model.hub_id;
    if (same_letters(name, model.name) || same_letters(name, hub) ||
        same_letters(name, hub.substr(hub.find('/') + 1))) {
      // The catalogue lives as long as the program: nothing to own.
      return std::shared_ptr<const Model>(std::shared_ptr<const void>(), &model);
    }
    known.push_back(model.name);
  }
  return fail(fmt::format("unknown model '{}'", name.substr(0, 80)), {}, suggest(name, known));
}

}  // namespace headroom
