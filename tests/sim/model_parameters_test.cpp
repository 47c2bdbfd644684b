// Parameter counts are exact: against sums done by hand, the published totals, and the shared
// collection of published config.json files.

#include "sim/models/model.hpp"
#include "tests/models.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <map>
#include <set>

using namespace headroom;

namespace {

Model catalogued(std::string_view name) { return *test::require_value(find_model(name)); }

// The published file, with its gaps: no vocabulary, no pattern, no heads but in the class defaults.
constexpr std::string_view kGemma3 = R"({
  "architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3",
  "text_config": {"head_dim": 128, "hidden_size": 5376, "intermediate_size": 21504,
    "model_type": "gemma3_text", "num_attention_heads": 32, "num_hidden_layers": 62,
    "num_key_value_heads": 16, "sliding_window": 1024},
  "torch_dtype": "bfloat16",
  "vision_config": {"hidden_size": 1152, "image_size": 896, "intermediate_size": 4304,
    "model_type": "siglip_vision_model", "num_attention_heads": 16, "num_hidden_layers": 27,
    "patch_size": 14, "vision_use_head": false}})";

}  // namespace

TEST_CASE("a layer's parameters are the sum of its tensors") {
  TextArch text = dense_decoder({1, 8, 4, 2, 3, 10, 100});
  LayerKind& kind = text.kinds.front();
  Attention& heads = *kind.attention();
  const auto count = [&] { return layer_parameters(text, kind); };
  std::int64_t expected = (8 * 12 + 8 * 6 + 8 * 6 + 12 * 8) + 3 * 8 * 10 + 2 * 8;
  CHECK(count() == expected);
  kind.mlp = Mlp{MlpKind::plain, 10, false};
  CHECK(count() == (expected -= 8 * 10));
  text.norm_bias = true;
  CHECK(count() == (expected += 2 * 8));
  kind.mlp = Mlp{MlpKind::plain, 10, true};
  CHECK(count() == (expected += 10 + 8));
  heads.qkv_bias = true;
  CHECK(count() == (expected += 24));
  heads.output_bias = true;
  CHECK(count() == (expected += 8));
  heads.qk_norm = Attention::QkNorm::shared;
  CHECK(count() == (expected += 6));
  heads.qk_norm = Attention::QkNorm::each_head;
  CHECK(count() == (expected += 18 - 6));
}

TEST_CASE("a model's parameters add embeddings, positions, norms and the vision tower") {
  Model model;
  model.text = dense_decoder({2, 8, 1, 1, 8, 8, 100});
  const std::int64_t layers = 2 * layer_parameters(model.text, model.text.kinds.front());
  CHECK(total_parameters(model) == layers + 1600 + 8);
  model.text.tied_embeddings = true;
  CHECK(total_parameters(model) == layers + 800 + 8);
  model.text.learned_positions = 5;
  CHECK(total_parameters(model) == layers + 800 + 8 + 40);
  model.vision = VisionArch{1, 1, 1, 1, 1000};
  CHECK(total_parameters(model) == layers + 800 + 8 + 40 + 1000);
  CHECK(weight_bytes(model) == 2 * total_parameters(model));
}

TEST_CASE("gemma-3-27b-it counts exactly, from the file and in the catalogue") {
  const Model read = test::require_value(parse_model_config(kGemma3, "gemma-3-27b-it.json"));
  CHECK(read.text.vocab == 262'208);
  CHECK(test::window_of(read.text) == 1024);
  CHECK(test::reach_text(read.text).substr(0, 12) == "sssssfsssssf");
  CHECK(read.text.tied_embeddings);
  CHECK(read.text.kinds.front().norms == 4);
  REQUIRE(read.vision);
  CHECK(read.vision->heads == 16);
  CHECK(read.vision->parameters == 423'060'336);
  for (const Model& model : {read, catalogued("gemma-3-27b-it")}) {
    CHECK(total_parameters(model) == 27'432'406'640);
    CHECK(weight_bytes(model) == 54'864'813'280);
    CHECK(bytes_text(weight_bytes(model)) == "51.1 GiB");
    CHECK(model.architecture == "Gemma3ForConditionalGeneration");
    CHECK(model.model_type == "gemma3");
  }
  const std::string reach = test::reach_text(read.text);
  CHECK(std::count(reach.begin(), reach.end(), 'f') == 10);
}

TEST_CASE("gemma-3-4b's file leaves heads to the class and counts exactly") {
  std::string text(kGemma3);
  const auto from = text.find("\"text_config\"");
  text.replace(from, text.find("\"torch_dtype\"") - from,
               R"("text_config": {"hidden_size": 2560, "intermediate_size": 10240,
    "model_type": "gemma3_text", "num_hidden_layers": 34, "sliding_window": 1024},)");
  const Model model = test::require_value(parse_model_config(text, "gemma-3-4b-it.json"));
  CHECK(model.text.heads() == 8);
  CHECK(model.text.kv_heads() == 4);
  CHECK(model.text.head_dim() == 256);
  CHECK(total_parameters(model) == 4'300'079'472);
}

TEST_CASE("a vision tower with a figure missing or a pooling head is refused") {
  std::string text(kGemma3);
  text.replace(text.find("\"patch_size\""), 12, "\"patch_sized\"");
  CHECK(parse_model_config(text, "m").error().message.find("none of patch_size in vision_config") !=
        std::string::npos);
  text = kGemma3;
  text.replace(text.find("\"vision_use_head\": false"), 24, "\"vision_use_head\": true ");
  CHECK(parse_model_config(text, "m").error().message.find("vision_use_head is true") !=
        std::string::npos);
}

TEST_CASE("published totals come out of the catalogue") {
  const std::map<std::string, std::int64_t> published{
      {"gpt2-xl", 1'557'611'200},
      {"falcon-7b", 6'921'720'704},
      {"llama-2-7b", 6'738'415'616},
      {"mistral-7b-v0.1", 7'241'732'096},
      {"meta-llama-3.1-8b", 8'030'261'248},
      {"qwen2.5-7b-instruct", 7'615'616'512},
      {"qwen3-8b", 8'190'735'360},
      {"gemma-2-9b-it", 9'241'705'984},
      {"phi-4", 14'659'507'200},
      {"c4ai-command-r-plus", 103'810'674'688},
      {"meta-llama-3.1-70b", 70'553'706'496},
      {"meta-llama-3.1-405b", 405'853'388'800},
      {"phi-2", 2'779'683'840},
      {"mpt-7b", 6'649'286'656},
      {"opt-6.7b", 6'658'473'984},
      {"pythia-6.9b", 6'857'302'016},
      {"llava-1.5-7b", 7'063'427'072},
      {"bloom-7b1", 7'069'016'064},
      {"mamba-codestral-7b-v0.1", 7'285'403'648},
      {"olmo-2-1124-7b", 7'298'617'344},
      {"internvl2_5-8b", 8'075'365'376},
      {"qwen2-vl-7b-instruct", 8'291'375'616},
      {"gemma-7b", 8'537'680'896},
      {"glm-4-9b-chat", 9'399'951'360},
      {"starcoder", 15'517'456'384},
      {"deepseek-v2-lite", 15'706'484'224},
      {"mistral-small-3.1-24b-instruct-2503", 24'011'361'280},
      {"jamba-v0.1", 51'570'323'328},
      {"dbrx-instruct", 131'596'523'520}};
  for (const auto& [name, parameters] : published) {
    INFO(name);
    CHECK(total_parameters(catalogued(name)) == parameters);
  }
}

TEST_CASE("the catalogue is in order, without doubles, and says where its figures come from") {
  std::set<std::string> names;
  std::int64_t last = 0;
  for (const Model& model : model_catalogue()) {
    INFO(model.name);
    CHECK(names.insert(model.name).second);
    CHECK(total_parameters(model) >= last);
    last = total_parameters(model);
    CHECK((model.source == "recalled" || model.source == "config.json of " + model.hub_id));
    if (model.text.main_attention() != nullptr) {
      CHECK(model.text.heads() % model.text.kv_heads() == 0);
    }
    CHECK_FALSE(model.architecture.empty());
    CHECK(model.dtype_bytes == 2);
    CHECK((model.longest_context > 0 || model.text.main_attention() == nullptr));
    CHECK(model.assumptions.empty());
  }
  CHECK(names.size() == 89);
}

TEST_CASE("models are found by short name or hub id in any case") {
  CHECK(catalogued("Gemma-3-27B-IT").hub_id == "google/gemma-3-27b-it");
  CHECK(catalogued("google/gemma-3-27b-it").name == "gemma-3-27b-it");
  CHECK(catalogued("llama-2-7b").hub_id == "meta-llama/Llama-2-7b-hf");
  CHECK(catalogued("llama-2-7b-hf").name == "llama-2-7b");
  const auto near = find_model("gemma-3-27b");
  REQUIRE_FALSE(near);
  CHECK(near.error().text() == "unknown model 'gemma-3-27b' — did you mean 'gemma-3-27b-it'?");
  CHECK_FALSE(find_model(""));
}
