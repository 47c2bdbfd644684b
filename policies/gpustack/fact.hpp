#pragma once
// What GPUStack tells a user about a model that it did not place, as facts: which statement, and
// the numbers in it. The sentences are not GPUStack's.

#include <string>
#include <vector>

namespace headroom::gpustack {

/// With each: its figures, in order. Memory is in GiB, shares in per cent.
enum class FactKind {
  claim,                // the model needs this much memory
  ram_claim,            // and this much RAM on each worker
  fraction,             // share of each GPU; total memory needed for it; the share in per cent
  heads,                // heads; tensor parallel size that does not divide them
  vision_heads,         // likewise
  vocabulary,           // likewise
  one_gpu,              // most allocatable on one GPU; its share, where a fraction applies
  one_worker,           // allocatable on the worker; GPUs with the share, of how many; usable
  diffusion_gpu,        // what each GPU must hold by itself
  best_workers,         // usable on the best combination of the workers named
  unfit_workers,        // workers with as many GPUs that were left out; GPUs of each
  no_workers,           // no combination of workers does
  topology,             // GPUs of a node; why the mp executor cannot use them is in the words
  mixed_types,          // GPUs of several types were selected for one replica
  overcommit,           // the selected GPUs do not hold it
  used_of_selected,     // GPUs used; GPUs selected
  used_gpus,            // allocatable on the GPUs used; with the share, of how many; usable
  selected_gpus,        // likewise of all selected
  replicas_overcommit,  // candidates that only hold it by overcommitting, which replicas may not
  gpu_count,            // GPUs per replica; parallel sizes that the parameters ask for
  bad_parameter,        // its value, where it has one
};

struct Fact {
  FactKind kind{};
  std::vector<double> figures = {};
  std::vector<std::string> names = {};
};

/// The fact in words of our own, for the decision log.
[[nodiscard]] std::string text_of(const Fact& fact);

/// A stable short code: "heads".
[[nodiscard]] std::string_view code_of(FactKind kind);

}  // namespace headroom::gpustack
