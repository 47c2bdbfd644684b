// Vision towers and what joins them to the text model.

#include "tests/sim/tensor_list.hpp"

namespace headroom::test {
namespace {

struct Tower {
  std::int64_t hidden;
  std::int64_t width;
  std::int64_t layers;
  std::int64_t patch;
};

Tower tower_of(const Json& vision, const char* layers) {
  return {number(vision, "hidden_size"), number(vision, "intermediate_size"),
          number(vision, layers), number_or(vision, "patch_size", 14)};
}

}  // namespace

void siglip_tower(TensorList& list, const Json& config) {
  const Json& vision = config.at("vision_config");
  const Tower tower = tower_of(vision, "num_hidden_layers");
  const std::int64_t side = number(vision, "image_size") / tower.patch;
  const std::int64_t text_hidden = number(config.at("text_config"), "hidden_size");
  const std::string root = "vision_tower.vision_model.";
  list.add(root + "embeddings.patch_embedding.weight", {tower.hidden, 3, tower.patch, tower.patch});
  list.add(root + "embeddings.patch_embedding.bias", {tower.hidden});
  list.add(root + "embeddings.position_embedding.weight", {side * side, tower.hidden});
  for (std::int64_t i = 0; i < tower.layers; ++i) {
    const std::string layer = root + "encoder.layers." + std::to_string(i) + ".";
    list.layer_norm(layer + "layer_norm1", tower.hidden);
    list.layer_norm(layer + "layer_norm2", tower.hidden);
    for (const char* name : {"q_proj", "k_proj", "v_proj", "out_proj"}) {
      list.biased_linear(layer + "self_attn." + name, tower.hidden, tower.hidden);
    }
    list.biased_linear(layer + "mlp.fc1", tower.hidden, tower.width);
    list.biased_linear(layer + "mlp.fc2", tower.width, tower.hidden);
  }
  list.layer_norm(root + "post_layernorm", tower.hidden);
  list.add("multi_modal_projector.mm_input_projection_weight", {tower.hidden, text_hidden});
  list.norm("multi_modal_projector.mm_soft_emb_norm", tower.hidden);
}

void qwen2_5_tower(TensorList& list, const Json& config) {
  const Json& vision = config.at("vision_config");
  const Tower tower = tower_of(vision, "depth");
  const std::int64_t merge = number_or(vision, "spatial_merge_size", 2);
  const std::int64_t merged = merge * merge * tower.hidden;
  list.add("visual.patch_embed.proj.weight",
           {tower.hidden, number_or(vision, "in_chans", 3),
            number_or(vision, "temporal_patch_size", 2), tower.patch, tower.patch});
  for (std::int64_t i = 0; i < tower.layers; ++i) {
    const std::string block = "visual.blocks." + std::to_string(i) + ".";
    list.norm(block + "norm1", tower.hidden);
    list.norm(block + "norm2", tower.hidden);
    list.biased_linear(block + "attn.qkv", tower.hidden, 3 * tower.hidden);
    list.biased_linear(block + "attn.proj", tower.hidden, tower.hidden);
    list.biased_linear(block + "mlp.gate_proj", tower.hidden, tower.width);
    list.biased_linear(block + "mlp.up_proj", tower.hidden, tower.width);
    list.biased_linear(block + "mlp.down_proj", tower.width, tower.hidden);
  }
  list.norm("visual.merger.ln_q", tower.hidden);
  list.biased_linear("visual.merger.mlp.0", merged, merged);
  list.biased_linear("visual.merger.mlp.2", merged, number(vision, "out_hidden_size"));
}

void qwen3_tower(TensorList& list, const Json& config) {
  const Json& vision = config.at("vision_config");
  const Tower tower = tower_of(vision, "depth");
  const std::int64_t merge = number_or(vision, "spatial_merge_size", 2);
  const std::int64_t merged = merge * merge * tower.hidden;
  const std::string root = "model.visual.";
  list.add(root + "patch_embed.proj.weight",
           {tower.hidden, number_or(vision, "in_channels", 3),
            number_or(vision, "temporal_patch_size", 2), tower.patch, tower.patch});
  list.add(root + "patch_embed.proj.bias", {tower.hidden});
  list.add(root + "pos_embed.weight", {number(vision, "num_position_embeddings"), tower.hidden});
  for (std::int64_t i = 0; i < tower.layers; ++i) {
    const std::string block = root + "blocks." + std::to_string(i) + ".";
    list.layer_norm(block + "norm1", tower.hidden);
    list.layer_norm(block + "norm2", tower.hidden);
    list.biased_linear(block + "attn.qkv", tower.hidden, 3 * tower.hidden);
    list.biased_linear(block + "attn.proj", tower.hidden, tower.hidden);
    list.biased_linear(block + "mlp.linear_fc1", tower.hidden, tower.width);
    list.biased_linear(block + "mlp.linear_fc2", tower.width, tower.hidden);
  }
  const auto merger = [&](const std::string& name, std::int64_t normed) {
    list.layer_norm(name + "norm", normed);
    list.biased_linear(name + "linear_fc1", merged, merged);
    list.biased_linear(name + "linear_fc2", merged, number(vision, "out_hidden_size"));
  };
  merger(root + "merger.", tower.hidden);
  const Json deepstack = vision.value("deepstack_visual_indexes", Json::array());
  for (std::size_t i = 0; i < deepstack.size(); ++i) {
    merger(root + "deepstack_merger_list." + std::to_string(i) + ".", merged);
  }
}

void llama4_tower(TensorList& list, const Json& config) {
  const Json& vision = config.at("vision_config");
  const Tower tower = tower_of(vision, "num_hidden_layers");
  const std::int64_t side = number(vision, "image_size") / tower.patch;
  const std::int64_t channels = number_or(vision, "num_channels", 3);
  const std::string root = "vision_model.";
  list.linear(root + "patch_embedding.linear", channels * tower.patch * tower.patch, tower.hidden);
  list.add(root + "class_embedding", {tower.hidden});
  list.add(root + "positional_embedding_vlm", {side * side + 1, tower.hidden});
  list.layer_norm(root + "layernorm_pre", tower.hidden);
  list.layer_norm(root + "layernorm_post", tower.hidden);
  for (std::int64_t i = 0; i < tower.layers; ++i) {
    const std::string layer = root + "model.layers." + std::to_string(i) + ".";
    list.layer_norm(layer + "input_layernorm", tower.hidden);
    list.layer_norm(layer + "post_attention_layernorm", tower.hidden);
    for (const char* name : {"q_proj", "k_proj", "v_proj", "o_proj"}) {
      list.biased_linear(layer + "self_attn." + name, tower.hidden, tower.hidden);
    }
    list.biased_linear(layer + "mlp.fc1", tower.hidden, tower.width);
    list.biased_linear(layer + "mlp.fc2", tower.width, tower.hidden);
  }
  const std::int64_t shuffled = number(vision, "projector_input_dim");
  const std::int64_t projected = number(vision, "projector_output_dim");
  // A shuffle with a ratio of 1/2 makes four times the width of a patch: the MLP's own width.
  list.linear(root + "vision_adapter.mlp.fc1", tower.width, shuffled);
  list.linear(root + "vision_adapter.mlp.fc2", projected, projected);
  list.linear("multi_modal_projector.linear_1", number(vision, "vision_output_dim"),
              number(config.at("text_config"), "hidden_size"));
}

void gemma4_tower(TensorList& list, const Json& config) {
  const Json& vision = config.at("vision_config");
  const Tower tower = tower_of(vision, "num_hidden_layers");
  const Heads heads = heads_of(vision);
  const std::string root = "model.vision_tower.";
  list.linear(root + "patch_embedder.input_proj", 3 * tower.patch * tower.patch, tower.hidden);
  list.add(root + "patch_embedder.position_embedding_table",
           {2, number(vision, "position_embedding_size"), tower.hidden});
  for (std::int64_t i = 0; i < tower.layers; ++i) {
    const std::string layer = root + "encoder.layers." + std::to_string(i) + ".";
    for (const char* name : {"input_layernorm", "post_attention_layernorm",
                             "pre_feedforward_layernorm", "post_feedforward_layernorm"}) {
      list.norm(layer + name, tower.hidden);
    }
    four_projections(list, layer + "self_attn.", tower.hidden, heads);
    qk_norms(list, layer + "self_attn.", heads.key_width);
    gated_mlp(list, layer + "mlp.", tower.hidden, tower.width);
  }
  if (flag(vision, "standardize", false)) {
    list.add(root + "std_bias", {tower.hidden});
    list.add(root + "std_scale", {tower.hidden});
  }
  list.linear("model.embed_vision.embedding_projection", tower.hidden,
              number(config.at("text_config"), "hidden_size"));
}

}  // namespace headroom::test
