#include "policies/gpustack/figures.hpp"

#include "policies/gpustack/ask.hpp"

#include <algorithm>
#include <initializer_list>

namespace headroom::gpustack {
namespace {

std::optional<std::int64_t> first_positive(
    std::initializer_list<std::optional<std::int64_t>> figures) {
  for (const auto& figure : figures) {
    if (figure && *figure > 0) return figure;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> resolve_heads(const HeadSections& sections, Version version) {
  switch (version) {
    case Version::v0_4:
      return std::nullopt;
    case Version::v0_6:
      return first_positive({sections.root, sections.llm_config});
    case Version::today:
      return first_positive(
          {sections.llm_config, sections.text_config, sections.root, sections.thinker_text_config});
  }
  return std::nullopt;
}

std::optional<std::int64_t> resolve_vision_heads(std::optional<std::int64_t> num_attention_heads,
                                                 std::optional<std::int64_t> num_heads,
                                                 std::int64_t dummy_heads) {
  const auto heads = first_positive({num_attention_heads, num_heads});
  if (!heads) return std::nullopt;
  return *heads + std::max<std::int64_t>(dummy_heads, 0);
}

}  // namespace headroom::gpustack
