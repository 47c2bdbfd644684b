#include "tests/kernels/attention_runs.hpp"

namespace headroom::test {
namespace {

using kernels::ElementType;

AttentionShape decoding(AttentionShape shape) {
  shape.q_lengths.assign(shape.kv_lengths.size(), 1);
  return shape;
}

}  // namespace

std::vector<AttentionShape> decode_shapes(std::int32_t longest) {
  std::vector<AttentionShape> shapes;
  const auto bf16 = ElementType::bf16;
  const auto fp16 = ElementType::fp16;
  for (const std::int32_t length : {1, 15, 16, 17, 63, 64, 65, 129}) {
    shapes.push_back(decoding({bf16, 2, 1, 64, 16, false, {}, {length}}));
    shapes.push_back(decoding({fp16, 4, 2, 128, 0, true, {}, {length}}));
  }
  for (const std::int32_t group : {1, 2, 3, 5, 7, 8, 12, 16, 20, 33}) {
    shapes.push_back(decoding({bf16, 2 * group, 2, 64, 64, true, {}, {70}}));
  }
  for (const ElementType type : {bf16, fp16}) {
    for (const std::int32_t head_dim : {64, 128, 256}) {
      for (const std::int32_t page : {0, 16, 64}) {
        shapes.push_back(decoding({type, 3, 1, head_dim, page, false, {}, {33, longest, 0, 80}}));
      }
    }
  }
  shapes.push_back({bf16, 2, 2, 64, 32, true, {1, 0, 1, 1, 0}, {5, 40, 0, 200, 0}});
  shapes.push_back(decoding({bf16, 8, 1, 128, 16, true, {}, {longest, 1, longest / 2, 64, 65}}));
  return shapes;
}

std::vector<AttentionShape> prefill_shapes() {
  const auto bf16 = ElementType::bf16;
  const auto fp16 = ElementType::fp16;
  std::vector<AttentionShape> shapes;
  for (const std::int32_t length : {1, 15, 16, 17, 63, 64, 65, 130}) {
    shapes.push_back({bf16, 1, 1, 64, 0, true, {length}, {length}});
    shapes.push_back({fp16, 1, 1, 64, 16, false, {length}, {length}});
  }
  for (const ElementType type : {bf16, fp16}) {
    for (const std::int32_t head_dim : {64, 128, 256}) {
      for (const bool causal : {false, true}) {
        shapes.push_back({type, 2, 1, head_dim, 64, causal, {5, 0, 40}, {50, 3, 40}});
        shapes.push_back({type, 1, 1, head_dim, 0, causal, {137}, {150}});
      }
    }
  }
  shapes.push_back({bf16, 3, 1, 128, 16, true, {20, 7, 1}, {97, 7, 33}});  // chunks
  shapes.push_back({bf16, 2, 2, 64, 0, true, {9, 70, 4}, {4, 3, 0}});      // more queries than keys
  shapes.push_back({fp16, 2, 1, 128, 32, false, {9, 3, 4}, {4, 0, 100}});
  shapes.push_back({bf16, 1, 1, 64, 64, true, {130, 20}, {260, 0}});
  return shapes;
}

}  // namespace headroom::test
