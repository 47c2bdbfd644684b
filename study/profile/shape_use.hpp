#pragma once
// The key `from` of profiles and of lists of shapes: which models and sizes have a shard.

#include "study/json_fields.hpp"
#include "study/profile/profile.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace headroom::profile {

/// The list as JSON.
[[nodiscard]] nlohmann::ordered_json uses_json(const std::vector<ShapeUse>& uses);
/// The list at `from`. Error: as JsonFields, and a model without a name.
[[nodiscard]] std::vector<ShapeUse> read_uses(const JsonFields& fields);

/// The text there. Error: none, or an empty one.
[[nodiscard]] std::string some_text(const JsonFields& fields, const char* key);

}  // namespace headroom::profile
