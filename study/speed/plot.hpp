#pragma once
// Throughput of a GPU against tensor parallel size, as a figure of two panels: the decode attention
// of one layer alone, and the whole model.

#include "study/speed/speed.hpp"

#include <filesystem>
#include <string>

namespace headroom::speed {

/// What gnuplot is told. `svg`: the name of the file that it writes, without a folder.
[[nodiscard]] std::string plot_script(const Answer& answer, const std::string& svg);

/// Writes FILE.svg, and beside it the script FILE.gp. Error: another ending, one of both is there
/// and may not be replaced, no size of any model has a speed, gnuplot fails, a file cannot be
/// written.
[[nodiscard]] Status write_plot(const Answer& answer, const std::filesystem::path& svg,
                                bool replace);

}  // namespace headroom::speed
