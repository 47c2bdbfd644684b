#pragma once
// The tables of an answer: plans, changes, what the policies would do. Each begins with an empty
// line and its title; empty where there is nothing to say.

#include "study/fit/fit.hpp"

#include <string>

namespace headroom {

[[nodiscard]] std::string plan_tables(const FitAnswer& answer);
[[nodiscard]] std::string changes_table(const FitAnswer& answer);
[[nodiscard]] std::string choices_table(const FitAnswer& answer);

/// "24,064" tokens of one sequence; "any" where nothing limits it.
[[nodiscard]] std::string longest_words(const FitAnswer& answer, const FitPlan& plan);

}  // namespace headroom
