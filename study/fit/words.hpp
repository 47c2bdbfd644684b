#pragma once
// Numbers and plans in words, for people.

#include "study/fit/fit.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

/// Columns of an answer's text.
inline constexpr std::size_t kFitWidth = 116;

/// "131,072".
[[nodiscard]] std::string grouped(std::int64_t value);
/// "27.4 billion".
[[nodiscard]] std::string count_words(std::int64_t value);
/// "TP 2 x PP 3", "TP 8 with EP", "one GPU" for the plan of one.
[[nodiscard]] std::string plan_name(ParallelPlan plan);
/// "3 GPUs", "16 GPUs on 2 nodes".
[[nodiscard]] std::string gpus_words(const FitPlan& plan);
/// "3 pipeline stages of one GPU each (PP 3)".
[[nodiscard]] std::string plan_words(ParallelPlan plan);
/// "1, 2 and 4".
[[nodiscard]] std::string listed(std::span<const std::string> items);
/// "a, b, and 3 more" where there are more than `most`; else as listed().
[[nodiscard]] std::string some_of(std::span<const std::string> items, std::size_t most);
/// With a full stop at the end.
[[nodiscard]] std::string sentence(std::string text);
/// Breaks lines at `width` columns, each starting with `indent` blanks but the first.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);
/// The engine command over several lines: an option a line that fits, with a backslash at the end.
[[nodiscard]] std::string wrapped_command(std::string_view command, std::size_t width,
                                          std::size_t indent);

}  // namespace headroom
