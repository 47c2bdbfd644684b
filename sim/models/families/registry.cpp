#include "sim/models/families/family.hpp"

#include <algorithm>
#include <iterator>

namespace headroom {

std::span<const Family> model_families() {
  static const Families kFamilies = [] {
    Families all;
    for (auto* const part :
         {dense_families, older_families, expert_families, latent_families, hybrid_families,
          gated_delta_families, mixed_head_families, encoder_decoder_families}) {
      Families families = part();
      std::move(families.begin(), families.end(), std::back_inserter(all));
    }
    return all;
  }();
  return kFamilies;
}

const Family* find_family(std::string_view model_type) {
  const auto families = model_families();
  const auto at = std::find_if(families.begin(), families.end(),
                               [&](const Family& f) { return f.model_type == model_type; });
  return at == families.end() ? nullptr : &*at;
}

}  // namespace headroom
