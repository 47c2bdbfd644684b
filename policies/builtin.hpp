#pragma once
// Factories of the built-in policies, one line each; each lives in its own file.

#include "sim/core/config.hpp"
#include "sim/policy/placer.hpp"

#include <memory>

namespace headroom {

std::unique_ptr<Placer> make_naive(const PlacerContext& context, const ConfigTable& options);
std::unique_ptr<Placer> make_head_aware(const PlacerContext& context, const ConfigTable& options);
std::unique_ptr<Placer> make_fallback_search(const PlacerContext& context,
                                             const ConfigTable& options);
std::unique_ptr<Placer> make_gpustack(const PlacerContext& context, const ConfigTable& options);
std::unique_ptr<Placer> make_gpustack_0_6(const PlacerContext& context, const ConfigTable& options);
std::unique_ptr<Placer> make_gpustack_0_4(const PlacerContext& context, const ConfigTable& options);
std::unique_ptr<Placer> make_fallback_search_mix(const PlacerContext& context,
                                                 const ConfigTable& options);

}  // namespace headroom
