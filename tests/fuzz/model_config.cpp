// libFuzzer on the reader of config.json: cmake --preset fuzz, cmake --build --preset fuzz, then
// build/fuzz/fuzz_model_config NEW tests/fuzz/corpus, where NEW is a folder for what it finds. What
// made the reader fail is minimised (-minimize_crash=1) and kept in the corpus, which the tests
// read too.

#include "sim/models/model.hpp"

#include <cstdint>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are text here
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto model = headroom::parse_model_config(text, "input");
  if (model) {
    (void)headroom::total_parameters(*model);
    (void)headroom::weight_bytes(*model);
  }
  return 0;
}
