#pragma once
// What GPUStack is asked to place: the figures it reads of a model, and what the user said.

#include "policies/gpustack/figures.hpp"
#include "policies/gpustack/parameters.hpp"
#include "sim/core/units.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace headroom::gpustack {

/// Which GPUStack. The reference is gpustack/gpustack at commit 47277d79 (2026-08-21).
enum class Version {
  v0_4,   // before commit 1de3ec43: no check of attention heads, one worker only
  v0_6,   // v0.6.2: a check that is skipped when the heads are not found; several workers
  today,  // the commit above
};

enum class Backend { vllm, sglang };

enum class Category { llm, embedding, reranker, image, speech_to_text, text_to_speech, other };

/// A GPU chosen by hand.
struct GpuChoice {
  std::string worker;
  std::string type;
  int index = 0;
};

struct Ask {
  Figures figures;
  std::vector<Category> categories = {Category::llm};  // none: taken as a language model
  Parameters parameters;
  Bytes claim = 0;       // estimated VRAM (claim.hpp)
  Bytes ram_claim = 0;   // fixed RAM of the extended KV cache; 0: none
  double ram_ratio = 0;  // else RAM as a multiple of the VRAM charged on the main worker; 0: none
  std::vector<GpuChoice> selected;      // empty: the scheduler chooses
  std::optional<int> gpus_per_replica;  // of those; nullopt or 0: as many as selected
  int replicas = 1;
  bool skip_gpu_count_check = false;  // gpu_count.hpp
  bool across_workers = true;         // may be spread over several workers
  std::vector<int> allowed_tp;        // not of GPUStack: sizes the requester allows; empty: any

  [[nodiscard]] bool is(Category category) const {
    return std::find(categories.begin(), categories.end(), category) != categories.end();
  }
};

}  // namespace headroom::gpustack
