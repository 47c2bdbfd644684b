#include "bench/attention/shapes.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace headroom::bench {
namespace {

struct Heads {
  std::string_view model;
  std::int64_t q_heads;
  std::int64_t kv_heads;
  std::int64_t head_dim;
};

// From their config.json on the Hugging Face hub.
constexpr std::array<Heads, 7> kModels{{{"Llama-3.1-8B", 32, 8, 128},
                                        {"Llama-3.1-70B", 64, 8, 128},
                                        {"Llama-3.1-405B", 128, 8, 128},
                                        {"Qwen2.5-7B", 28, 4, 128},
                                        {"Qwen3-235B-A22B", 64, 4, 128},
                                        {"gemma-2-9b", 16, 8, 256},
                                        {"gpt-oss-120b", 64, 8, 64}}};

}  // namespace

std::vector<NamedShape> built_in_shapes() {
  std::map<ShardShape, std::vector<ShapeUse>> shapes;
  for (const Heads& model : kModels) {
    for (const int size : {1, 2, 4, 8}) {
      if (model.q_heads % size != 0) continue;
      const std::int64_t replicas = std::max<std::int64_t>(1, size / model.kv_heads);
      const ShardShape shape{model.q_heads / size, model.kv_heads * replicas / size,
                             model.head_dim};
      shapes[shape].push_back({std::string(model.model), size, replicas});
    }
  }
  std::vector<NamedShape> out;
  for (auto& [shape, from] : shapes) out.push_back({shape, std::move(from)});
  return out;
}

}  // namespace headroom::bench
