#pragma once
// The built-in models: for each the figures of its config.json, as JSON that the reader of such
// files reads. Only figures are kept, and of those only what is read.

#include <span>
#include <string_view>

namespace headroom {

struct CatalogueEntry {
  std::string_view hub_id;
  /// Whether the figures were checked against the published config.json or are known by heart.
  enum class From { config, memory } from;
  std::string_view config;
};

// By parameters, together in order.
[[nodiscard]] std::span<const CatalogueEntry> small_models();   // below 10 billion
[[nodiscard]] std::span<const CatalogueEntry> middle_models();  // below 50 billion
[[nodiscard]] std::span<const CatalogueEntry> large_models();

}  // namespace headroom
