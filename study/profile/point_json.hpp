#pragma once
// What a profile and the commands that show it write alike.

#include "study/profile/profile.hpp"

#include <nlohmann/json.hpp>

namespace headroom::profile {

/// Adds what was computed, apart from the operation: types, shard, batch and lengths.
void add_load(nlohmann::ordered_json& out, const Point& point);

[[nodiscard]] nlohmann::ordered_json served_json(const Served& served);

}  // namespace headroom::profile
