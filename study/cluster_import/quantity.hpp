#pragma once
// Kubernetes quantities: "8", "7910m", "527868164Ki", "1.5Gi", "1e3".

#include <cstdint>
#include <optional>
#include <string_view>

namespace headroom {

/// The value in thousandths of its unit, rounded up, as Kubernetes rounds what is finer. nullopt:
/// not a quantity, negative, or beyond 2^60 thousandths.
[[nodiscard]] std::optional<std::int64_t> parse_quantity_milli(std::string_view text);

}  // namespace headroom
