#pragma once
// Models and lists of sizes as options name them.

#include "sim/core/result.hpp"
#include "sim/models/model.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::cli {

/// A name of the catalogue, or the path of a config.json or of the folder with one. Error: neither,
/// at `option`; or as read_model_config.
[[nodiscard]] Result<std::shared_ptr<const Model>> read_model(const std::string& text,
                                                              const char* option);

/// All models of the catalogue, in its order.
[[nodiscard]] std::vector<std::shared_ptr<const Model>> all_models();

/// As above, of several texts with several names each, or "all": each model once, in the order
/// given.
[[nodiscard]] Result<std::vector<std::shared_ptr<const Model>>> read_models(
    const std::vector<std::string>& texts, const char* option);

/// The parts between commas.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

inline constexpr int kMostTp = 1024;

/// "1,2,4" or "1..4,8": tensor parallel sizes, sorted, each once. Error: another number or none, at
/// `option`.
[[nodiscard]] Result<std::vector<int>> parse_sizes(const std::string& text, const char* option);

}  // namespace headroom::cli
