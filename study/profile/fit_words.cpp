#include "study/profile/fit_words.hpp"

#include "study/profile/profile.hpp"

#include <fmt/format.h>

namespace headroom::profile {

bool has_heads(headroom::Kernel kernel) {
  return kernel == headroom::Kernel::prefill || kernel == headroom::Kernel::decode;
}

bool reads_cache(headroom::Kernel kernel) {
  return has_heads(kernel) || kernel == headroom::Kernel::latent_prefill ||
         kernel == headroom::Kernel::latent_decode;
}

std::string types_text(const FitKey& key) {
  const std::string& type = name_of(kTypes, key.type);
  if (!reads_cache(key.kernel) || key.kv_type == key.type) return type;
  return fmt::format("{}/{}", type, name_of(kTypes, key.kv_type));
}

std::string key_text(const FitKey& key) {
  std::string out = fmt::format("{}, {}", name_of(kKernels, key.kernel), types_text(key));
  if (key.head_dim > 0) out += fmt::format(", head size {}", key.head_dim);
  if (key.topology) out += ", " + name_of(kTopologies, *key.topology);
  if (key.gpus_per_node > 0) out += fmt::format(", {} GPUs a node", key.gpus_per_node);
  return out;
}

}  // namespace headroom::profile
