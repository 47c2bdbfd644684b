#include "sim/cost/step_time.hpp"

#include "sim/cost/small_kernels.hpp"
#include "sim/engine/kv_cache.hpp"
#include "sim/links/collective.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace headroom {
namespace {

// Estimates: a small kernel inside a CUDA graph takes this at least, and sampling is so many of
// them, which go over the logits so often in 32 bits.
constexpr double kSmallKernelUs = 2.0;
constexpr double kSamplingKernels = 5.0;
constexpr double kSamplingPasses = 4.0;
constexpr double kLogitBytes = 4.0;
constexpr double kMicro = 1e6;

// What launching a kernel from the host costs an engine: published all-reduces of a few bytes on an
// H200, launched one by one (20.8 us) less replayed from a graph (4.7 us) (aiconfigurator, vLLM).
constexpr double kEagerLaunchUs = 16.0;
// Of an attention kernel: what one sequence of a few tokens takes (aiconfigurator, H200).
constexpr double kAttentionLaunchUs = 10.0;

// An assumption: what was not measured may be so far off (docs/cost-model.md).
constexpr Spread kUnmeasured = {0.6, 1.6};

Estimate unmeasured(double us) {
  return {us, us * kUnmeasured.low, us * kUnmeasured.high, Basis::extrapolated};
}

// A product of all experts that tokens visit, side by side: as wide as they are together, with the
// tokens of one.
struct VisitedExperts {
  double experts = 0;  // of this GPU, that some token visits
  double tokens = 0;   // of each
};

VisitedExperts visited(const LayerKernels& layer, std::int64_t copies, double tokens) {
  const auto count = static_cast<double>(layer.experts->count);
  const double share = static_cast<double>(layer.experts->active) / count;
  // Tokens choose evenly, and each for itself.
  const double touched = 1.0 - std::pow(1.0 - share, tokens);
  return {touched * static_cast<double>(copies), std::max(1.0, tokens * share / touched)};
}

Estimate less(Estimate estimate, double us) {
  return estimate.us > 0.0 ? estimate * (std::max(0.0, estimate.us - us) / estimate.us) : estimate;
}

// All-reduces of a layer.
double sums_of(const LayerKernels& layer) {
  return (layer.mixes ? 1.0 : 0.0) + (layer.has_mlp ? 1.0 : 0.0);
}

double formula_seconds(Kernel op, const Link& link, int gpus, double bytes) {
  switch (op) {
    case Kernel::all_reduce:
      return all_reduce_seconds(link, gpus, bytes);
    case Kernel::all_gather:
      return all_gather_seconds(link, gpus, bytes);
    default:
      return transfer_seconds(link, bytes);
  }
}

// Tokens that a new one looks back to after so many, on average.
double reached(const Attention& attention, double tokens) {
  const auto window = static_cast<double>(attention.window);
  if (attention.reach == Attention::Reach::full || tokens <= window) return tokens;
  return attention.reach == Attention::Reach::sliding ? window : window / 2.0;
}

}  // namespace

double StepLoad::new_tokens() const {
  return std::accumulate(
      chunks.begin(), chunks.end(), sequences,
      [](double sum, const PromptChunk& c) { return sum + c.prompts * c.tokens; });
}

Estimate StepTime::total() const { return attention + products + experts + collectives + rest; }

StepTime& StepTime::operator+=(const StepTime& other) {
  attention += other.attention;
  products += other.products;
  experts += other.experts;
  collectives += other.collectives;
  rest += other.rest;
  return *this;
}

std::vector<Kernel> StepModel::kernels(const Model& model) {
  bool plain = false;
  bool latent = false;
  for (const LayerKind& kind : model.text.kinds) {
    const Attention* attention = kind.attention();
    if (attention != nullptr) (attention->latent ? latent : plain) = true;
  }
  std::vector<Kernel> out;
  if (plain) out.insert(out.end(), {Kernel::decode, Kernel::prefill});
  if (latent) out.insert(out.end(), {Kernel::latent_decode, Kernel::latent_prefill});
  out.insert(out.end(), {Kernel::matmul, Kernel::all_reduce});
  return out;
}

bool StepModel::covers(const KernelTimes& times, const Model& model) {
  const std::vector<Kernel> needed = kernels(model);
  return std::all_of(needed.begin(), needed.end(), [&](Kernel kernel) {
    return kernel == Kernel::all_reduce || times.has(kernel);
  });
}

StepModel::StepModel(KernelTimes times, const CostQuery& query, const EngineTraits& engine)
    : times_(std::move(times)), query_(query), engine_(engine) {
  const TextArch& text = query.model.text;
  const auto all = static_cast<double>(text.layers());
  const double stage = query.longest_stage > 0
                           ? static_cast<double>(query.longest_stage)
                           : std::ceil(all / static_cast<double>(query.plan.pp));
  for (std::size_t i = 0; i < text.kinds.size(); ++i) {
    const auto count = std::count(text.kind_of_layer.begin(), text.kind_of_layer.end(), i);
    if (count == 0) continue;
    layers_.push_back({layer_kernels(query.model, text.kinds[i], query.plan, query.gpu),
                       static_cast<double>(count) * stage / all});
  }
  if (effective_cache_type(query.model, query.limits.kv_cache) == KvCacheType::fp8) {
    kv_type_ = ElementType::fp8;
  }
}

StepTime StepModel::stage(const StepLoad& load) const {
  StepTime out;
  for (const Layers& layers : layers_) {
    StepTime one;
    add_layer(layers.kernels, load, one);
    out += {one.attention * layers.count, one.products * layers.count, one.experts * layers.count,
            one.collectives * layers.count, one.rest * layers.count};
  }
  return out;
}

void StepModel::add_layer(const LayerKernels& layer, const StepLoad& load, StepTime& to) const {
  const double tokens = load.new_tokens();
  if (layer.attention != nullptr) {
    to.attention +=
        layer.attention->latent ? latent_attention(layer, load) : attention(layer, load);
  }
  for (const Product& one : layer.products) to.products += product(one, tokens);
  if (layer.experts != nullptr) to.experts += experts(layer, tokens);
  if (query_.plan.tp > 1) {
    to.collectives += collective(Kernel::all_reduce, query_.links.tensor, query_.plan.tp,
                                 activation_bytes(tokens)) *
                      sums_of(layer);
  }
  to.rest += rest(layer, load, to.total());
}

Estimate StepModel::attention(const LayerKernels& layer, const StepLoad& load) const {
  const Attention& a = *layer.attention;
  AttentionLoad one;
  one.kv_type = kv_type_;
  one.q_heads = static_cast<double>(layer.q_heads);
  one.kv_heads = static_cast<double>(layer.kv_heads);
  one.head_dim = (a.head_dim + a.value_dim()) / 2;
  Estimate out;
  if (load.sequences > 0.0) {
    one.batch = load.sequences;
    one.q_len = 1.0;
    one.kv_len = reached(a, std::max(1.0, load.context));
    out += less(times_.estimate(attention_load(one, true)), floor_us(load));
  }
  for (const PromptChunk& chunk : load.chunks) out += chunk_attention(one, chunk, a);
  return out;
}

// Causal up to the window; beyond it blocks of queries that each see a window (sliding), or whole
// windows of their own (chunked).
Estimate StepModel::chunk_attention(AttentionLoad one, const PromptChunk& chunk,
                                    const Attention& kind) const {
  const auto window = static_cast<double>(kind.window);
  const bool full = kind.reach == Attention::Reach::full;
  const double inside = full ? chunk.tokens : std::clamp(window - chunk.past, 0.0, chunk.tokens);
  const double beyond = chunk.tokens - inside;
  Estimate out;
  if (inside > 0.0) {
    one.batch = chunk.prompts;
    one.q_len = inside;
    one.kv_len = inside + chunk.past;
    out += times_.estimate(attention_load(one, false));
  }
  if (beyond > 0.0) {
    // Queries of a block that ends a window and a half after it begins see a window on average.
    one.q_len = std::min(window, beyond);
    one.batch = chunk.prompts * beyond / one.q_len;
    one.kv_len = kind.reach == Attention::Reach::sliding ? window + one.q_len / 2.0 : one.q_len;
    out += times_.estimate(attention_load(one, false));
  }
  return out;
}

// What a decode costs less than its fit says: what the engine saves, and in a mixed step the
// launch, as one kernel does all sequences.
double StepModel::floor_us(const StepLoad& load) const {
  return engine_.attention_less_us + (load.chunks.empty() ? 0.0 : kAttentionLaunchUs);
}

Estimate StepModel::latent_attention(const LayerKernels& layer, const StepLoad& load) const {
  const auto heads = static_cast<double>(layer.q_heads);
  Estimate out;
  if (load.sequences > 0.0) {
    out += times_.estimate(latent_load(ElementType::bf16, kv_type_, heads, load.sequences,
                                       std::max(1.0, load.context), true));
  }
  for (const PromptChunk& chunk : load.chunks) {
    // A chunk has the pairs of a whole prompt less those of what came before it.
    const auto whole = [&](double tokens) {
      return times_.estimate(
          latent_load(ElementType::bf16, kv_type_, heads, chunk.prompts, tokens, false));
    };
    const Estimate all = whole(chunk.tokens + chunk.past);
    const double share =
        chunk.past > 0.0 ? std::max(0.0, 1.0 - whole(chunk.past).us / all.us) : 1.0;
    out += all * std::max(share, chunk.tokens / (chunk.tokens + chunk.past));
  }
  return out;
}

Estimate StepModel::product(const Product& product, double tokens) const {
  return times_.estimate(matmul_load(product.type, tokens, static_cast<double>(product.n),
                                     static_cast<double>(product.k), product.weight_bytes));
}

Estimate StepModel::experts(const LayerKernels& layer, double tokens) const {
  const auto replicas = static_cast<double>(query_.plan.dp);
  Estimate out;
  for (const Product& one : layer.expert_products) {
    const VisitedExperts there = visited(layer, one.copies, tokens * replicas);
    out += times_.estimate(matmul_load(one.type, there.tokens,
                                       static_cast<double>(one.n) * there.experts,
                                       static_cast<double>(one.k), one.weight_bytes));
  }
  out.basis = Basis::extrapolated;  // no table has grouped products
  if (query_.plan.dp > 1) {
    // All ranks of the stage gather the tokens of all replicas, and scatter the sums back.
    const int ranks = query_.plan.tp * query_.plan.dp;
    out += collective(Kernel::all_gather, query_.links.stages, ranks,
                      activation_bytes(tokens * replicas)) *
           2.0;
  }
  return out;
}

// Over NVLink by the fits, as over an NVSwitch at the rate of the link; else by the formula.
// `bytes` as in collective.hpp.
Estimate StepModel::collective(Kernel op, const Link& link, int gpus, double bytes) const {
  if (link.transport != Transport::nvlink || !times_.has(op)) {
    return unmeasured(kMicro * formula_seconds(op, link, gpus, bytes));
  }
  CollectiveLoad load;
  load.op = op;
  load.topology = Topology::nvswitch;
  load.gpus = load.gpus_per_node = static_cast<double>(gpus);
  load.bytes = bytes;
  return times_.estimate(collective_load(load), static_cast<double>(link.rate),
                         engine_.collectives);
}

double StepModel::activation_bytes(double tokens) const {
  return tokens * static_cast<double>(query_.model.text.hidden) * 2.0;
}

Estimate StepModel::streamed(double bytes) const {
  const double us = kMicro * bytes / static_cast<double>(query_.gpu.memory_bandwidth);
  return unmeasured(std::max(kSmallKernelUs, us));
}

// Without graphs the host launches kernels one by one, and a layer takes no less than that.
Estimate StepModel::rest(const LayerKernels& layer, const StepLoad& load,
                         const Estimate& others) const {
  const double tokens = load.new_tokens();
  Estimate out;
  double kernels = static_cast<double>(layer.products.size() + layer.expert_products.size());
  for (const double bytes : small_kernels(layer, query_.model.text.hidden, query_.plan, engine_,
                                          tokens, load.sequences)) {
    out += streamed(bytes);
    kernels += 1.0;
  }
  if (engine_.graphs) return out;
  if (layer.attention != nullptr) kernels += 1.0;
  if (query_.plan.tp > 1) kernels += sums_of(layer);
  const double waiting = kernels * kEagerLaunchUs - others.us - out.us;
  if (waiting > 0.0) out += unmeasured(waiting);
  return out;
}

StepTime StepModel::head(double sequences) const {
  StepTime out;
  if (sequences <= 0.0) return out;
  const Product head = head_product(query_.model, query_.plan);
  out.products += product(head, sequences);
  const double logits = sequences * static_cast<double>(query_.model.text.vocab);
  if (query_.plan.tp > 1) {
    out.collectives +=
        collective(Kernel::all_gather, query_.links.tensor, query_.plan.tp, logits * 2.0);
  }
  const double us = kMicro * kSamplingPasses * logits * kLogitBytes /
                    static_cast<double>(query_.gpu.memory_bandwidth);
  out.rest += unmeasured(kSamplingKernels * kSmallKernelUs + us);
  return out;
}

Estimate StepModel::hand_over(const StepLoad& load) const {
  return collective(Kernel::send_recv, query_.links.stages, 2, activation_bytes(load.new_tokens()));
}

}  // namespace headroom
