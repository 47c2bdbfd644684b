#include <unistd.h>

#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.hpp"

namespace headroom::cli {

int report(const Error& error) {
  fmt::print(stderr, "headroom: {}\n", error.text());
  return kBadInput;
}

bool on_terminal() { return ::isatty(STDERR_FILENO) != 0; }

}  // namespace headroom::cli
