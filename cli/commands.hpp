#pragma once
// The subcommands. Each adds itself to the application and sets the exit code when it runs.

#include "sim/core/result.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace headroom::cli {

inline constexpr int kDone = 0;
inline constexpr int kGateFailed = 1;
inline constexpr int kBadInput = 2;
inline constexpr int kFault = 3;

void add_demo_command(CLI::App& app, int& exit_code);
void add_run_command(CLI::App& app, int& exit_code);
void add_explain_command(CLI::App& app, int& exit_code);
void add_fit_command(CLI::App& app, int& exit_code);
void add_cluster_command(CLI::App& app, int& exit_code);
void add_list_commands(CLI::App& app, int& exit_code);

/// Prints the error to stderr and returns kBadInput.
int report(const Error& error);

/// For options that name a file or a folder: `--out "$UNSET"` is a slip, not a wish for none.
[[nodiscard]] CLI::Validator not_empty();

/// Whether progress may be shown: stderr is a terminal.
[[nodiscard]] bool on_terminal();

}  // namespace headroom::cli
