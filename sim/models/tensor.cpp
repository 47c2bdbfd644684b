#include "sim/models/tensor.hpp"

#include "sim/models/layer.hpp"
#include "sim/models/model.hpp"

#include <utility>

namespace headroom {
namespace {

using Tensors = std::vector<Tensor>;

void matrix(Tensors& to, std::string name, std::int64_t out, std::int64_t in, Split split,
            std::int64_t units = 1) {
  to.push_back({std::move(name), out, in, split, 1, units, true});
}

void vector(Tensors& to, std::string name, std::int64_t size, Split split, std::int64_t units = 1) {
  to.push_back({std::move(name), size, 1, split, 1, units, false});
}

void add_latent(Tensors& to, const Attention& a, std::int64_t hidden) {
  const LatentAttention& latent = *a.latent;
  const std::int64_t query = a.heads * (latent.nope + latent.rope);
  if (latent.query_rank > 0) {
    matrix(to, "self_attn.q_a_proj", latent.query_rank, hidden, Split::whole);
    vector(to, "self_attn.q_a_layernorm", latent.query_rank, Split::whole);
    matrix(to, "self_attn.q_b_proj", query, latent.query_rank, Split::columns);
  } else {
    matrix(to, "self_attn.q_proj", query, hidden, Split::columns);
  }
  matrix(to, "self_attn.kv_a_proj_with_mqa", latent.kv_rank + latent.rope, hidden, Split::whole);
  vector(to, "self_attn.kv_a_layernorm", latent.kv_rank + (latent.direct ? latent.rope : 0),
         Split::whole);
  if (!latent.direct) {
    matrix(to, "self_attn.kv_b_proj", a.heads * (latent.nope + latent.value), latent.kv_rank,
           Split::columns);
  }
  if (latent.output_groups > 0) {
    const std::int64_t low = latent.output_groups * latent.output_rank;
    matrix(to, "self_attn.o_a_proj", low, a.heads * latent.value / latent.output_groups,
           Split::columns);
    matrix(to, "self_attn.o_b_proj", hidden, low, Split::rows);
  } else {
    matrix(to, "self_attn.o_proj", hidden, a.heads * latent.value, Split::rows);
  }
  if (a.sinks) vector(to, "self_attn.sinks", a.heads, Split::columns);
}

void add_attention_vectors(Tensors& to, const Attention& a, std::int64_t hidden) {
  const std::int64_t query = a.heads * a.head_dim * (a.output_gate ? 2 : 1);
  if (a.qkv_bias) {
    vector(to, "self_attn.q_proj.bias", query, Split::columns);
    vector(to, "self_attn.k_proj.bias", a.kv_heads * a.head_dim, Split::units, a.kv_heads);
    if (!a.value_is_key) {
      vector(to, "self_attn.v_proj.bias", a.kv_heads * a.value_dim(), Split::units, a.kv_heads);
    }
  }
  if (a.output_bias) vector(to, "self_attn.o_proj.bias", hidden, Split::whole);
  if (a.qk_norm == Attention::QkNorm::shared) {
    vector(to, "self_attn.q_norm", a.head_dim, Split::whole);
    vector(to, "self_attn.k_norm", a.head_dim, Split::whole);
  } else if (a.qk_norm == Attention::QkNorm::each_head) {
    vector(to, "self_attn.q_norm", a.heads * a.head_dim, Split::columns);
    vector(to, "self_attn.k_norm", a.kv_heads * a.head_dim, Split::units, a.kv_heads);
  }
  if (a.sinks) vector(to, "self_attn.sinks", a.heads, Split::columns);
}

void add_mixer(Tensors& to, const Attention& a, std::int64_t hidden) {
  if (a.latent) return add_latent(to, a, hidden);
  const std::int64_t query = a.heads * a.head_dim * (a.output_gate ? 2 : 1);
  matrix(to, "self_attn.q_proj", query, hidden, Split::columns);
  matrix(to, "self_attn.k_proj", a.kv_heads * a.head_dim, hidden, Split::units, a.kv_heads);
  if (!a.value_is_key) {
    matrix(to, "self_attn.v_proj", a.kv_heads * a.value_dim(), hidden, Split::units, a.kv_heads);
  }
  matrix(to, "self_attn.o_proj", hidden, a.heads * a.value_dim(), Split::rows);
  add_attention_vectors(to, a, hidden);
}

void add_mixer(Tensors& to, const Mamba2& m, std::int64_t hidden) {
  const std::int64_t inner = m.heads * m.head_dim;
  const std::int64_t groups = 2 * m.groups * m.state;
  matrix(to, "mixer.in_proj", 2 * inner + m.heads, hidden, Split::columns);
  matrix(to, "mixer.in_proj", groups, hidden, Split::units, m.groups);
  const std::int64_t taps = m.conv_kernel + (m.conv_bias ? 1 : 0);
  vector(to, "mixer.conv1d", inner * taps, Split::columns);
  vector(to, "mixer.conv1d", groups * taps, Split::units, m.groups);
  vector(to, "mixer.A_log, D, dt_bias", 3 * m.heads, Split::columns);
  vector(to, "mixer.norm", inner, Split::columns);
  matrix(to, "mixer.out_proj", hidden, inner, Split::rows);
  if (m.projection_bias) {
    vector(to, "mixer.in_proj.bias", 2 * inner + m.heads, Split::columns);
    vector(to, "mixer.in_proj.bias", groups, Split::units, m.groups);
    vector(to, "mixer.out_proj.bias", hidden, Split::whole);
  }
}

void add_mixer(Tensors& to, const Mamba1& m, std::int64_t hidden) {
  matrix(to, "mixer.in_proj", 2 * m.inner, hidden, Split::columns);
  vector(to, "mixer.conv1d", m.inner * (m.conv_kernel + (m.conv_bias ? 1 : 0)), Split::columns);
  matrix(to, "mixer.x_proj", m.dt_rank + 2 * m.state, m.inner, Split::rows);
  matrix(to, "mixer.dt_proj", m.inner, m.dt_rank, Split::columns);
  vector(to, "mixer.A_log, D, dt_bias", m.inner * (m.state + 2), Split::columns);
  matrix(to, "mixer.out_proj", hidden, m.inner, Split::rows);
  if (m.inner_norms) vector(to, "mixer.norms", m.dt_rank + 2 * m.state, Split::whole);
  if (m.projection_bias) {
    vector(to, "mixer.in_proj.bias", 2 * m.inner, Split::columns);
    vector(to, "mixer.out_proj.bias", hidden, Split::whole);
  }
}

void add_mixer(Tensors& to, const GatedDelta& g, std::int64_t hidden) {
  const std::int64_t keys = g.key_heads * g.key_dim;
  const std::int64_t values = g.value_heads * g.value_dim;
  matrix(to, "linear_attn.in_proj_qkvz", 2 * keys + 2 * values, hidden, Split::columns);
  matrix(to, "linear_attn.in_proj_ba", 2 * g.value_heads, hidden, Split::columns);
  vector(to, "linear_attn.conv1d", (2 * keys + values) * g.conv_kernel, Split::columns);
  vector(to, "linear_attn.A_log, dt_bias", 2 * g.value_heads, Split::columns);
  vector(to, "linear_attn.norm", g.value_dim, Split::whole);
  matrix(to, "linear_attn.out_proj", hidden, values, Split::rows);
}

void add_mixer(Tensors& /*to*/, std::monostate, std::int64_t /*hidden*/) {}

void add_dense(Tensors& to, const std::string& prefix, MlpKind kind, std::int64_t width,
               std::int64_t hidden) {
  if (kind == MlpKind::gated) matrix(to, prefix + "gate_proj", width, hidden, Split::columns);
  matrix(to, prefix + "up_proj", width, hidden, Split::columns);
  matrix(to, prefix + "down_proj", hidden, width, Split::rows);
}

void add_mlp(Tensors& to, const Mlp& mlp, std::int64_t hidden) {
  add_dense(to, "mlp.", mlp.kind, mlp.width, hidden);
  if (!mlp.bias) return;
  vector(to, "mlp.up_proj.bias", (mlp.kind == MlpKind::gated ? 2 : 1) * mlp.width, Split::columns);
  vector(to, "mlp.down_proj.bias", hidden, Split::whole);
}

void add_mlp(Tensors& to, const Experts& e, std::int64_t hidden) {
  const std::int64_t inward = e.kind == MlpKind::gated ? 2 : 1;
  const std::int64_t outer = e.latent > 0 ? e.latent : hidden;
  to.push_back({"mlp.gate", e.count, hidden});
  if (e.latent > 0) {
    matrix(to, "mlp.fc1_latent_proj", e.latent, hidden, Split::whole);
    matrix(to, "mlp.fc2_latent_proj", hidden, e.latent, Split::whole);
  }
  if (e.router_bias) vector(to, "mlp.gate.bias", e.count, Split::whole);
  to.push_back(
      {"mlp.experts.up_proj", inward * e.width, outer, Split::expert_columns, e.count, 1, true});
  to.push_back({"mlp.experts.down_proj", outer, e.width, Split::expert_rows, e.count, 1, true});
  if (e.bias) {
    to.push_back({"mlp.experts.up_proj.bias", inward * e.width, 1, Split::expert_columns, e.count});
    to.push_back({"mlp.experts.down_proj.bias", outer, 1, Split::expert_whole, e.count});
  }
  if (e.shared_width > 0) add_dense(to, "mlp.shared_experts.", e.kind, e.shared_width, hidden);
  if (e.shared_gate) vector(to, "mlp.shared_expert_gate", hidden, Split::whole);
}

void add_mlp(Tensors& /*to*/, std::monostate, std::int64_t /*hidden*/) {}

std::int64_t norm_size(const TextArch& text, std::int64_t norms) {
  return norms * text.hidden * (text.norm_bias ? 2 : 1);
}

}  // namespace

Tensors layer_tensors(const TextArch& text, const LayerKind& kind) {
  Tensors tensors;
  std::visit([&](const auto& mixer) { add_mixer(tensors, mixer, text.hidden); }, kind.mixer);
  std::visit([&](const auto& mlp) { add_mlp(tensors, mlp, text.hidden); }, kind.mlp);
  if (kind.norms > 0) vector(tensors, "norms", norm_size(text, kind.norms), Split::whole);
  tensors.insert(tensors.end(), kind.extra.begin(), kind.extra.end());
  return tensors;
}

Tensors embedding_tensors(const TextArch& text) {
  Tensors tensors = {{"embed_tokens", text.vocab, text.hidden, Split::vocabulary}};
  if (text.learned_positions > 0) {
    tensors.push_back({"embed_positions", text.learned_positions, text.hidden});
  }
  if (text.embedding_norms > 0) {
    vector(tensors, "embed_norm", norm_size(text, text.embedding_norms), Split::whole);
  }
  return tensors;
}

Tensors head_tensors(const TextArch& text) {
  Tensors tensors;
  if (text.final_norms > 0) {
    vector(tensors, "norm", norm_size(text, text.final_norms), Split::whole);
  }
  if (!text.tied_embeddings) {
    tensors.push_back({"lm_head", text.vocab, text.hidden, Split::vocabulary});
  }
  if (text.head_extra > 0) vector(tensors, "hc_head", text.head_extra, Split::whole);
  if (text.head_bias) tensors.push_back({"lm_head.bias", text.vocab, 1, Split::vocabulary});
  return tensors;
}

}  // namespace headroom
