#pragma once
// A study as Markdown, for documents.

#include "study/study.hpp"

#include <string>

namespace headroom {

/// What was run, the policies side by side, and how requests ended differently by policy pair, with
/// an example of each row. `most_differences` rows of each pair; the rest is counted.
[[nodiscard]] std::string markdown_report(const Scenario& scenario, const StudyResult& result,
                                          std::size_t most_differences);

}  // namespace headroom
