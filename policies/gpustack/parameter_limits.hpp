#pragma once
// Which values of the engine's parameters a simulation can start an engine with. What GPUStack
// itself does with others is for its selectors.

#include "policies/gpustack/ask.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headroom::gpustack {

/// "--tp-size is '0', but must be from 1 to 1000": the first parameter with a share of GPU memory
/// outside (0, 1], or with a parallel size that is no whole number from 1 to kLargestSize.
[[nodiscard]] std::optional<std::string> bad_parameter(const Parameters& parameters);

/// Share of each GPU, in millionths, that these parameters have the engine started with; nullopt:
/// they do not say. Precondition: no bad_parameter().
[[nodiscard]] std::optional<std::int64_t> started_utilisation(const Parameters& parameters,
                                                              Backend backend);

/// The parameter that is U of this engine.
[[nodiscard]] std::string_view utilisation_name(Backend backend);

}  // namespace headroom::gpustack
