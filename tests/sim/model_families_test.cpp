// One small config for each trait of a family: what it becomes, and published models' exact sizes.

#include "sim/models/model.hpp"
#include "tests/models.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

using namespace headroom;
using nlohmann::json;

namespace {

Model read(const json& config) {
  return test::require_value(parse_model_config(config.dump(), "m.json"));
}

std::string refusal(const json& config) {
  const auto model = parse_model_config(config.dump(), "m.json");
  if (model) FAIL("accepted: " << config.dump());
  return model.error().text();
}

void has(const std::string& text, std::string_view part) {
  INFO(text << " should contain " << part);
  CHECK(text.find(part) != std::string::npos);
}

json with(json config, const std::string& key, json value) {
  config[key] = std::move(value);
  return config;
}

/// Eight layers of the smallest size that divides well.
json base(const std::string& type) {
  return json{{"model_type", type},       {"hidden_size", 64},
              {"num_hidden_layers", 8},   {"num_attention_heads", 8},
              {"vocab_size", 100},        {"intermediate_size", 96},
              {"num_key_value_heads", 2}, {"max_position_embeddings", 512}};
}

json moe(const std::string& type) {
  json config = base(type);
  config.update({{"num_experts", 4}, {"num_experts_per_tok", 2}, {"moe_intermediate_size", 32}});
  return config;
}

/// A letter for every layer: 'a'ttention, 'm'amba or 'g'ated delta and '-', each followed by
/// 'd'ense, 'e'xperts or '-'.
std::string shape_text(const TextArch& text) {
  std::string out;
  for (std::int64_t i = 0; i < text.layers(); ++i) {
    out += "-amMg"[text.layer(i).mixer.index()];
    out += "-de"[text.layer(i).mlp.index()];
  }
  return out;
}

const Experts& experts_of(const Model& model, std::int64_t layer) {
  return std::get<Experts>(model.text.layer(layer).mlp);
}

const Attention& attention_at(const Model& model, std::int64_t layer) {
  const Attention* attention = model.text.layer(layer).attention();
  REQUIRE(attention != nullptr);
  return *attention;
}

}  // namespace

TEST_CASE("KV heads come from the first spelling that a file gives", "[families]") {
  const auto kv = [](const char* key) {
    json config = base("llama");
    config.erase("num_key_value_heads");
    config[key] = 4;
    return read(config).text.kv_heads();
  };
  for (const char* key : {"n_head_kv", "num_kv_heads", "num_key_value_heads", "n_kv_heads",
                          "multi_query_group_num", "num_attention_groups"}) {
    INFO(key);
    CHECK(kv(key) == 4);
  }
  CHECK(read(with(base("llama"), "n_head_kv", 8)).text.kv_heads() == 8);
}

TEST_CASE("lists give every layer its heads and widths", "[families]") {
  json config = base("llama");
  config["num_key_value_heads"] = {8, 8, 4, 4, 2, 2, 1, 0};
  config["intermediate_size"] = {96, 96, 96, 96, 48, 48, 48, 0};
  const Model model = read(config);
  CHECK(model.text.kv_heads() == 8);
  CHECK(attention_at(model, 4).kv_heads == 2);
  CHECK(shape_text(model.text) == "adadadadadadad--");
  CHECK(std::get<Mlp>(model.text.layer(5).mlp).width == 48);
  has(refusal(with(config, "num_key_value_heads", {8, 8})), "a list of 8 integers");
  has(refusal(with(config, "num_key_value_heads", {8, 8, 4, 4, 2, 2, 1, 3})), "8 mod 3 = 2");
  has(refusal(with(config, "num_key_value_heads", {8, 8, 4, 4, 2, 2, 1, -1})),
      "num_key_value_heads[7] (KV heads) is -1");
}

TEST_CASE("experts: which layers have them, by every key that says so", "[families]") {
  const auto shape = [](const json& config) { return shape_text(read(config).text); };
  const json qwen = moe("qwen3_moe");
  CHECK(shape(qwen) == "aeaeaeaeaeaeaeae");
  CHECK(shape(with(qwen, "decoder_sparse_step", 2)) == "adaeadaeadaeadae");
  CHECK(shape(with(qwen, "mlp_only_layers", {0, 7})) == "adaeaeaeaeaeaead");
  CHECK(shape(with(qwen, "first_k_dense_replace", 3)) == "adadadaeaeaeaeae");
  CHECK(shape(with(qwen, "moe_layer_freq", {0, 1, 1, 0, 1, 1, 0, 1})) == "adaeaeadaeaeadae");
  CHECK(shape(with(qwen, "moe_layer_freq", 4)) == "aeadadadaeadadad");
  CHECK(shape(with(qwen, "interleave_moe_layer_step", 4)) == "adadadaeadadadae");
  CHECK(shape(with(qwen, "moe_layers_enum", "1,2,6")) == "adaeaeadadadaead");
  has(refusal(with(qwen, "moe_layers_enum", "1;2")), "layers by number, with commas");
  has(refusal(with(qwen, "moe_layer_freq", {0, 1})), "a list of 8 integers");
  json narrow = with(qwen, "first_k_dense_replace", 1);
  narrow.erase("intermediate_size");
  has(refusal(narrow), "layer 0 has no experts and the MLP width is missing");
  has(refusal(with(qwen, "num_experts_per_tok", 5)), "from 1 to 4)");
}

TEST_CASE("Qwen-MoE: shared experts, their gate, and biases", "[families]") {
  json config = with(moe("qwen2_moe"), "shared_expert_intermediate_size", 48);
  const Model model = read(config);
  CHECK(experts_of(model, 0).count == 4);
  CHECK(experts_of(model, 0).active == 2);
  CHECK(experts_of(model, 0).width == 32);
  CHECK(experts_of(model, 0).shared_width == 48);
  CHECK(experts_of(model, 0).shared_gate);
  CHECK(attention_at(model, 0).qkv_bias);
  CHECK_FALSE(attention_at(read(with(config, "qkv_bias", false)), 0).qkv_bias);
  // By hand: router, experts, shared expert, its gate; attention with biases; two norms.
  const std::int64_t layer = 4 * 64 + 4 * 3 * 64 * 32 + 3 * 64 * 48 + 64 + 2 * 64 * 64 +
                             2 * 64 * 16 + (64 + 16 + 16) + 2 * 64;
  CHECK(total_parameters(model) == 2 * 100 * 64 + 8 * layer + 64);
}

TEST_CASE("DeepSeek: latent attention, with and without ranks of queries and indexers",
          "[families]") {
  json config = moe("deepseek_v3");
  config.update({{"n_shared_experts", 2},
                 {"first_k_dense_replace", 1},
                 {"q_lora_rank", 24},
                 {"kv_lora_rank", 16},
                 {"qk_nope_head_dim", 12},
                 {"qk_rope_head_dim", 4},
                 {"v_head_dim", 10}});
  const Model model = read(config);
  CHECK(model.text.head_dim() == 20);
  CHECK(model.text.kv_heads() == 2);
  CHECK(experts_of(model, 1).shared_width == 64);
  CHECK(experts_of(model, 1).router_bias);
  const std::int64_t attention = 24 * 64 + 24 + 8 * 16 * 24 + 20 * 64 + 16 + 8 * 22 * 16 + 64 * 80;
  const std::int64_t dense = attention + 3 * 64 * 96 + 128;
  const std::int64_t sparse = attention + 4 * 64 + 4 + 4 * 3 * 64 * 32 + 3 * 64 * 64 + 128;
  CHECK(total_parameters(model) == 2 * 6400 + dense + 7 * sparse + 64);

  config["model_type"] = "deepseek_v2";
  config["q_lora_rank"] = nullptr;
  const Model second = read(config);
  CHECK_FALSE(experts_of(second, 1).router_bias);
  CHECK(total_parameters(second) ==
        total_parameters(model) - 7 * 4 - 8 * (24 * 64 + 24 + 8 * 16 * 24) + 8 * (8 * 16 * 64));

  config["model_type"] = "deepseek_v32";
  config["q_lora_rank"] = 24;
  config["index_topk"] = 8;
  has(refusal(config), "none of index_n_heads");
  config["index_n_heads"] = 2;
  config["index_head_dim"] = 6;
  const Model sparse_attention = read(config);
  CHECK(total_parameters(sparse_attention) ==
        total_parameters(model) + 8 * (12 * 24 + 6 * 64 + 2 * 6 + 2 * 64));
  CHECK(attention_at(sparse_attention, 0).indexer_cache == 6 + 4);
}

TEST_CASE("DeepSeek-V4: one head is key and value, pooled by a ratio for each layer",
          "[families]") {
  json config = moe("deepseek_v4");
  config.erase("intermediate_size");
  config.update({{"num_key_value_heads", 1},
                 {"head_dim", 16},
                 {"q_lora_rank", 24},
                 {"qk_rope_head_dim", 4},
                 {"o_groups", 2},
                 {"o_lora_rank", 6},
                 {"hc_mult", 4},
                 {"index_n_heads", 2},
                 {"index_head_dim", 6},
                 {"sliding_window", 32},
                 {"num_hash_layers", 1},
                 {"n_shared_experts", 1},
                 {"compress_ratios", {0, 4, 128, 4, 128, 4, 128, 4, 0}}});
  const Model model = read(config);
  CHECK(model.text.head_dim() == 16);
  CHECK(model.text.kv_heads() == 1);
  CHECK(attention_at(model, 0).reach == Attention::Reach::sliding);
  CHECK(attention_at(model, 1).cache_ratio == 4);
  CHECK(attention_at(model, 2).cache_ratio == 128);
  CHECK_FALSE(experts_of(model, 0).router_bias);
  CHECK(experts_of(model, 1).router_bias);
  has(refusal(with(config, "compress_ratios", {0, 4})), "a figure for every layer is needed");
  has(refusal(with(config, "o_groups", 3)), "8 heads do not divide");
}

TEST_CASE("Llama-4: chunks but for every fourth layer, dense layers between", "[families]") {
  json config = base("llama4_text");
  config.update({{"num_local_experts", 4},
                 {"num_experts_per_tok", 1},
                 {"interleave_moe_layer_step", 2},
                 {"intermediate_size_mlp", 192},
                 {"attention_chunk_size", 128}});
  const Model model = read(config);
  CHECK(test::reach_text(model.text) == "cccfcccf");
  CHECK(test::window_of(model.text) == 128);
  CHECK(shape_text(model.text) == "adaeadaeadaeadae");
  CHECK(std::get<Mlp>(model.text.layer(0).mlp).width == 192);
  CHECK(experts_of(model, 1).shared_width == 96);
  config["no_rope_layers"] = {1, 0, 1, 0, 1, 0, 1, 0};
  CHECK(test::reach_text(read(config).text) == "cfcfcfcf");
  config["no_rope_layers"] = json::array();
  CHECK(test::reach_text(read(config).text) == "cccfcccf");
  config["attention_chunk_size"] = nullptr;
  CHECK(test::reach_text(read(config).text) == "ffffffff");
}

TEST_CASE("Nemotron-H: one mixer a layer, spelled by letters", "[families]") {
  json config = moe("nemotron_h");
  config.update({{"hybrid_override_pattern", "ME*-MEM*"},
                 {"mamba_num_heads", 6},
                 {"mamba_head_dim", 8},
                 {"n_groups", 2},
                 {"ssm_state_size", 16},
                 {"conv_kernel", 4},
                 {"moe_shared_expert_intermediate_size", 40},
                 {"n_shared_experts", 1}});
  const Model model = read(config);
  CHECK(shape_text(model.text) == "m--ea--dm--em-a-");
  const auto& mamba = std::get<Mamba2>(model.text.layer(0).mixer);
  CHECK(mamba.heads == 6);
  CHECK(mamba.state == 16);
  CHECK(experts_of(model, 1).kind == MlpKind::plain);
  CHECK(experts_of(model, 1).shared_width == 40);
  CHECK(model.text.layer(0).norms == 1);
  json latent = with(config, "moe_latent_size", 16);
  CHECK(total_parameters(read(latent)) ==
        total_parameters(model) + 2 * (2 * 16 * 64 - 2 * 4 * 32 * (64 - 16)));
  has(refusal(with(config, "hybrid_override_pattern", "MEX-MEM*")), "a letter of M, *, E and -");
  has(refusal(with(config, "hybrid_override_pattern", "ME")), "for each of 8 layers");
}

TEST_CASE("Jamba and Bamba: attention among Mamba layers", "[families]") {
  json jamba = moe("jamba");
  jamba.update({{"attn_layer_period", 4},
                {"attn_layer_offset", 2},
                {"expert_layer_period", 2},
                {"expert_layer_offset", 1},
                {"mamba_d_state", 8},
                {"mamba_d_conv", 4},
                {"mamba_expand", 2},
                {"mamba_dt_rank", "auto"}});
  const Model model = read(jamba);
  CHECK(shape_text(model.text) == "MdMeadMeMdMeadMe");
  CHECK(std::get<Mamba1>(model.text.layer(0).mixer).dt_rank == 4);
  CHECK(std::get<Mamba1>(model.text.layer(0).mixer).inner == 128);
  CHECK(experts_of(model, 1).width == 96);

  json bamba = base("bamba");
  bamba.update({{"attn_layer_indices", {3, 7}},
                {"mamba_n_heads", 4},
                {"mamba_d_head", 16},
                {"mamba_n_groups", 1},
                {"mamba_d_state", 8},
                {"mamba_d_conv", 4}});
  CHECK(shape_text(read(bamba).text) == "mdmdmdadmdmdmdad");
  bamba.erase("attn_layer_indices");
  bamba["layers_block_type"] = {"mamba", "mamba", "mamba", "attention",
                                "mamba", "mamba", "mamba", "mamba"};
  CHECK(shape_text(read(bamba).text) == "mdmdmdadmdmdmdmd");
  bamba["layers_block_type"][0] = "other";
  has(refusal(bamba), "layers_block_type[0] is \"other\"");

  bamba.erase("layers_block_type");
  bamba["model_type"] = "falcon_h1";
  const Model beside = read(bamba);
  CHECK(shape_text(beside.text) == "adadadadadadadad");
  CHECK(beside.assumptions.size() == 1);
}

TEST_CASE("Qwen3-Next: gated delta nets, full attention by interval or by list", "[families]") {
  json config = moe("qwen3_next");
  config.update({{"linear_num_key_heads", 2},
                 {"linear_num_value_heads", 4},
                 {"linear_key_head_dim", 8},
                 {"linear_value_head_dim", 8},
                 {"linear_conv_kernel_dim", 4},
                 {"shared_expert_intermediate_size", 32}});
  const Model model = read(config);
  CHECK(shape_text(model.text) == "gegegeaegegegeae");
  CHECK(attention_at(model, 3).output_gate);
  CHECK(std::get<GatedDelta>(model.text.layer(0).mixer).state_bytes == 2);
  CHECK(std::get<GatedDelta>(read(with(config, "mamba_ssm_dtype", "float32")).text.layer(0).mixer)
            .state_bytes == 4);
  CHECK(shape_text(read(with(config, "full_attention_interval", 2)).text) == "geaegeaegeaegeae");
  json dense = config;
  dense.erase("num_experts");
  CHECK(shape_text(read(dense).text) == "gdgdgdadgdgdgdad");
  dense.erase("intermediate_size");
  has(refusal(dense), "a layer without experts needs the MLP width");
}

TEST_CASE("MiMo-V2, Step-3.5, MiniMax-M3: other heads in some layers", "[families]") {
  json mimo = moe("mimo_v2_flash");
  mimo.update({{"head_dim", 12},
               {"v_head_dim", 8},
               {"swa_num_key_value_heads", 4},
               {"swa_head_dim", 12},
               {"swa_v_head_dim", 8},
               {"sliding_window", 16},
               {"add_swa_attention_sink_bias", true},
               {"n_shared_experts", nullptr},
               {"hybrid_layer_pattern", {0, 1, 1, 0, 1, 1, 1, 0}},
               {"moe_layer_freq", {0, 1, 1, 1, 1, 1, 1, 1}}});
  const Model flash = read(mimo);
  CHECK(test::reach_text(flash.text) == "fssfsssf");
  CHECK(attention_at(flash, 1).kv_heads == 4);
  CHECK(attention_at(flash, 1).sinks);
  CHECK_FALSE(attention_at(flash, 0).sinks);
  CHECK(attention_at(flash, 0).value_dim() == 8);
  CHECK(experts_of(flash, 1).shared_width == 0);
  mimo.erase("hybrid_layer_pattern");
  has(refusal(mimo), "hybrid_layer_pattern is missing: a list of 8 zeros and ones is needed");

  json step = moe("step3p5");
  const json full = "full_attention";
  const json slide = "sliding_attention";
  step.update({{"sliding_window", 16},
               {"share_expert_dim", 24},
               {"use_moe_router_bias", true},
               {"layer_types", {full, slide, slide, slide, full, slide, slide, slide}},
               {"attention_other_setting",
                {{"num_attention_heads", 12}, {"num_attention_groups", 4}, {"head_dim", 8}}}});
  const Model flash35 = read(step);
  CHECK(shape_text(flash35.text) == "adadadaeaeaeaeae");
  CHECK(attention_at(flash35, 1).heads == 12);
  CHECK(attention_at(flash35, 1).kv_heads == 4);
  CHECK(flash35.text.layer(1).extra.front().elements() == 12 * 64);
  CHECK(attention_at(flash35, 0).heads == 8);

  json m3 = moe("minimax_m3");
  m3.update({{"dense_intermediate_size", 128},
             {"shared_intermediate_size", 32},
             {"moe_layer_freq", {0, 0, 1, 1, 1, 1, 1, 1}},
             {"use_routing_bias", true},
             {"sparse_attention_config",
              {{"sparse_num_index_heads", 2},
               {"sparse_index_dim", 8},
               {"sparse_attention_freq", {0, 0, 1, 1, 1, 1, 1, 1}}}}});
  const Model sparse = read(m3);
  CHECK(attention_at(sparse, 0).indexer_cache == 0);
  CHECK(attention_at(sparse, 2).indexer_cache == 16);
  CHECK(std::get<Mlp>(sparse.text.layer(0).mlp).width == 128);
  CHECK(experts_of(sparse, 2).shared_width == 32);
}

TEST_CASE("Gemma-4: heads of another size in full layers, keys as values", "[families]") {
  json config = base("gemma4_text");
  config.update({{"head_dim", 8},
                 {"global_head_dim", 16},
                 {"num_key_value_heads", 4},
                 {"num_global_key_value_heads", 2},
                 {"attention_k_eq_v", true},
                 {"sliding_window", 32}});
  const Model model = read(config);
  CHECK(test::reach_text(model.text) == "sssssfss");
  CHECK(attention_at(model, 5).head_dim == 16);
  CHECK(attention_at(model, 5).kv_heads == 2);
  CHECK(attention_at(model, 5).value_is_key);
  CHECK(model.text.head_dim() == 8);
  const std::int64_t rest = 3 * 64 * 96 + 4 * 64 + 1;
  const std::int64_t slides = 2 * 64 * 64 + 2 * 32 * 64 + 16 + rest;
  const std::int64_t full = 2 * 128 * 64 + 32 * 64 + 32 + rest;
  CHECK(total_parameters(model) == 6400 + 7 * slides + full + 64);
  has(refusal(with(config, "enable_moe_block", true)), "experts beside the MLP are not read");
  has(refusal(with(config, "hidden_size_per_layer_input", 8)), "small Gemma-4 models");
}

TEST_CASE("Nemotron-NAS: a section for every layer", "[families]") {
  json config = base("nemotron-nas");
  config.erase("num_key_value_heads");
  config.erase("intermediate_size");
  config["num_hidden_layers"] = 3;
  config["hidden_size"] = 512;
  config["block_configs"] = json::parse(R"([
    {"attention": {"n_heads_in_group": 4, "no_op": false}, "ffn": {"ffn_mult": 2.625}},
    {"attention": {"no_op": true, "n_heads_in_group": null}, "ffn": {"ffn_mult": 0.5}},
    {"attention": {"replace_with_linear": true}, "ffn": {"no_op": true}}])");
  const Model model = read(config);
  CHECK(shape_text(model.text) == "ad-d--");
  CHECK(model.text.kv_heads() == 2);
  CHECK(std::get<Mlp>(model.text.layer(0).mlp).width == 1024);  // 896 rounded up
  CHECK(std::get<Mlp>(model.text.layer(1).mlp).width == 256);   // 170 rounded up
  const std::int64_t first = 2 * 512 * 512 + 2 * 512 * 128 + 3 * 512 * 1024 + 2 * 512;
  const std::int64_t second = 3 * 512 * 256 + 512;
  const std::int64_t third = 512 * 512 + 512;
  CHECK(total_parameters(model) == 2 * 100 * 512 + first + second + third + 512);
  config["block_configs"][0]["attention"]["n_heads_in_group"] = 3;
  has(refusal(config), "block_configs[0].attention.n_heads_in_group is 3: 8 heads do not divide");
  config["block_configs"] = json::array({1, 2, 3});
  has(refusal(config), "block_configs[0] is 1 (allowed: sections attention and ffn)");
}

TEST_CASE("older decoders: multi-query flags, learned positions, biases", "[families]") {
  const json bigcode{
      {"model_type", "gpt_bigcode"}, {"n_embd", 64},     {"n_layer", 2}, {"n_head", 8},
      {"n_positions", 32},           {"vocab_size", 100}};
  CHECK(read(bigcode).text.kv_heads() == 1);
  CHECK(read(with(bigcode, "multi_query", false)).text.kv_heads() == 8);
  CHECK(read(bigcode).text.learned_positions == 32);

  const json glm{{"model_type", "chatglm"},  {"hidden_size", 64},          {"num_layers", 2},
                 {"num_attention_heads", 8}, {"multi_query_group_num", 2}, {"kv_channels", 8},
                 {"ffn_hidden_size", 96},    {"padded_vocab_size", 100},   {"add_qkv_bias", true}};
  CHECK(read(glm).text.kv_heads() == 8);
  CHECK(read(with(glm, "multi_query_attention", true)).text.kv_heads() == 2);

  const json mpt{{"model_type", "mpt"},
                 {"d_model", 64},
                 {"n_layers", 2},
                 {"n_heads", 8},
                 {"max_seq_len", 32},
                 {"vocab_size", 100},
                 {"attn_config", {{"kv_n_heads", 2}, {"alibi", true}}}};
  CHECK(read(mpt).text.kv_heads() == 2);
  CHECK(read(mpt).text.learned_positions == 0);
  CHECK(read(with(mpt, "attn_config", {{"kv_n_heads", 4}})).text.learned_positions == 32);
  has(refusal(with(mpt, "attn_config", {{"kv_n_heads", 3}})), "8 mod 3");

  json gptj{{"model_type", "gptj"}, {"n_embd", 4096},      {"n_layer", 28},
            {"n_head", 16},         {"n_positions", 2048}, {"vocab_size", 50400}};
  CHECK(total_parameters(read(gptj)) == 6'050'882'784);
  json qwen{{"model_type", "qwen"},        {"hidden_size", 4096},
            {"num_hidden_layers", 32},     {"num_attention_heads", 32},
            {"intermediate_size", 22016},  {"vocab_size", 151936},
            {"kv_channels", 128},          {"no_bias", true},
            {"tie_word_embeddings", false}};
  CHECK(total_parameters(read(qwen)) == 7'721'324'544);
  has(refusal(with(qwen, "intermediate_size", 1)), "half of it is the MLP's width");
  json stablelm{{"model_type", "stablelm"},  {"hidden_size", 2560},
                {"num_hidden_layers", 32},   {"num_attention_heads", 32},
                {"num_key_value_heads", 32}, {"intermediate_size", 6912},
                {"vocab_size", 50304}};
  CHECK(total_parameters(read(stablelm)) == 2'795'443'200);
  json starcoder2{
      {"model_type", "starcoder2"}, {"hidden_size", 3072},      {"num_hidden_layers", 30},
      {"num_attention_heads", 24},  {"num_key_value_heads", 2}, {"intermediate_size", 12288},
      {"vocab_size", 49152},        {"use_bias", true},         {"sliding_window", 4096}};
  CHECK(total_parameters(read(starcoder2)) == 3'030'371'328);
}

TEST_CASE("encoder-decoder models carry their encoder beside", "[families]") {
  const Model whisper = read(json::parse(R"({
    "model_type": "whisper", "d_model": 1280, "encoder_layers": 32, "decoder_layers": 32,
    "encoder_attention_heads": 20, "decoder_attention_heads": 20, "encoder_ffn_dim": 5120,
    "decoder_ffn_dim": 5120, "vocab_size": 51865, "num_mel_bins": 80, "is_encoder_decoder": true,
    "max_source_positions": 1500, "max_target_positions": 448})"));
  CHECK(total_parameters(whisper) == 1'543'304'960);
  CHECK_FALSE(whisper.supports_pipeline);
  CHECK(whisper.longest_context == 448);
  REQUIRE(whisper.encoders.size() == 1);
  CHECK(whisper.encoders.front().kind == "audio");
  CHECK(whisper.encoders.front().shape.heads == 20);
  CHECK(whisper.assumptions.size() == 1);

  const Model t5 = read(json::parse(R"({
    "model_type": "t5", "d_model": 1024, "d_kv": 64, "d_ff": 4096, "num_heads": 16,
    "num_layers": 24, "num_decoder_layers": 24, "vocab_size": 32128, "is_encoder_decoder": true,
    "relative_attention_num_buckets": 32})"));
  CHECK(total_parameters(t5) == 737'668'096);
  CHECK(t5.encoders.front().kind == "text");
}

TEST_CASE("Qwen2.5-Omni: the thinker's sections, with ears and eyes", "[families]") {
  json config = json::parse(R"({
    "model_type": "qwen2_5_omni", "architectures": ["Qwen2_5OmniModel"],
    "talker_config": {"hidden_size": 896},
    "thinker_config": {
      "model_type": "qwen2_5_omni_thinker", "torch_dtype": "bfloat16",
      "text_config": {"model_type": "qwen2_5_omni_text", "hidden_size": 3584,
        "intermediate_size": 18944, "num_attention_heads": 28, "num_key_value_heads": 4,
        "num_hidden_layers": 28, "vocab_size": 152064, "max_position_embeddings": 32768},
      "vision_config": {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420,
        "num_heads": 16, "in_chans": 3, "out_hidden_size": 3584, "patch_size": 14,
        "spatial_merge_size": 2, "temporal_patch_size": 2},
      "audio_config": {"d_model": 1280, "encoder_layers": 32, "encoder_attention_heads": 20,
        "encoder_ffn_dim": 5120, "num_mel_bins": 128, "output_dim": 3584}}})");
  const Model model = read(config);
  CHECK(model.text.heads() == 28);
  CHECK(model.heads_section == "thinker_config.text_config");
  REQUIRE(model.vision);
  CHECK(model.vision->parameters == 676'550'144);
  REQUIRE(model.encoders.size() == 1);
  CHECK(model.encoders.front().shape.heads == 20);
  CHECK(total_parameters(model) ==
        7'615'616'512 + 676'550'144 + model.encoders.front().shape.parameters);
}

TEST_CASE("vision towers: exact sizes, data parallelism, odd heads", "[families]") {
  const auto vision = [](std::string_view name) {
    const auto model = test::require_value(find_model(name));
    REQUIRE(model->vision);
    return *model->vision;
  };
  CHECK(vision("qwen2.5-vl-7b-instruct").parameters == 676'550'144);
  CHECK(vision("qwen2.5-vl-7b-instruct").data_parallel);
  CHECK(vision("qwen2.5-vl-7b-instruct").mlp_width == 3420);
  CHECK(vision("qwen3-vl-8b-instruct").heads == 16);
  CHECK(vision("llama-4-scout-17b-16e-instruct-fp8-dynamic").parameters == 871'932'416);
  CHECK(vision("llama-4-scout-17b-16e-instruct-fp8-dynamic").data_parallel);
  CHECK_FALSE(vision("gemma-3-27b-it").data_parallel);
  CHECK_FALSE(vision("gemma-4-31b-it-nvfp4").data_parallel);
  CHECK(vision("internvl2_5-8b").replicates_odd_heads);
  CHECK(vision("internvl2_5-8b").parameters == 304'012'288 + 33'570'816);
  CHECK(vision("llava-1.5-7b").parameters == 303'507'456 + 20'979'712);
  CHECK(vision("mistral-small-3.1-24b-instruct-2503").parameters == 438'958'080);
}

TEST_CASE("a text section may leave its class's figures to it only where files do", "[families]") {
  json config = json::parse(R"({
    "model_type": "llava", "text_config": {"model_type": "llama", "vocab_size": 32064}})");
  CHECK(read(config).text.layers() == 32);
  config["model_type"] = "other";
  has(refusal(config), "layers missing");
}

TEST_CASE("the longest context by any of its keys", "[families]") {
  CHECK(read(base("llama")).longest_context == 512);
  json config = base("llama");
  config.erase("max_position_embeddings");
  CHECK(read(config).longest_context == 0);
  CHECK(read(with(config, "seq_length", 77)).longest_context == 77);
  json cohere = with(base("cohere"), "model_max_length", 4096);
  CHECK(read(cohere).longest_context == 4096);
  has(refusal(with(config, "max_position_embeddings", 0)), "(longest context) is 0");
}

TEST_CASE("sizes that multiply to nonsense are refused, not overflowed", "[families]") {
  json config = moe("qwen3_moe");
  config.update({{"hidden_size", 1 << 20},
                 {"num_hidden_layers", 10'000},
                 {"num_experts", 65'536},
                 {"moe_intermediate_size", 1 << 24},
                 {"vocab_size", 1 << 26},
                 {"head_dim", 64}});
  has(refusal(config), "parameters follow from its figures (allowed: at most 1e+15)");
  has(refusal(with(base("llama"), "num_attention_heads", 1'000'000)), "out of range");
  json kinds = base("llama");
  json list = json::array();
  for (int i = 0; i < 300; ++i) list.push_back(1000 + i);
  kinds["num_hidden_layers"] = 300;
  kinds["intermediate_size"] = list;
  has(refusal(kinds), "layer 256 is of one more kind than the 256");
}
