#include "cli/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace headroom::cli {

int report(const Error& error) {
  fmt::print(stderr, "headroom: {}\n", error.text());
  return kBadInput;
}

void add_on_bad_row(CLI::App& command, std::optional<std::string>& value) {
  command
      .add_option("--on-bad-row", value,
                  "What a bad row of the trace does: stop (the default), or skip it, count it and "
                  "list the first few")
      ->check(CLI::IsMember({"stop", "skip"}))
      ->type_name("stop|skip");
}

void report_skipped(const SkippedRows& skipped) {
  if (skipped.count == 0) return;
  fmt::print(stderr, "headroom: {} bad {} passed over:\n", skipped.count,
             skipped.count == 1 ? "row was" : "rows were");
  for (const Error& error : skipped.first) fmt::print(stderr, "  {}\n", error.text());
  if (skipped.count > skipped.first.size()) {
    fmt::print(stderr, "  and {} more\n", skipped.count - skipped.first.size());
  }
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& text) { return std::string(text.empty() ? "it is empty" : ""); }, "",
      "not empty");
}

bool on_terminal() { return ::isatty(STDERR_FILENO) != 0; }

}  // namespace headroom::cli
