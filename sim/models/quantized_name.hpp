#pragma once
// What the name of a checkpoint says of its quantization.

#include <string>
#include <string_view>

namespace headroom {

/// The word of a name that says how its weights are stored, in capitals: "FP8" of
/// "maker/Model-7B-fp8-dynamic", "" without one. Words end where letters and digits do.
[[nodiscard]] std::string quantization_in_name(std::string_view name);

}  // namespace headroom
