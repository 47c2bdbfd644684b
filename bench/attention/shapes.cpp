#include "bench/attention/shapes.hpp"

#include "sim/core/assert.hpp"

#include <array>
#include <memory>
#include <string_view>

namespace headroom::bench {
namespace {

// Heads from 16 to 128, 2 to 16 of them to a KV head, head_dim 64, 128 and 256.
constexpr std::array<std::string_view, 7> kModels{
    "meta-llama-3.1-8b", "meta-llama-3.1-70b", "meta-llama-3.1-405b", "qwen2.5-7b-instruct",
    "qwen3-235b-a22b",   "gemma-2-9b-it",      "gpt-oss-120b"};
constexpr std::array<int, 4> kSizes{1, 2, 4, 8};

}  // namespace

std::vector<profile::UsedShape> built_in_shapes() {
  std::vector<std::shared_ptr<const Model>> models;
  for (const std::string_view name : kModels) {
    const auto model = find_model(name);
    HEADROOM_ASSERT(model.has_value(), "a model of the catalogue");
    models.push_back(*model);
  }
  return profile::shard_shapes(models, kSizes).shapes;
}

}  // namespace headroom::bench
