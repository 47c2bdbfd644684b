#pragma once
// An answer as a person reads it: the answer first, then the table, then the alternatives. At most
// 120 columns.

#include "study/fit/fit.hpp"
#include "study/fit/pool.hpp"

#include <string>

namespace headroom {

[[nodiscard]] std::string fit_text(const FitAnswer& answer);
[[nodiscard]] std::string pool_text(const PoolAnswer& answer);

}  // namespace headroom
