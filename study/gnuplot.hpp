#pragma once
// Figures by gnuplot (gnuplot.info), as a program: its SVG needs no library, and the script that
// stays beside a figure can be changed and run again.

#include "sim/core/result.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

namespace headroom {

/// Okabe and Ito's, which people who do not see all colours can tell apart.
inline constexpr const char* kGrey = "#999999";
inline constexpr std::array<const char*, 6> kColours = {"#0072B2", "#D55E00", "#009E73",
                                                        "#E69F00", "#56B4E9", "#CC79A7"};

/// A text in gnuplot's single quotes. Control characters become '?'.
[[nodiscard]] std::string gnuplot_text(std::string_view text);

/// Whether gnuplot can be started and `script` be written into the folder: before work that takes
/// long. `option` asked for the figure. Error: no.
[[nodiscard]] Status check_gnuplot(const std::filesystem::path& script, const char* option);

/// Writes `text` to the file `script` and has gnuplot run it in that folder, without a shell in
/// between. Its complaints go to stderr. Error: it cannot be started, or fails; the script cannot
/// be written.
[[nodiscard]] Status run_gnuplot(const std::filesystem::path& script, const std::string& text,
                                 const char* option);

}  // namespace headroom
