// What a config.json may say, and what is refused with which words.

#include "sim/models/model.hpp"
#include "tests/models.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>

using namespace headroom;
using nlohmann::json;

namespace {

json small_llama() {
  return json{{"model_type", "llama"},     {"hidden_size", 512},       {"num_hidden_layers", 4},
              {"num_attention_heads", 8},  {"num_key_value_heads", 2}, {"vocab_size", 1000},
              {"intermediate_size", 1024}, {"torch_dtype", "bfloat16"}};
}

json with(json config, const std::string& key, json value) {
  config[key] = std::move(value);
  return config;
}

json without(json config, const std::string& key) {
  config.erase(key);
  return config;
}

Model read(const json& config) {
  return test::require_value(parse_model_config(config.dump(), "m.json"));
}

std::string text_refusal(const std::string& text) {
  const auto model = parse_model_config(text, "m.json");
  if (model) FAIL("accepted: " << text);
  return model.error().text();
}

std::string refusal(const json& config) { return text_refusal(config.dump()); }

void has(const std::string& text, std::string_view part) {
  INFO(text << " should contain " << part);
  CHECK(text.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("a grouped-query config gives the shape it states") {
  const Model model = read(small_llama());
  CHECK(model.text.layers() == 4);
  CHECK(model.text.hidden == 512);
  CHECK(model.text.heads() == 8);
  CHECK(model.text.kv_heads() == 2);
  CHECK(model.text.head_dim() == 64);
  CHECK(std::get<Mlp>(model.text.kinds.front().mlp).width == 1024);
  CHECK(model.text.vocab == 1000);
  CHECK_FALSE(model.text.tied_embeddings);
  CHECK(model.architecture == "LlamaForCausalLM");
  CHECK(model.source == "m.json");
  CHECK(model.dtype_bytes == 2);
}

TEST_CASE("every spelling of a key is understood") {
  const json other{{"model_type", "llama"},  {"d_model", 512},  {"n_layers", 4},
                   {"n_heads", 8},           {"n_kv_heads", 2}, {"vocab_size", 1000},
                   {"ffn_hidden_size", 1024}};
  const json third{{"model_type", "llama"}, {"n_embd", 512},      {"n_layer", 4},   {"n_head", 8},
                   {"n_head_kv", 2},        {"vocab_size", 1000}, {"n_inner", 1024}};
  const json fourth = with(without(small_llama(), "num_key_value_heads"), "num_kv_heads", 2);
  const std::int64_t expected = total_parameters(read(small_llama()));
  CHECK(total_parameters(read(other)) == expected);
  CHECK(total_parameters(read(third)) == expected);
  CHECK(total_parameters(read(fourth)) == expected);
}

TEST_CASE("without KV heads there are as many as query heads") {
  CHECK(read(without(small_llama(), "num_key_value_heads")).text.kv_heads() == 8);
  CHECK(read(with(small_llama(), "num_key_value_heads", nullptr)).text.kv_heads() == 8);
}

TEST_CASE("a head size in the file is never derived from the hidden size") {
  CHECK(read(with(small_llama(), "head_dim", 128)).text.head_dim() == 128);
  CHECK(read(with(small_llama(), "head_dim", nullptr)).text.head_dim() == 64);
  has(refusal(with(small_llama(), "hidden_size", 513)), "head_dim is missing");
}

TEST_CASE("nested text sections are looked through, the nearest first") {
  const auto section = GENERATE("text_config", "llm_config");
  json config{{"torch_dtype", "float16"}, {"tie_word_embeddings", true}};
  config[section] = without(small_llama(), "torch_dtype");
  config["hidden_size"] = 99;
  const Model model = read(config);
  CHECK(model.text.hidden == 512);
  CHECK(model.text.tied_embeddings);
  CHECK(model.dtype == "float16");
  CHECK(model.model_type == "llama");
  config["model_type"] = nullptr;
  CHECK(read(config).model_type == "llama");
  config["model_type"] = 7;
  CHECK(read(config).model_type == "llama");
  config[section].erase("num_hidden_layers");
  const std::string text = refusal(config);
  has(text, std::string("in ") + section + " and the top level");
  config[section] = 3;
  has(refusal(config), std::string(section) + " is 3 (allowed: an object)");
}

TEST_CASE("a missing figure names every key tried") {
  const std::string text = refusal(without(small_llama(), "num_attention_heads"));
  has(text, "m.json: query heads missing");
  has(text, "none of num_attention_heads, n_head, n_heads, num_attention_heads_per_layer in the");
  has(refusal(without(small_llama(), "hidden_size")), "hidden_size, n_embd, d_model, n_embed");
  has(refusal(without(small_llama(), "num_hidden_layers")), "num_hidden_layers, n_layer, n_layers");
  has(refusal(without(small_llama(), "intermediate_size")),
      "intermediate_size, n_inner, ffn_hidden_size");
  has(refusal(without(small_llama(), "vocab_size")), "vocab_size");
  has(refusal(without(small_llama(), "model_type")), "model_type is missing");
}

TEST_CASE("an absurd figure is refused with key, value and range") {
  has(refusal(with(small_llama(), "num_hidden_layers", -1)),
      "num_hidden_layers (layers) is -1, out of range (allowed: an integer from 1 to 10000)");
  has(refusal(with(small_llama(), "num_hidden_layers", 10'001)), "is 10001, out of range");
  has(refusal(with(small_llama(), "num_attention_heads", 0)),
      "num_attention_heads (query heads) is 0");
  has(refusal(with(small_llama(), "num_key_value_heads", 0)),
      "num_key_value_heads (KV heads) is 0");
  has(refusal(with(small_llama(), "num_key_value_heads", 16)), "from 1 to 8)");
  has(refusal(with(small_llama(), "num_key_value_heads", 3)), "8 mod 3 = 2");
  has(refusal(with(small_llama(), "hidden_size", 1'000'000'000'000'000)), "1000000000000000");
  has(refusal(with(small_llama(), "vocab_size", UINT64_MAX)), "18446744073709551615, out of range");
  has(refusal(with(small_llama(), "hidden_size", 512.5)),
      "hidden_size (hidden size) is 512.5, not an");
  has(refusal(with(small_llama(), "hidden_size", "512")), "is \"512\", not an integer");
  has(refusal(with(small_llama(), "hidden_size", true)), "is true, not an integer");
  has(refusal(with(small_llama(), "hidden_size", nullptr)), "hidden_size is null");
  has(refusal(with(with(small_llama(), "head_dim", 65'536), "num_attention_heads", 65'536)),
      "query heads of size 65536");
}

TEST_CASE("NaN and Infinity, as Python writes them, are only refused where a figure is wanted") {
  std::string text = with(small_llama(), "hidden_size", "HERE").dump();
  const auto at = text.find("\"HERE\"");
  const auto word = GENERATE("NaN", "Infinity", "-Infinity");
  has(text_refusal(text.substr(0, at) + word + text.substr(at + 6)),
      "is NaN or Infinity, not an integer");
  text = small_llama().dump();
  text.insert(text.size() - 1, std::string(",\"time_step_limit\":[0.0,") + word + "]");
  CHECK(parse_model_config(text, "m.json"));
}

TEST_CASE("a flag that is not a flag and a name that is not a name are refused") {
  has(refusal(with(small_llama(), "tie_word_embeddings", "yes")), "(allowed: true or false)");
  has(refusal(with(small_llama(), "model_type", 3)), "model_type is 3 (allowed: a string)");
  has(refusal(with(small_llama(), "architectures", "LlamaForCausalLM")), "a list of names");
  has(refusal(with(small_llama(), "torch_dtype", "int4")), "torch_dtype is 'int4'");
  CHECK(read(with(small_llama(), "architectures", json::array())).architecture ==
        "LlamaForCausalLM");
  CHECK(read(with(small_llama(), "torch_dtype", "float32")).dtype_bytes == 2);
}

TEST_CASE("what a family does not have is refused by the key that says so") {
  const auto refused = [](const std::string& key, json value, std::string_view kind) {
    const std::string text = refusal(with(small_llama(), key, std::move(value)));
    has(text, key + " is ");
    has(text, std::string(kind) + " is not read of model_type 'llama'");
  };
  refused("num_local_experts", 8, "mixture of experts");
  refused("n_routed_experts", 256, "mixture of experts");
  refused("num_experts", 128, "mixture of experts");
  refused("kv_lora_rank", 512, "latent attention");
  refused("linear_num_key_heads", 16, "linear attention layers");
  refused("ssm_state_size", 128, "linear attention layers");
  refused("block_configs", json::array({1}), "heads differ between layers");
  refused("global_head_dim", 512, "heads differ between layers");
  refused("is_encoder_decoder", true, "encoder-decoder model");
  has(refusal(with(small_llama(), "audio_config", json{{"x", 1}})),
      "an audio encoder is not read of model_type 'llama'");
  has(refusal(with(small_llama(), "vision_config", json{{"model_type", "other"}})),
      "vision tower is not known: vision_config.model_type is 'other'");
  has(refusal(with(small_llama(), "model_type", "bert")), "an encoder, which generates nothing");
}

TEST_CASE("an unknown model type is read as a gated decoder, with a note") {
  const Model model = read(with(small_llama(), "model_type", "abacus"));
  CHECK(total_parameters(model) == total_parameters(read(small_llama())));
  REQUIRE(model.assumptions.size() == 1);
  CHECK(model.assumptions.front() == "model_type 'abacus' is not known: read as a gated decoder");
  CHECK(read(small_llama()).assumptions.empty());
  has(refusal(with(with(small_llama(), "model_type", "abacus"), "num_experts", 8)),
      "a mixture of experts is not read of model_type 'abacus': num_experts is 8");
}

TEST_CASE("keys that say none of this kind are harmless") {
  json config = small_llama();
  config.update({{"num_experts", nullptr},
                 {"num_local_experts", 0},
                 {"is_encoder_decoder", false},
                 {"quantization_config", nullptr},
                 {"vision_config", nullptr}});
  CHECK(read(config).text.layers() == 4);
}

TEST_CASE("broken JSON is placed by line and column") {
  const auto model = parse_model_config("{\n  \"model_type\": \"llama\",\n  oops\n}", "m.json");
  REQUIRE_FALSE(model);
  CHECK(model.error().place.file == "m.json");
  CHECK(model.error().place.line == 3);
  CHECK(model.error().place.column == 3);
  has(model.error().message, "not JSON: ");
  CHECK_FALSE(parse_model_config("", "m.json"));
  CHECK_FALSE(parse_model_config("{\"model_type\": \"llama\"", "m.json"));
  CHECK_FALSE(parse_model_config("{\"a\": 1e999}", "m.json"));
  CHECK_FALSE(parse_model_config("{\"a\": \"\xff\"}", "m.json"));
  has(text_refusal("[1, 2]"), "the document must be an object, found [1,2]");
}

TEST_CASE("deep nesting is refused before it costs anything") {
  const std::string deep = "{\"a\":" + std::string(1'000'000, '[');
  const auto model = parse_model_config(deep, "m.json");
  REQUIRE_FALSE(model);
  CHECK(model.error().message == "nested deeper than 64 levels");
  CHECK(model.error().place.line == 1);
  CHECK(model.error().place.column == 5 + 64);
  // Brackets inside strings nest nothing.
  CHECK(parse_model_config(with(small_llama(), "x", std::string(200, '[') + "\"\\").dump(), "m"));
}

TEST_CASE("of a key written twice the last counts") {
  std::string text = small_llama().dump();
  text.insert(text.size() - 1, ",\"num_hidden_layers\":6");
  CHECK(test::require_value(parse_model_config(text, "m.json")).text.layers() == 6);
}

TEST_CASE("files are read, named after their place, and refused when they cannot be") {
  const test::TempDir dir;
  const auto file = dir.write("org--Some-Model-7B-hf.json", small_llama().dump());
  const Model model = test::require_value(read_model_config(file));
  CHECK(model.hub_id == "org/Some-Model-7B-hf");
  CHECK(model.name == "some-model-7b");
  CHECK(model.source == file.string());
  const auto plain = dir.write("My-Model/config.json", small_llama().dump());
  CHECK(test::require_value(read_model_config(plain)).name == "my-model");

  has(read_model_config(dir.path() / "none.json").error().text(), "no such file");
  has(read_model_config(dir.path()).error().text(), "not a regular file");
}

TEST_CASE("a quantization file beside the config is read with it") {
  const test::TempDir dir;
  const auto file = dir.write("config.json", small_llama().dump());
  dir.write("hf_quant_config.json", R"({"quantization": {"quant_algo": "FP8"}})");
  CHECK(test::require_value(read_model_config(file)).quantization.method == "modelopt");
  // Of many in a folder, each by its own name.
  const auto named = dir.write("org--name.json", small_llama().dump());
  CHECK_FALSE(test::require_value(read_model_config(named)).quantization.quantized());
  dir.write("org--name--hf_quant_config.json", R"({"quantization": {"quant_algo": "NVFP4"}})");
  CHECK(test::require_value(read_model_config(named)).quantization.scheme ==
        Quantization::Scheme::nvfp4);
  dir.write("hf_quant_config.json", "{");
  has(read_model_config(file).error().text(), "hf_quant_config.json");
}

TEST_CASE("a file above 16 MiB is refused without reading it") {
  const test::TempDir dir;
  const auto file = dir.write("config.json", "{}");
  std::filesystem::resize_file(file,
                               std::uintmax_t{1} << 40);  // sparse: reading it would take long
  has(read_model_config(file).error().text(), "larger than 16 MiB");
  CHECK_FALSE(parse_model_config(std::string((16U << 20) + 1, ' '), "m.json"));
}

TEST_CASE("sliding windows follow each family's own keys") {
  json mistral = with(small_llama(), "model_type", "mistral");
  CHECK(test::window_of(read(mistral).text) == 4096);  // the class default
  CHECK(test::window_of(read(with(mistral, "sliding_window", nullptr)).text) == 0);
  CHECK(test::reach_text(read(with(mistral, "sliding_window", 32)).text) == "ssss");

  json qwen = with(with(small_llama(), "model_type", "qwen2"), "sliding_window", 64);
  CHECK(test::window_of(read(qwen).text) == 0);
  qwen["use_sliding_window"] = true;
  CHECK(test::window_of(read(qwen).text) == 0);  // max_window_layers defaults to all full
  CHECK(test::window_of(read(with(qwen, "max_window_layers", 0)).text) == 64);
  CHECK(test::reach_text(read(with(qwen, "max_window_layers", 2)).text) == "ffss");

  CHECK(test::window_of(read(with(small_llama(), "sliding_window", 64)).text) == 0);
  const TextArch gemma =
      read(with(with(small_llama(), "model_type", "gemma2"), "sliding_window", 32)).text;
  CHECK(test::reach_text(gemma) == "sfsf");
}

TEST_CASE("a list of layer types decides which layers are full") {
  const json full = "full_attention";
  const json slide = "sliding_attention";
  json config = with(small_llama(), "sliding_window", 64);
  const TextArch text = read(with(config, "layer_types", {slide, full, slide, full})).text;
  CHECK(test::window_of(text) == 64);
  CHECK(test::reach_text(text) == "sfsf");
  CHECK(test::window_of(read(with(config, "layer_types", {full, full, full, full})).text) == 0);
  CHECK(test::reach_text(read(with(config, "layer_types", {slide, slide, slide, slide})).text) ==
        "ssss");
  CHECK(test::reach_text(read(with(config, "layer_types", {full, slide, slide, slide})).text) ==
        "fsss");
  has(refusal(with(config, "layer_types", {full, full})), "a list of 4 names");
  has(refusal(with(config, "layer_types", {full, "linear_attention", full, full})),
      "layer_types[1] is \"linear_attention\"");
  has(refusal(with(small_llama(), "layer_types", {slide, full, slide, full})),
      "sliding_window is missing");
}

TEST_CASE("falcon's flags decide its KV heads and norms") {
  const json falcon{{"model_type", "falcon"}, {"hidden_size", 256}, {"n_layer", 2}, {"n_head", 4},
                    {"n_head_kv", 2},         {"vocab_size", 100}};
  const TextArch old = read(falcon).text;
  CHECK(old.kv_heads() == 1);
  CHECK(old.kinds.front().norms == 1);
  CHECK(std::get<Mlp>(old.kinds.front().mlp).width == 1024);
  CHECK(std::get<Mlp>(old.kinds.front().mlp).kind == MlpKind::plain);
  CHECK(read(with(falcon, "multi_query", false)).text.kv_heads() == 4);
  CHECK(read(with(falcon, "parallel_attn", false)).text.kinds.front().norms == 2);
  const TextArch fresh = read(with(falcon, "new_decoder_architecture", true)).text;
  CHECK(fresh.kv_heads() == 2);
  CHECK(fresh.kinds.front().norms == 2);
}
