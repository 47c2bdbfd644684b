#include "policies/gpustack/claim.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>

namespace headroom::gpustack {
namespace {

bool has(const std::vector<Category>& categories, Category category) {
  return std::find(categories.begin(), categories.end(), category) != categories.end();
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

}  // namespace

Bytes claim_of_weights(Bytes weights, const std::vector<Category>& categories) {
  if (has(categories, Category::image)) return weights;
  const bool llm = categories.empty() || has(categories, Category::llm);
  const Bytes overhead = llm ? 2 * kGiB : 512 * kMiB;
  const double factor = has(categories, Category::text_to_speech) ? 3.0 : 1.2;
  return static_cast<Bytes>(static_cast<double>(weights) * factor) + overhead;
}

std::optional<Bytes> weights_from_name(std::string_view name, double bytes_per_parameter) {
  // The first number that a B follows, spaces between: "8x7B" gives 7, "r1" nothing.
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_digit(name[i])) continue;
    std::size_t end = i;
    while (end < name.size() && is_digit(name[end])) ++end;
    if (end + 1 < name.size() && name[end] == '.' && is_digit(name[end + 1])) {
      ++end;
      while (end < name.size() && is_digit(name[end])) ++end;
    }
    std::size_t unit = end;
    while (unit < name.size() && name[unit] == ' ') ++unit;
    if (unit < name.size() && (name[unit] == 'b' || name[unit] == 'B')) {
      double billions = 0;
      std::from_chars(name.data() + i, name.data() + end, billions);
      return static_cast<Bytes>(std::min(billions * 1e9 * bytes_per_parameter, 1e18));
    }
    i = end - 1;
  }
  return std::nullopt;
}

Bytes charge(Bytes total, double fraction) {
  return static_cast<Bytes>(static_cast<double>(total) * std::clamp(fraction, 0.0, 1.0));
}

double vllm_fraction(const Ask& ask) {
  static constexpr std::array<std::string_view, 3> kWithFraction = {
      "Qwen3ForCausalLM", "Qwen3ForSequenceClassification", "Qwen3VLForConditionalGeneration"};
  if (const auto asked = ask.parameters.number({"gpu-memory-utilization"})) return *asked;
  if (ask.categories.empty() || ask.is(Category::llm) || ask.is(Category::speech_to_text)) {
    return kVllmFraction;
  }
  for (const std::string& architecture : ask.figures.architectures) {
    if (std::find(kWithFraction.begin(), kWithFraction.end(), architecture) !=
        kWithFraction.end()) {
      return kVllmFraction;
    }
  }
  return 0;
}

std::optional<Bytes> ram_claim(const Ask& ask, Bytes vram_on_main) {
  if (ask.ram_claim > 0) return ask.ram_claim;
  if (ask.ram_ratio > 0) {
    return static_cast<Bytes>(static_cast<double>(vram_on_main) * ask.ram_ratio);
  }
  return std::nullopt;
}

}  // namespace headroom::gpustack
