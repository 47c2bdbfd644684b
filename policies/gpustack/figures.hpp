#pragma once
// The figures of a model that GPUStack reads, and where in config.json it looks for them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headroom::gpustack {

enum class Version;

/// num_attention_heads by section of config.json; nullopt where the section has none.
struct HeadSections {
  std::optional<std::int64_t> root;
  std::optional<std::int64_t> llm_config;
  std::optional<std::int64_t> text_config;
  std::optional<std::int64_t> thinker_text_config;  // thinker_config.text_config
};

/// Heads as this version finds them. Today: llm_config, text_config, root,
/// thinker_config.text_config. v0.6: root, llm_config. v0.4: none.
[[nodiscard]] std::optional<std::int64_t> resolve_heads(const HeadSections& sections,
                                                        Version version);

/// Heads of vision_config: num_attention_heads, else num_heads; with dummy heads that it names.
[[nodiscard]] std::optional<std::int64_t> resolve_vision_heads(
    std::optional<std::int64_t> num_attention_heads, std::optional<std::int64_t> num_heads,
    std::int64_t dummy_heads);

/// Size of the vision tower, for SGLang's memory fraction.
struct VisionSize {
  std::int64_t layers = 24;
  std::int64_t hidden = 1024;
};

struct Figures {
  std::optional<std::int64_t> heads;
  std::optional<std::int64_t> vision_heads;
  std::optional<std::int64_t> vocab;
  std::optional<VisionSize> vision;
  std::vector<std::string> architectures;
};

}  // namespace headroom::gpustack
