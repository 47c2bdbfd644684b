#include "cli/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace headroom::cli {

int report(const Error& error) {
  fmt::print(stderr, "headroom: {}\n", error.text());
  return kBadInput;
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& text) { return std::string(text.empty() ? "it is empty" : ""); }, "",
      "not empty");
}

bool on_terminal() { return ::isatty(STDERR_FILENO) != 0; }

}  // namespace headroom::cli
