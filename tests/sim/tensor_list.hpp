#pragma once
// The pieces that lists of named tensors are made of, for named_tensors*.cpp alone.

#include "tests/sim/named_tensors.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headroom::test {

using Json = nlohmann::json;

[[nodiscard]] std::int64_t number(const Json& config, const char* key);
/// Absent and null are the same.
[[nodiscard]] std::int64_t number_or(const Json& config, const char* key, std::int64_t fallback);
[[nodiscard]] bool flag(const Json& config, const char* key, bool fallback);
/// Whether a list of texts holds this one at this place; false without the list.
[[nodiscard]] bool is_at(const Json& config, const char* key, std::int64_t index,
                         std::string_view text);

class TensorList {
 public:
  void add(std::string name, std::vector<std::int64_t> shape, std::int64_t copies = 1) {
    tensors_.push_back({std::move(name), std::move(shape), copies});
  }
  void linear(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t copies = 1) {
    add(name + ".weight", {out, in}, copies);
  }
  void biased_linear(const std::string& name, std::int64_t in, std::int64_t out) {
    linear(name, in, out);
    add(name + ".bias", {out});
  }
  void linear_with(bool bias, const std::string& name, std::int64_t in, std::int64_t out) {
    bias ? biased_linear(name, in, out) : linear(name, in, out);
  }
  void norm(const std::string& name, std::int64_t width) { add(name + ".weight", {width}); }
  void layer_norm(const std::string& name, std::int64_t width) {
    norm(name, width);
    add(name + ".bias", {width});
  }
  [[nodiscard]] std::vector<NamedTensor> take() { return std::move(tensors_); }

 private:
  std::vector<NamedTensor> tensors_;
};

// --- the frame ---

/// Fills in layer `index`; names begin with `layer` ("model.layers.3.").
using LayerFunction =
    std::function<void(TensorList& list, const std::string& layer, std::int64_t index)>;

struct Frame {
  std::string root = "model.";
  std::string head = "lm_head";
  std::int64_t vocab = 0;
  std::int64_t hidden = 0;
  std::int64_t layers = 0;
  bool tied = false;
};
[[nodiscard]] Frame frame_of(const Json& text, bool tied_by_default = false);
/// Embedding, layers, last norm, output head.
void decoder(TensorList& list, const Frame& frame, const LayerFunction& layer);

// --- attention ---

struct Heads {
  std::int64_t query = 0;
  std::int64_t kv = 0;
  std::int64_t key_width = 0;
  std::int64_t value_width = 0;
};
[[nodiscard]] Heads heads_of(const Json& text);
/// q, k, v and o as four matrices.
void four_projections(TensorList& list, const std::string& attention, std::int64_t hidden,
                      const Heads& heads, bool qkv_bias = false, bool output_bias = false);
/// The same norm for each head.
void qk_norms(TensorList& list, const std::string& attention, std::int64_t head_dim);
/// Latent attention of DeepSeek-V3; with `index_n_heads`, the indexer of its sparse attention too.
void latent_attention(TensorList& list, const std::string& attention, const Json& text);
/// Gated delta net, its projections together (Qwen3-Next) or apart (Qwen3.5).
void gated_delta_net(TensorList& list, const std::string& mixer, const Json& text, bool apart);
/// Attention whose query projection makes an output gate too.
void gated_attention(TensorList& list, const std::string& attention, const Json& text);
void mamba2(TensorList& list, const std::string& mixer, const Json& text);

// --- feed-forward ---

/// gate, up and down.
void gated_mlp(TensorList& list, const std::string& mlp, std::int64_t hidden, std::int64_t width,
               std::int64_t copies = 1);
/// The same under the names w1, w3 and w2.
void numbered_mlp(TensorList& list, const std::string& mlp, std::int64_t hidden, std::int64_t width,
                  std::int64_t copies = 1);
/// Two matrices, up and down.
void plain_mlp(TensorList& list, const std::string& mlp, std::int64_t hidden, std::int64_t width,
               std::int64_t copies = 1);
/// Router and experts of Qwen3-MoE; with `shared_expert_intermediate_size`, the shared expert and
/// its gate too.
void qwen_moe(TensorList& list, const std::string& mlp, const Json& text);
/// Router with correction bias, experts and shared experts of DeepSeek-V3.
void deepseek_moe(TensorList& list, const std::string& mlp, const Json& text);

// --- families whose layers differ among themselves ---

void deepseek_v4(TensorList& list, const Json& config);
void minimax_m3(TensorList& list, const Json& config);
void mimo_v2_flash(TensorList& list, const Json& config);
void step3p7(TensorList& list, const Json& config);
void nemotron_h(TensorList& list, const Json& config);
void llama4(TensorList& list, const Json& config);
void gemma4(TensorList& list, const Json& config);

// --- vision towers ---

void siglip_tower(TensorList& list, const Json& config);
void qwen2_5_tower(TensorList& list, const Json& config);
/// Of Qwen3-VL (with deepstack mergers) and of Qwen3.5 (without).
void qwen3_tower(TensorList& list, const Json& config);
void llama4_tower(TensorList& list, const Json& config);
void gemma4_tower(TensorList& list, const Json& config);

}  // namespace headroom::test
