#pragma once
// The subcommands. Each adds itself to the application and sets the exit code when it runs.

#include "sim/core/result.hpp"
#include "traces/rows.hpp"

#include <CLI/CLI.hpp>

#include <optional>
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
void add_trace_command(CLI::App& app, int& exit_code);  // the group of the two below too
void add_trace_generate_command(CLI::App& group, int& exit_code);
void add_trace_fit_command(CLI::App& group, int& exit_code);
void add_cluster_command(CLI::App& app, int& exit_code);
void add_reproduce_command(CLI::App& app, int& exit_code);
void add_profile_command(CLI::App& app, int& exit_code);
void add_speed_command(CLI::App& app, int& exit_code);
void add_list_commands(CLI::App& app, int& exit_code);

/// Prints the error to stderr and returns kBadInput.
int report(const Error& error);

/// The exit code of a command: its own, or that of its error, which is reported.
template <class Command>
int answered(Command command) {
  const Result<int> code = command();
  return code ? *code : report(code.error());
}

/// Adds --on-bad-row stop|skip, what to do about a bad row of a trace.
void add_on_bad_row(CLI::App& command, std::optional<std::string>& value);

/// Says on stderr how many rows were passed over, and the first of them; nothing where there is
/// none.
void report_skipped(const SkippedRows& skipped);

/// For options that name a file or a folder: `--out "$UNSET"` is a slip, not a wish for none.
[[nodiscard]] CLI::Validator not_empty();

/// Whether progress may be shown: stderr is a terminal.
[[nodiscard]] bool on_terminal();

}  // namespace headroom::cli
