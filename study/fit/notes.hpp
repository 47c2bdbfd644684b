#pragma once
// What an answer rests on: the engine's remarks and what was assumed.

#include "study/fit/fit.hpp"

#include <string>

namespace headroom {

/// The section of notes; empty where there is nothing to note. The recommended plan's come first.
[[nodiscard]] std::string fit_notes(const FitAnswer& answer);

}  // namespace headroom
