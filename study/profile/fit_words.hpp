#pragma once
// What has a fit, in words.

#include "sim/cost/kernel_load.hpp"

#include <string>

namespace headroom::profile {

/// Whether the key's kv_type means something: attention of all kinds.
[[nodiscard]] bool reads_cache(headroom::Kernel kernel);
/// Whether its head_dim does: attention but for latent.
[[nodiscard]] bool has_heads(headroom::Kernel kernel);

/// "bf16", or "bf16/fp8" where keys and values are of another type.
[[nodiscard]] std::string types_text(const FitKey& key);
/// "decode, bf16/fp8, head size 128"; "all_reduce, bf16, nvswitch, 8 GPUs a node".
[[nodiscard]] std::string key_text(const FitKey& key);

}  // namespace headroom::profile
