#pragma once
// An answer as a person reads it, at most 100 columns, and for other programs.

#include "study/speed/speed.hpp"

#include <string>

namespace headroom::speed {

[[nodiscard]] std::string answer_text(const Answer& answer);

inline constexpr const char* kSchema = "headroom.speed/1";
/// docs/speed.md
[[nodiscard]] std::string answer_json(const Answer& answer);

}  // namespace headroom::speed
