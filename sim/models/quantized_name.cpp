#include "sim/models/quantized_name.hpp"

#include <algorithm>
#include <array>

namespace headroom {
namespace {

constexpr std::array<std::string_view, 17> kWords{"FP8",  "FP4",  "NVFP4", "MXFP4", "MXFP8", "AWQ",
                                                  "GPTQ", "INT4", "INT8",  "W4A16", "W8A16", "W4A8",
                                                  "W8A8", "W4A4", "4BIT",  "8BIT",  "BNB"};

bool in_word(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string quantization_in_name(std::string_view name) {
  std::string word;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && in_word(name[i])) {
      const char c = name[i];
      word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      continue;
    }
    if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return word;
    word.clear();
  }
  return "";
}

}  // namespace headroom
