#pragma once
// How long an engine step of a whole model takes, put together from the fits of its kernels:
// docs/cost-model.md.

#include "sim/cost/cost_model.hpp"
#include "sim/cost/engine_traits.hpp"
#include "sim/cost/kernel_times.hpp"
#include "sim/cost/layer_kernels.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace headroom {

/// New tokens of prompts that a step works on.
struct PromptChunk {
  double prompts = 1;  // that have such a chunk
  double tokens = 0;   // new ones of each
  double past = 0;     // of each, already in the cache
};

/// What one replica of the attention does in one step.
struct StepLoad {
  double sequences = 0;  // that get one token each
  double context = 0;    // tokens that each of them looks back to, the new one among them
  std::vector<PromptChunk> chunks;

  [[nodiscard]] double new_tokens() const;
};

/// Of one step, by kinds of kernels.
struct StepTime {
  Estimate attention;
  Estimate products;
  Estimate experts;
  Estimate collectives;
  Estimate rest;  // norms, rotary positions, activations, sampling: a roofline

  [[nodiscard]] Estimate total() const;
  StepTime& operator+=(const StepTime& other);
};

/// The steps of one deployment. What `query` names must outlive it.
class StepModel {
 public:
  StepModel(KernelTimes times, const CostQuery& query, const EngineTraits& engine);

  [[nodiscard]] const EngineTraits& engine() const { return engine_; }
  [[nodiscard]] ParallelPlan plan() const { return query_.plan; }

  /// The kernels that a model needs: matrix products, attention as its layers have it, and between
  /// GPUs all-reduce, for which there is a formula too.
  [[nodiscard]] static std::vector<Kernel> kernels(const Model& model);
  /// Whether there are fits of all that it needs.
  [[nodiscard]] static bool covers(const KernelTimes& times, const Model& model);

  /// One pipeline stage, the one with most layers, as CUDA graphs run it. Prompts of a mixed step
  /// are in the attention kernel of its sequences.
  [[nodiscard]] StepTime stage(const StepLoad& load) const;
  /// LM head and sampling for so many sequences: once a step, on the last stage.
  [[nodiscard]] StepTime head(double sequences) const;
  /// From one stage to the next.
  [[nodiscard]] Estimate hand_over(const StepLoad& load) const;

 private:
  struct Layers {
    LayerKernels kernels;
    double count = 0;  // of this kind, in the stage
  };

  void add_layer(const LayerKernels& layer, const StepLoad& load, StepTime& to) const;
  [[nodiscard]] Estimate attention(const LayerKernels& layer, const StepLoad& load) const;
  [[nodiscard]] Estimate latent_attention(const LayerKernels& layer, const StepLoad& load) const;
  [[nodiscard]] Estimate product(const Product& product, double tokens) const;
  [[nodiscard]] Estimate experts(const LayerKernels& layer, double tokens) const;
  [[nodiscard]] Estimate chunk_attention(AttentionLoad one, const PromptChunk& chunk,
                                         const Attention& kind) const;
  [[nodiscard]] Estimate collective(Kernel op, const Link& link, int gpus, double bytes) const;
  [[nodiscard]] double activation_bytes(double tokens) const;
  [[nodiscard]] Estimate rest(const LayerKernels& layer, const StepLoad& load,
                              const Estimate& others) const;
  [[nodiscard]] double floor_us(const StepLoad& load) const;
  [[nodiscard]] Estimate streamed(double bytes) const;

  KernelTimes times_;
  const CostQuery query_;
  const EngineTraits engine_;
  std::vector<Layers> layers_;
  ElementType kv_type_ = ElementType::bf16;
};

}  // namespace headroom
