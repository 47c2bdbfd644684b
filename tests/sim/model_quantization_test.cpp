// Quantization sections: schemes, what is kept, and bytes by hand for one model of each.

#include "sim/models/model.hpp"
#include "tests/support.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace headroom;
using nlohmann::json;
using Scheme = Quantization::Scheme;

namespace {

constexpr std::int64_t kHidden = 256;
constexpr std::int64_t kWidth = 512;
constexpr std::int64_t kVocab = 1000;
constexpr std::int64_t kLayers = 4;
// q, o; k, v; gate, up; down.
constexpr std::int64_t kMatrices = 2 * 256 * 256 + 2 * 64 * 256 + 3 * 256 * 512;
constexpr std::int64_t kPlain = 2 * kVocab * kHidden + kLayers * 2 * kHidden + kHidden;

json llama() {
  return json{{"model_type", "llama"},        {"hidden_size", kHidden},
              {"num_hidden_layers", kLayers}, {"num_attention_heads", 8},
              {"num_key_value_heads", 2},     {"vocab_size", kVocab},
              {"intermediate_size", kWidth}};
}

json experts() {
  json config = llama();
  config.update({{"model_type", "qwen3_moe"},
                 {"num_experts", 8},
                 {"num_experts_per_tok", 2},
                 {"moe_intermediate_size", 128}});
  return config;
}

Model read(json config, json quantization) {
  config["quantization_config"] = std::move(quantization);
  return test::require_value(parse_model_config(config.dump(), "m.json"));
}

Model read(json quantization) { return read(llama(), std::move(quantization)); }

std::string refusal(json quantization) {
  json config = llama();
  config["quantization_config"] = std::move(quantization);
  const auto model = parse_model_config(config.dump(), "m.json");
  if (model) FAIL("accepted: " << config.dump());
  return model.error().text();
}

void has(const std::string& text, std::string_view part) {
  INFO(text << " should contain " << part);
  CHECK(text.find(part) != std::string::npos);
}

json group_of(json weights, json inputs = nullptr) {
  return json{{"quant_method", "compressed-tensors"},
              {"config_groups",
               {{"group_0",
                 {{"targets", {"Linear"}}, {"weights", weights}, {"input_activations", inputs}}}}}};
}

/// Bytes of the quantized matrices of one layer.
Bytes layer_bytes(const Model& model) { return (weight_bytes(model) - 2 * kPlain) / kLayers; }

/// What each layer keeps, as a letter: 'q'uery projection, 'd'own projection, '-' neither, 'b'oth.
std::string kept_text(const Model& model) {
  std::string out;
  for (std::int64_t i = 0; i < model.text.layers(); ++i) {
    const auto& kept = model.text.layer(i).kept;
    const auto in = [&](const char* name) {
      return std::find(kept.begin(), kept.end(), name) != kept.end();
    };
    const bool q = in("self_attn.q_proj");
    const bool d = in("mlp.down_proj") || in("mlp.experts.down_proj");
    out += q && d ? 'b' : q ? 'q' : d ? 'd' : '-';
  }
  return out;
}

std::string kept_of(json names) {
  return kept_text(
      read(json{{"quant_method", "fp8"}, {"modules_to_not_convert", std::move(names)}}));
}

}  // namespace

TEST_CASE("FP8 by matrix, by output, by block", "[quantization]") {
  const Model tensor = read(json{{"quant_method", "fp8"}, {"activation_scheme", "static"}});
  CHECK(tensor.quantization.scheme == Scheme::fp8_tensor);
  CHECK(tensor.quantization.static_inputs);
  CHECK(layer_bytes(tensor) == kMatrices + 7 * 8);

  const Model block = read(json{{"quant_method", "fp8"}, {"weight_block_size", {128, 128}}});
  CHECK(block.quantization.scheme == Scheme::fp8_block);
  CHECK(block.quantization.block_in == 128);
  // Blocks of q, o (2 x 2), k, v (1 x 2), gate, up (4 x 2), down (2 x 4).
  CHECK(layer_bytes(block) == kMatrices + 4 * (4 + 4 + 2 + 2 + 8 + 8 + 8));

  const Model channel = read(json{{"quant_method", "fbgemm_fp8"}});
  CHECK(channel.quantization.scheme == Scheme::fp8_channel);
  CHECK(layer_bytes(channel) == kMatrices + 4 * (256 + 256 + 64 + 64 + 512 + 512 + 256));
}

TEST_CASE("AWQ and GPTQ: groups, zero points, order", "[quantization]") {
  const Model awq = read(json{{"quant_method", "awq"}, {"bits", 4}, {"group_size", 128}});
  CHECK(awq.quantization.scheme == Scheme::awq);
  CHECK(awq.quantization.zero_points);
  // Groups along 256 inputs: 2 for each of 1664 outputs; along 512: 4 for each of 256.
  const std::int64_t groups = 2 * (256 + 256 + 64 + 64 + 512 + 512) + 4 * 256;
  CHECK(layer_bytes(awq) == kMatrices / 2 + groups * 2 + groups / 2);

  const Model gptq =
      read(json{{"quant_method", "gptq"}, {"bits", 8}, {"group_size", -1}, {"desc_act", true}});
  CHECK(gptq.quantization.scheme == Scheme::gptq);
  CHECK(gptq.quantization.group == 0);
  CHECK(gptq.quantization.act_order);
  const std::int64_t outputs = 256 + 256 + 64 + 64 + 512 + 512 + 256;
  CHECK(layer_bytes(gptq) == kMatrices + outputs * 2 + outputs + 4 * (6 * 256 + 512));
  has(refusal(json{{"quant_method", "gptq"}, {"bits", 5}}), "2, 3, 4 and 8 are allowed");
}

TEST_CASE("compressed-tensors: integers, FP8 and NVFP4", "[quantization]") {
  const Model dynamic = read(group_of(
      {{"num_bits", 8}, {"type", "float"}, {"strategy", "channel"}, {"group_size", nullptr}},
      {{"dynamic", true}}));
  CHECK(dynamic.quantization.scheme == Scheme::fp8_channel);
  CHECK(dynamic.quantization.method == "compressed-tensors");
  const Model fixed = read(
      group_of({{"num_bits", 8}, {"type", "float"}, {"strategy", "tensor"}}, {{"dynamic", false}}));
  CHECK(fixed.quantization.scheme == Scheme::fp8_tensor);
  CHECK(fixed.quantization.static_inputs);
  const Model block = read(group_of(
      {{"num_bits", 8}, {"type", "float"}, {"strategy", "block"}, {"block_structure", {128, 64}}}));
  CHECK(block.quantization.block_out == 128);
  CHECK(block.quantization.block_in == 64);
  const Model int8 = read(group_of({{"num_bits", 8}, {"type", "int"}, {"strategy", "channel"}}));
  CHECK(int8.quantization.scheme == Scheme::int8_channel);
  const Model w4 = read(
      group_of({{"num_bits", 4}, {"type", "int"}, {"strategy", "group"}, {"group_size", 128}}));
  CHECK(w4.quantization.scheme == Scheme::integer);
  const std::int64_t groups = 2 * (256 + 256 + 64 + 64 + 512 + 512) + 4 * 256;
  CHECK(layer_bytes(w4) == kMatrices / 2 + groups * 2);
  const Model nvfp4 = read(group_of(
      {{"num_bits", 4}, {"type", "float"}, {"strategy", "tensor_group"}, {"group_size", 16}}));
  CHECK(nvfp4.quantization.scheme == Scheme::nvfp4);
  CHECK(layer_bytes(nvfp4) == kMatrices / 2 + kMatrices / 16 + 7 * 8);
  has(refusal(json{{"quant_method", "compressed-tensors"}}), "config_groups is missing");
}

TEST_CASE("compressed-tensors: targets that are modules leave the rest", "[quantization]") {
  json section = group_of({{"num_bits", 4}, {"type", "int"}, {"group_size", 64}});
  section["config_groups"]["group_0"]["targets"] = {"re:.*mlp.*"};
  CHECK(kept_text(read(section)) == "qqqq");
  json second = section["config_groups"]["group_0"];
  second["weights"]["num_bits"] = 8;
  section["config_groups"]["group_1"] = second;
  has(refusal(section), "groups that store weights differently are not read");
}

TEST_CASE("ModelOpt: algorithms, a second file, mixed precision", "[quantization]") {
  const Model nvfp4 = read(json{{"quant_method", "modelopt"},
                                {"quant_algo", "NVFP4"},
                                {"kv_cache_scheme", {{"num_bits", 8}, {"type", "float"}}}});
  CHECK(nvfp4.quantization.scheme == Scheme::nvfp4);
  CHECK(nvfp4.kv_cache_scheme == "fp8");
  const auto beside =
      parse_model_config(llama().dump(),
                         R"({"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "FP8",
          "kv_cache_quant_algo": "FP8", "exclude_modules": ["lm_head", "model.layers.1*"]}})",
                         "m.json");
  const Model fp8 = test::require_value(beside);
  CHECK(fp8.quantization.scheme == Scheme::fp8_tensor);
  CHECK(fp8.kv_cache_scheme == "fp8");
  CHECK(kept_text(fp8) == "-b--");

  json mixed{{"quant_method", "modelopt"}, {"quant_algo", "MIXED_PRECISION"}};
  for (int i = 0; i < kLayers; ++i) {
    const std::string layer = "model.layers." + std::to_string(i);
    mixed["quantized_layers"][layer + ".mlp.experts.0.down_proj"] = {{"quant_algo", "NVFP4"}};
    mixed["quantized_layers"][layer + ".mlp.experts.0.up_proj"] = {{"quant_algo", "NVFP4"}};
    mixed["quantized_layers"][layer + ".self_attn.q_proj"] = {{"quant_algo", "FP8"}};
  }
  const Model model = read(experts(), mixed);
  CHECK(model.quantization.scheme == Scheme::fp8_tensor);
  REQUIRE(model.expert_quantization);
  CHECK(model.expert_quantization->scheme == Scheme::nvfp4);
  const auto& kept = model.text.kinds.front().kept;
  CHECK(std::find(kept.begin(), kept.end(), "self_attn.o_proj") != kept.end());
  CHECK(std::find(kept.begin(), kept.end(), "self_attn.q_proj") == kept.end());
  has(refusal(json{{"quant_method", "modelopt"}, {"quant_algo", "INT1"}}), "'INT1' is not read");
}

TEST_CASE("MXFP4 of gpt-oss is of the experts alone", "[quantization]") {
  json config = experts();
  config["model_type"] = "gpt_oss";
  config["sliding_window"] = 64;
  config["attention_bias"] = false;
  const Model model = read(config, json{{"quant_method", "mxfp4"}});
  CHECK(model.quantization.experts_only);
  // Experts 512 wide (gate and up, down).
  const std::int64_t elements = 8 * 3 * 256 * 512;
  const std::int64_t rest = total_parameters(model) - kLayers * elements;
  CHECK(weight_bytes(model) == 2 * rest + kLayers * (elements / 2 + elements / 32));
}

TEST_CASE("bitsandbytes", "[quantization]") {
  const Model four = read(json{{"quant_method", "bitsandbytes"}, {"load_in_4bit", true}});
  CHECK(layer_bytes(four) == kMatrices / 2 + kMatrices / 64 * 4);
  const Model eight = read(json{{"quant_method", "bitsandbytes"},
                                {"load_in_8bit", true},
                                {"llm_int8_skip_modules", {"lm_head", "q_proj"}}});
  CHECK(eight.quantization.scheme == Scheme::bnb_8bit);
  CHECK(kept_text(eight) == "qqqq");
  has(refusal(json{{"quant_method", "bitsandbytes"}}), "one of load_in_4bit and load_in_8bit");
}

TEST_CASE("experts of another scheme than the rest", "[quantization]") {
  json config = experts();
  config["expert_dtype"] = "fp4";
  const Model model =
      read(config, json{{"quant_method", "fp8"}, {"weight_block_size", {128, 128}}});
  REQUIRE(model.expert_quantization);
  const std::int64_t elements = 8 * 3 * 256 * 128;
  const std::int64_t router = 8 * 256;
  const std::int64_t attention = 2 * 256 * 256 + 2 * 64 * 256;
  const std::int64_t norms = 2 * 32;  // of queries and keys
  CHECK(layer_bytes(model) ==
        2 * (router + norms) + attention + 4 * (4 + 4 + 2 + 2) + elements / 2 + elements / 32);
}

TEST_CASE("modules that are kept: plain names, by layer, globs, expressions", "[quantization]") {
  CHECK(kept_of({"lm_head"}) == "----");
  CHECK(kept_of({"q_proj"}) == "qqqq");
  CHECK(kept_of({"self_attn"}) == "qqqq");
  CHECK(kept_of({"gate"}) == "----");  // not gate_proj
  CHECK(kept_of({"model.layers.1.self_attn.q_proj", "model.layers.2.mlp"}) == "-qd-");
  CHECK(kept_of({"model.layers.3"}) == "---b");
  CHECK(kept_of({"vision_tower.layers.3", "model.visual"}) == "----");
  CHECK(kept_of({"model.layers.*.self_attn"}) == "qqqq");
  CHECK(kept_of({"model.layers.1*"}) == "-b--");
  CHECK(kept_of({"model.layers.[02].mlp*"}) == "d-d-");
  CHECK(kept_of({"re:.*self_attn.*"}) == "qqqq");
  CHECK(kept_of({"re:.*layers\\.(0|3)\\.mlp\\.(gate|up|down)_proj$"}) == "d--d");
  CHECK(kept_of({"re:.*layers\\.[1-2]\\..*q_proj"}) == "-qq-");
  CHECK(kept_of({"re:.*layers\\.\\d+\\.mlp"}) == "dddd");
  CHECK(kept_of({"re:self_attn"}) == "----");   // from the start of the name
  CHECK(kept_of({"re:.*qkv_proj"}) == "qqqq");  // the same matrix under another name
  CHECK(kept_of({"model.layers.0.self_attn.qkv_proj"}) == "q---");
  CHECK(kept_of({"language_model.model.layers.2.feed_forward.w2"}) == "--d-");
}

TEST_CASE("layers that keep other modules are kinds of their own", "[quantization]") {
  const Model model =
      read(json{{"quant_method", "fp8"}, {"modules_to_not_convert", {"model.layers.1.mlp"}}});
  REQUIRE(model.text.kinds.size() == 2);
  CHECK(model.text.kind_of_layer == std::vector<std::uint8_t>{0, 1, 0, 0});
  CHECK(weight_bytes(model) ==
        2 * kPlain + kLayers * (kMatrices + 7 * 4) + (3 * 256 * 512 - 3 * 4));
}

TEST_CASE("a pattern that is not understood is noted and names nothing", "[quantization]") {
  const Model model =
      read(json{{"quant_method", "fp8"}, {"modules_to_not_convert", {"re:(?=mlp).*", "re:a{3}"}}});
  CHECK(kept_text(model) == "----");
  REQUIRE(model.assumptions.size() == 2);
  has(model.assumptions.front(), "'(?=mlp).*' is not understood");
}

TEST_CASE("patterns cannot take long", "[quantization]") {
  // A backtracking matcher would take 2^40 steps for each name.
  std::string nested = "re:";
  for (int i = 0; i < 20; ++i) nested += "(.*)+";
  CHECK(kept_of({nested + "!"}) == "----");
  json many = json::array();
  for (int i = 0; i < 20'000; ++i) many.push_back("re:.*.*.*.*.*.*.*" + std::to_string(i) + "x");
  has(refusal(json{{"quant_method", "fp8"}, {"modules_to_not_convert", many}}),
      "take too long to match");
}

TEST_CASE("sections under other names and in other places", "[quantization]") {
  json config = llama();
  config["compression_config"] = group_of({{"num_bits", 8}, {"type", "int"}});
  config["compression_config"].erase("quant_method");
  CHECK(test::require_value(parse_model_config(config.dump(), "m")).quantization.method ==
        "compressed-tensors");
  json outer{{"text_config", llama()}};
  outer["text_config"]["quantization_config"] = {{"quant_method", "fp8"}};
  CHECK(test::require_value(parse_model_config(outer.dump(), "m")).quantization.quantized());
  CHECK_FALSE(read(json::object()).quantization.quantized());
  has(refusal(json{{"quant_method", "spqr"}}), "quantization_config.quant_method is \"spqr\"");
  has(refusal(json{{"bits", 4}}), "quant_method is missing");
  has(refusal(3), "quantization_config is 3 (allowed: an object)");
  has(refusal(json{{"quant_method", "fp8"}, {"modules_to_not_convert", "lm_head"}}),
      "a list of names is allowed");
}

TEST_CASE("a name that says more than the config is noted", "[quantization]") {
  const auto noted = [](const json& config, const char* file) {
    return test::require_value(parse_model_config(config.dump(), file)).assumptions;
  };
  for (const char* file : {"maker--Model-7B-FP8.json", "models/Model-7B-fp8/config.json",
                           "maker--model-fp8_dynamic.json"}) {
    INFO(file);
    const auto assumptions = noted(llama(), file);
    REQUIRE(assumptions.size() == 1);
    CHECK(assumptions.front() ==
          "the name says FP8, and config.json nothing of quantization: weights are counted in "
          "bfloat16 (ModelOpt keeps it in hf_quant_config.json beside)");
  }
  for (const char* word : {"NVFP4", "AWQ", "gptq", "Int4", "w4a16", "4bit"}) {
    CHECK(noted(llama(), fmt::format("m--a-{}-b.json", word).c_str()).size() == 1);
  }
  for (const char* file :
       {"m--fp80.json", "m--Model-BF16.json", "m--awqward.json", "config.json"}) {
    INFO(file);
    CHECK(noted(llama(), file).empty());
  }
  json named = llama();
  named["_name_or_path"] = "/data/model-NVFP4";
  CHECK(noted(named, "m.json").size() == 1);
  named["_name_or_path"] = 3;
  CHECK(noted(named, "m.json").empty());
  json said = llama();
  said["quantization_config"] = {{"quant_method", "fp8"}};
  CHECK(noted(said, "m--FP8.json").empty());
  const auto beside = parse_model_config(
      llama().dump(), R"({"quantization": {"quant_algo": "FP8"}})", "m--FP8.json");
  CHECK(test::require_value(beside).assumptions.empty());
}

TEST_CASE("the words for a quantization name that of the experts", "[quantization]") {
  json config = experts();
  config["expert_dtype"] = "fp4";
  const Model mixed =
      read(config, json{{"quant_method", "fp8"}, {"weight_block_size", {128, 128}}});
  CHECK(describe_quantization(mixed) == "FP8, blocks of 128 x 128; experts MXFP4");
  CHECK(describe_quantization(read(experts(), json{{"quant_method", "mxfp4"}})) == "experts MXFP4");
  CHECK(describe_quantization(read(llama(), json{{"quant_method", "fp8"}})) ==
        "FP8, one scale per matrix");
  CHECK(describe_quantization(read(llama(), json::object())).empty());
}
