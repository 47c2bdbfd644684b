#include "policies/gpustack/parameters.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace headroom::gpustack {
namespace {

template <class Number>
std::optional<Number> parse(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  Number value{};
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool is_option(std::string_view word) { return word.starts_with("-") && word.size() > 1; }

}  // namespace

Parameters::Parameters(std::vector<std::string> words) {
  for (std::string& word : words) {
    const auto space = word.find(' ');
    if (is_option(word) && space != std::string::npos && word.find('=') > space) {
      words_.push_back(word.substr(0, space));
      words_.push_back(word.substr(word.find_last_of(' ') + 1));
    } else {
      words_.push_back(std::move(word));
    }
  }
}

std::optional<std::string> Parameters::text(std::initializer_list<std::string_view> names) const {
  for (std::size_t i = 0; i < words_.size(); ++i) {
    std::string_view word = words_[i];
    if (!is_option(word)) continue;
    word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
    const auto equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    if (equals != std::string_view::npos) return std::string(word.substr(equals + 1));
    if (i + 1 < words_.size() && !is_option(words_[i + 1])) return words_[i + 1];
    return "true";
  }
  return std::nullopt;
}

std::optional<int> Parameters::integer(std::initializer_list<std::string_view> names) const {
  return parse<int>(text(names));
}

std::optional<double> Parameters::number(std::initializer_list<std::string_view> names) const {
  constexpr double kMost = 1e12;  // sums and products stay finite
  const auto value = parse<double>(text(names));
  return value && std::abs(*value) <= kMost ? value : std::nullopt;
}

bool Parameters::flag(std::initializer_list<std::string_view> names) const {
  const auto value = text(names);
  return value && means_true(*value);
}

bool means_true(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kTrue = {"1", "true", "yes", "on", "y", "t"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kTrue.begin(), kTrue.end(), lower) != kTrue.end();
}

}  // namespace headroom::gpustack
