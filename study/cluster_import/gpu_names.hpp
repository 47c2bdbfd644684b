#pragma once
// From a vendor's product name to the catalogue's.

#include "sim/core/units.hpp"
#include "sim/hardware/gpu_type.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace headroom {

/// The catalogue's type for a product such as "NVIDIA-A100-SXM4-80GB", "Tesla T4" or "NVIDIA
/// GeForce RTX 4090". `memory`, where it is told (above 0), decides between sizes, and a type whose
/// memory differs from it by more than a tenth is not taken. nullopt: not in the catalogue.
[[nodiscard]] std::optional<GpuType> catalogue_type_of(std::string_view product, Bytes memory);

/// The catalogue's name that is nearest to the product's, for a hint; empty where none is near.
[[nodiscard]] std::string near_gpu_name(std::string_view product);

}  // namespace headroom
