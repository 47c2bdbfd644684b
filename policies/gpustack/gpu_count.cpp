#include "policies/gpustack/gpu_count.hpp"

#include <algorithm>
#include <bit>

namespace headroom::gpustack {

UserSizes user_sizes(const Parameters& parameters, Backend backend) {
  const auto size = [&](std::initializer_list<std::string_view> names) {
    auto given = parameters.integer(names);
    if (given) given = std::clamp(*given, -1, kLargestSize);
    return given;
  };
  UserSizes sizes;
  if (backend == Backend::sglang) {
    sizes.tp = size({"tp-size", "tensor-parallel-size"});
    sizes.pp = size({"pp-size", "pipeline-parallel-size"});
    sizes.dp = size({"dp-size", "data-parallel-size"});
    return sizes;
  }
  sizes.tp = size({"tensor-parallel-size", "tp"});
  sizes.pp = size({"pipeline-parallel-size", "pp"});
  sizes.pcp = size({"prefill-context-parallel-size", "pcp"});
  sizes.dp = size({"data-parallel-size", "dp"});
  sizes.dp_local = size({"data-parallel-size-local", "dpl"});
  return sizes;
}

OrFact<std::optional<int>> world_size(const Parameters& parameters, Backend backend,
                                      Version version) {
  UserSizes sizes = user_sizes(parameters, backend);
  if (version != Version::today) {
    if (!sizes.tp) return std::nullopt;
    sizes = {sizes.tp, sizes.pp, {}, {}, {}};
  }
  if (backend == Backend::sglang && parameters.flag({"enable-dp-attention"})) sizes.dp.reset();
  if (version == Version::today && backend == Backend::vllm &&
      parameters.flag({"data-parallel-hybrid-lb"})) {
    if (!sizes.dp_local) return std::nullopt;
    sizes.dp = sizes.dp_local;
  }
  std::int64_t product = 1;
  bool given = false;
  for (const auto& [name, size] : {std::pair{"tensor parallel size", sizes.tp},
                                   {"pipeline parallel size", sizes.pp},
                                   {"prefill context parallel size", sizes.pcp},
                                   {"data parallel size", sizes.dp}}) {
    if (!size) continue;
    if (*size < 1) {
      return tl::unexpected(Fact{FactKind::bad_parameter, {static_cast<double>(*size)}, {name}});
    }
    given = true;
    product = std::min<std::int64_t>(product * *size, 1'000'000);
  }
  if (!given) return std::nullopt;
  return static_cast<int>(product);
}

bool skips_gpu_count_check(bool selected_by_hand, const std::string& value) {
  return selected_by_hand && means_true(value);
}

OrFact<std::optional<int>> default_gpus_per_replica(const Ask& ask, Backend backend) {
  if (ask.selected.empty()) return std::nullopt;
  if (ask.gpus_per_replica.value_or(0) > 0) return ask.gpus_per_replica;
  auto world = world_size(ask.parameters, backend, Version::today);
  if (!world) return world;
  if (*world && !ask.skip_gpu_count_check) return world;
  const auto each = ask.selected.size() / static_cast<std::size_t>(std::max(ask.replicas, 1));
  return static_cast<int>(std::bit_floor(each));
}

OrFact<std::optional<int>> gpu_count(const Ask& ask, Backend backend, Version version) {
  auto world = world_size(ask.parameters, backend, version);
  if (!world || ask.selected.empty()) return world;
  const int per_replica = ask.gpus_per_replica.value_or(0);
  if (per_replica <= 0) {
    return *world ? *world : std::optional(static_cast<int>(ask.selected.size()));
  }
  if (!*world || **world == per_replica || ask.skip_gpu_count_check) return per_replica;
  return tl::unexpected(
      Fact{FactKind::gpu_count, {static_cast<double>(per_replica), static_cast<double>(**world)}});
}

}  // namespace headroom::gpustack
