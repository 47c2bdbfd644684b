#pragma once
// The nearest known name, for error messages: "unknown key 'polices' — did you mean 'policies'?".

#include <span>
#include <string>
#include <string_view>

namespace headroom {

/// The known name at the smallest edit distance, if that is at most a third of its length (and at
/// least one letter is shared); empty otherwise. Ties: the first in `known`.
[[nodiscard]] std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// "did you mean 'x'?" or, with nothing near, "known: a, b, c" (at most twelve of them).
[[nodiscard]] std::string suggest(std::string_view name, std::span<const std::string> known);

}  // namespace headroom
