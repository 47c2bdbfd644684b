#pragma once
// What every piece of bad input has to lead to: exit code 2, a message that names what is wrong and
// where, nothing on stdout, and no file left behind.

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace headroom::test {

struct BadInput {
  std::string what;                          // for the report of a failure
  std::map<std::string, std::string> files;  // name -> content, in a fresh folder
  std::vector<std::string> pieces;           // of the message, each of them
  std::vector<std::string> arguments = {};   // default: run s.toml; "@" is the folder
  std::map<std::string, std::string> environment = {};
};

/// Runs `headroom ARGUMENTS --out @/out` (only ARGUMENTS where they name no `run`) and checks it.
void check_refused(const BadInput& input);
void check_refused(const std::vector<BadInput>& inputs);

using Edits = std::vector<std::pair<std::string, std::string>>;

/// A good scenario of one node of four cards and one deployment, after edits (each text must be in
/// it) and with `more` at its end. Line 1 is `policies`, 4 to 5 the node, 8 to 9 the request.
[[nodiscard]] std::string listed_scenario(const Edits& edits, const std::string& more = "");

/// The same cluster with the trace t.csv or t.jsonl beside it.
[[nodiscard]] std::string trace_scenario(const std::string& trace, const std::string& more = "");

}  // namespace headroom::test
