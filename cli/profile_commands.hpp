#pragma once
// The subcommands of `headroom profile`, one a file.

#include "sim/core/result.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace headroom::cli {

void add_profile_shapes_command(CLI::App& group, int& exit_code);
void add_profile_import_command(CLI::App& group, int& exit_code);
void add_profile_show_command(CLI::App& group, int& exit_code);
void add_profile_compare_command(CLI::App& group, int& exit_code);
void add_profile_fit_command(CLI::App& group, int& exit_code);
void add_profile_validate_command(CLI::App& group, int& exit_code);

/// The same, with the file where an error names none.
template <class T>
[[nodiscard]] Result<T> in_file(Result<T> result, const std::string& file) {
  if (!result && result.error().place.file.empty()) result.error().place.file = file;
  return result;
}

/// Sizes of --tp where none are given.
inline constexpr const char* kUsualSizes = "1,2,4,8";
/// Adds --tp, a list of tensor parallel sizes.
void add_tp(CLI::App& command, std::string& value);

}  // namespace headroom::cli
