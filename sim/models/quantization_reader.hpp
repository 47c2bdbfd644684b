#pragma once
// The quantization section of a checkpoint.

#include "sim/core/result.hpp"
#include "sim/models/model.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace headroom {

/// Reads `quantization_config` or `compression_config` of a whole document, of its text section, or
/// of an hf_quant_config.json (`beside`, null without). Sets the schemes of `model`, and in its
/// layers what is kept unquantized. Does nothing for a document without such a section.
[[nodiscard]] Status read_quantization(const nlohmann::json& document, const nlohmann::json* beside,
                                       const std::string& where, Model& model);

}  // namespace headroom
