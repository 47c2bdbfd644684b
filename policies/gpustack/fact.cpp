#include "policies/gpustack/fact.hpp"

#include <fmt/args.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <cstddef>

namespace headroom::gpustack {
namespace {

// Figures are named by their number.
struct Wording {
  std::string_view code;
  std::string_view text;
  std::string_view more = {};  // where there are figures for it
};

// By FactKind, in its order.
constexpr std::array<Wording, 21> kWordings = {{
    {"claim", "needs {0} GiB"},
    {"ram_claim", "{0} GiB of RAM on each worker"},
    {"fraction", "at {2} % of each GPU, {1} GiB of them"},
    {"heads", "{0} attention heads do not split {1} ways"},
    {"vision_heads", "{0} attention heads of the vision tower do not split {1} ways"},
    {"vocabulary", "a vocabulary of {0} does not split {1} ways"},
    {"one_gpu", "the most free of one GPU is {0} GiB", ", {1} %"},
    {"one_worker", "one worker has {0} GiB", ", {3} to use on {1} of {2} GPUs"},
    {"diffusion_gpu", "each GPU must hold all {0} GiB"},
    {"best_workers", "several workers have {0} GiB to use"},
    {"unfit_workers", "{0} more workers of {1} GPUs each are left out"},
    {"no_workers", "no combination of workers does"},
    {"topology", "the mp executor cannot use nodes of {0} GPUs"},
    {"mixed_types", "GPUs of several types are selected for one replica"},
    {"overcommit", "the selected GPUs do not hold it"},
    {"used_of_selected", "{0} of the {1} selected GPUs are used"},
    {"used_gpus", "these have {0} GiB, {3} to use on {1} of {2}"},
    {"selected_gpus", "these have {0} GiB, {3} to use on {1} of {2}"},
    {"replicas_overcommit", "several replicas may not overcommit; {0} candidates would"},
    {"gpu_count", "{0} GPUs per replica, but the parallel sizes make {1}"},
    {"bad_parameter", "a parameter cannot be {0}"},
}};

// 62.3, 24, 152064.
std::string figure_text(double figure) {
  const double tenths = std::round(figure * 10) / 10;
  return fmt::format("{:.{}f}", tenths, tenths == std::floor(tenths) ? 0 : 1);
}

const Wording& wording(FactKind kind) { return kWordings.at(static_cast<std::size_t>(kind)); }

}  // namespace

std::string_view code_of(FactKind kind) { return wording(kind).code; }

std::string text_of(const Fact& fact) {
  fmt::dynamic_format_arg_store<fmt::format_context> figures;
  for (const double figure : fact.figures) figures.push_back(figure_text(figure));
  const Wording& words = wording(fact.kind);
  std::string text = fmt::vformat(words.text, figures);
  if (fact.figures.size() > 1) text += fmt::vformat(words.more, figures);
  if (!fact.names.empty()) text += fmt::format(" ({})", fmt::join(fact.names, ", "));
  return text;
}

}  // namespace headroom::gpustack
