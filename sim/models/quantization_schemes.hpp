#pragma once
// From the words of a quantization section to a scheme.

#include "sim/core/result.hpp"
#include "sim/models/config_section.hpp"
#include "sim/models/module_names.hpp"
#include "sim/models/quantization.hpp"

#include <optional>
#include <string>

namespace headroom {

struct Schemes {
  Quantization main;
  std::optional<Quantization> experts;  // where they have one of their own
  std::optional<ModuleNames> only;      // the modules that are quantized, where they are listed
  std::string kv_cache;                 // "fp8" or ""
};

/// By `quant_method`, or `quant_algo` of NVIDIA's ModelOpt. Error: a method, or a figure of it,
/// that is not read.
[[nodiscard]] Result<Schemes> read_schemes(const ConfigSections& section);

}  // namespace headroom
