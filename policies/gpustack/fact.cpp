#include "policies/gpustack/fact.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstddef>

namespace headroom::gpustack {
namespace {

struct Wording {
  std::string_view code;
  std::string_view before;  // the figures
};

// By FactKind, in its order.
constexpr std::array<Wording, 21> kWordings = {{
    {"claim", "memory that the model is taken to need, GiB"},
    {"ram_claim", "RAM needed on each worker, GiB"},
    {"fraction", "share of each GPU, total memory that makes, GiB, and the share in %"},
    {"heads", "attention heads, and a number of GPUs that does not divide them"},
    {"vision_heads", "heads of the vision tower, and a number of GPUs that does not divide them"},
    {"vocabulary", "vocabulary, and a number of GPUs that does not divide it"},
    {"one_gpu", "most allocatable on one GPU, GiB, and its share in %"},
    {"one_worker", "allocatable on one worker, GiB; GPUs with the share, of how many; usable, GiB"},
    {"diffusion_gpu", "each GPU must hold the whole model, GiB"},
    {"best_workers", "usable on the best workers, GiB"},
    {"unfit_workers", "workers left out, with this number of GPUs each"},
    {"no_workers", "no combination of workers does"},
    {"topology", "the mp executor cannot use nodes of so many GPUs"},
    {"mixed_types", "GPUs of several types are selected for one replica"},
    {"overcommit", "the selected GPUs do not hold it"},
    {"used_of_selected", "GPUs used, of those selected"},
    {"used_gpus", "allocatable on the GPUs used, GiB; with the share, of how many; usable, GiB"},
    {"selected_gpus", "allocatable on the GPUs selected, GiB; with the share, of how many; usable"},
    {"replicas_overcommit", "several replicas may not overcommit; candidates"},
    {"gpu_count", "GPUs per replica, and those that the parallel sizes ask for"},
    {"bad_parameter", "a parameter that cannot be"},
}};

const Wording& wording(FactKind kind) { return kWordings.at(static_cast<std::size_t>(kind)); }

}  // namespace

std::string_view code_of(FactKind kind) { return wording(kind).code; }

std::string text_of(const Fact& fact) {
  std::string text(wording(fact.kind).before);
  std::string separator = ": ";
  for (const double figure : fact.figures) {
    text += fmt::format("{}{:.6g}", separator, figure);
    separator = ", ";
  }
  if (!fact.names.empty()) text += fmt::format(" ({})", fmt::join(fact.names, ", "));
  return text;
}

}  // namespace headroom::gpustack
