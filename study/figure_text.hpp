#pragma once
// The figures of a study as rows for a table, and as text.

#include "study/study.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace headroom {

/// "1,234,567"
[[nodiscard]] std::string with_commas(std::int64_t value);

/// "12.34 %", or with its interval "12.34 ± 0.56 %".
[[nodiscard]] std::string figure_text(const Summary& figure);

/// A request's name as a terminal and a table can take it: a trace may hold very long ones, and
/// control characters.
[[nodiscard]] std::string shown_name(std::string name);

/// The first `of_each_pair` of every policy pair; rows come by pair, largest first.
[[nodiscard]] std::vector<Difference> largest_differences(const std::vector<Difference>& rows,
                                                          std::size_t of_each_pair);

/// One figure under every policy.
struct FigureRow {
  std::string key;    // of the metric; a rule's id for the rows under refused_by_engine
  std::string label;  // "unserved"; "  vllm.heads"
  std::vector<Summary> of_policies;  // in the scenario's order
};

/// All that says something: without outcomes that nobody met and groups where there are none. Under
/// the requests that the engine refused stand the rules that refused them last.
[[nodiscard]] std::vector<FigureRow> figure_rows(const Scenario& scenario,
                                                 const StudyResult& result);

/// Whether any of them rests on the speed of a plan.
[[nodiscard]] bool has_speeds(const Scenario& scenario, const StudyResult& result);

}  // namespace headroom
