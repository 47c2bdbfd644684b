#pragma once
// Answers for other programs: schema headroom.fit/1, docs/fit.md. Nothing in them depends on the
// machine.

#include "study/fit/fit.hpp"
#include "study/fit/pool.hpp"

#include <string>

namespace headroom {

inline constexpr const char* kFitSchema = "headroom.fit/1";
inline constexpr const char* kPoolSchema = "headroom.fit-pool/1";

[[nodiscard]] std::string fit_json(const FitAnswer& answer);
[[nodiscard]] std::string pool_json(const PoolAnswer& answer);

}  // namespace headroom
