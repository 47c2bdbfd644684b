#pragma once
// The files of the folder profiles/, which are built into the program (cmake/embed.cmake).

#include <span>
#include <string_view>
#include <vector>

namespace headroom {

struct ShippedProfile {
  std::string_view name;                    // "h200.json"
  std::span<const std::string_view> lines;  // each with its end
};

[[nodiscard]] std::vector<ShippedProfile> shipped_profiles();

}  // namespace headroom
