#pragma once
// What `run` and `demo` share: run a scenario under its policies, keep the files, print the tables.

#include "study/scenario.hpp"
#include "study/study.hpp"

#include <string>

namespace headroom::cli {

/// Runs the scenario. With a folder `out`, all its files appear there at once when everything is
/// done; `force` replaces an earlier result there.
[[nodiscard]] Result<StudyResult> run_into(const std::string& out, bool force,
                                           const Scenario& scenario, StudyOptions options);

/// The description, the table of policies, the differences, and where the files are.
void print_report(const Scenario& scenario, const StudyResult& result, const std::string& out);

}  // namespace headroom::cli
