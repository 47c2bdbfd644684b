#include "sim/cost/engine_traits.hpp"

namespace headroom {

std::optional<EngineTraits> engine_traits(std::string_view engine) {
  if (engine.starts_with("vllm")) return EngineTraits{"vllm_graph", false, false, 8192, 0.0};
  if (engine.starts_with("sglang")) return EngineTraits{"sglang_graph", false, true, 8192, 2.1};
  if (engine.starts_with("tensorrt-llm")) return EngineTraits{"trtllm", true, false, 8192, 5.5};
  return std::nullopt;
}

}  // namespace headroom
