// The roofline, worked by hand for a toy model, and what must hold for every model.

#include "sim/cost/cost_model.hpp"
#include "tests/fixtures.hpp"

#include <cmath>
#include <cstdint>

using namespace headroom;
using namespace headroom::test;

namespace {

/// 4 layers of 8,388,608 + 8,192 parameters, an embedding of 4,194,304 (tied): big enough to count.
Model toy() {
  Model model;
  model.name = "toy";
  model.text = dense_decoder({4, 1024, 8, 4, 128, 1706, 4096});
  model.text.tied_embeddings = true;
  return model;
}

/// 1.25 TB/s (1 TB/s after the efficiency of 0.8), 100 TFLOP/s (70 after 0.7), 100 GB/s links.
GpuType round_gpu() {
  GpuType gpu = own_gpu("round", 80 * kGiB);
  gpu.memory_bandwidth = 1'250'000'000'000;
  return gpu;
}

std::int64_t milli(const Model& model, const ServingLimits& limits, const GpuType& gpu,
                   ParallelPlan plan, bool one_node = true) {
  return make_roofline()->milli_tokens_per_s(
      {model, limits, gpu, plan, plain_links(gpu, one_node)});
}

}  // namespace

TEST_CASE("the roofline of a toy model on one GPU is what a hand calculation gives") {
  const Model model = toy();
  // Attention 1024 x (8 + 2 x 4) x 128 + 8 x 128 x 1024 = 3,145,728; MLP 3 x 1024 x 1706 =
  // 5,240,832; norms 2,048.
  REQUIRE(layer_parameters(model.text, model.text.layer(0)) == 8'388'608);
  REQUIRE(embedding_parameters(model.text) == 4'194'304);
  const double parameters = 4 * 8'388'608.0 + 4'194'304.0;
  const double weights = 2 * parameters;
  const double kv_token = 2.0 * 4 * 4 * 128 * 2;  // k and v, layers, heads, size, bytes

  // Decode: 16 new tokens, 16 x (1,024 + 128) read back: memory is the longer.
  const double decode_memory = (weights + kv_token * 16 * 1152) / 1e12;
  const double decode_math = 2 * parameters * 16 / 70e12;
  REQUIRE(decode_memory > decode_math);
  const double decode = decode_memory + 4 * 5e-6;
  // Prefill: 16 x 1,024 tokens in chunks of 2,048: arithmetic is the longer.
  const double prefill_memory = (weights + kv_token * 2048) / 1e12;
  const double prefill_math = 2 * parameters * 2048 / 70e12;
  REQUIRE(prefill_math > prefill_memory);
  const double prefill = 8 * (prefill_math + 4 * 5e-6);

  const double rate = 16 * 256 / (256 * decode + prefill);
  CHECK(milli(model, {}, round_gpu(), {1, 1}) == std::llround(rate * 1000));
}

TEST_CASE("of routed experts a step reads those that its tokens visit") {
  Model model = toy();
  Experts experts;
  experts.count = 8;
  experts.active = 2;
  experts.width = 1024;
  model.text.kinds.front().mlp = experts;
  // A layer: attention 3,145,728, router 8 x 1,024, norms 2,048; experts 8 x 3 x 1,024 x 1,024.
  const double common = 4 * (3'145'728.0 + 8'192 + 2'048) + 4'194'304.0;
  const double routed = 4 * 8 * 3 * 1024.0 * 1024.0;
  REQUIRE(total_parameters(model) == static_cast<std::int64_t>(common + routed) + 1024);
  ServingLimits limits;
  limits.sequences = 2;
  const double kv_token = 2.0 * 4 * 4 * 128 * 2;
  // Two tokens read 1 - (3/4)^2 of the experts.
  const double decode_memory =
      (2 * common + kv_token * 2 * 1152 + 2 * routed * (1 - 0.75 * 0.75)) / 1e12;
  const double decode = decode_memory + 4 * 5e-6;
  const double prefill_math = 2 * (common + routed / 4) * 2048 / 70e12;
  const double prefill = prefill_math + 4 * 5e-6;
  const double rate = 2 * 256 / (256 * decode + prefill);
  CHECK(milli(model, limits, round_gpu(), {1, 1}) == Approx(rate * 1000).epsilon(1e-6));
}

TEST_CASE("tensor parallelism splits a step and adds two all-reduces to a layer") {
  const Model model = toy();
  ServingLimits limits;
  limits.sequences = 1;
  limits.batched_tokens = 1024;
  const double parameters = (4 * 8'388'608.0 + 4'194'304.0) / 2;
  const double kv_token = 2.0 * 4 * 2 * 128 * 2;
  const auto reduces = [](double tokens) {
    // A ring of two over PCIe: two steps of 12 us, 0.75 of 100 GB/s.
    return 2 * 4 * (24e-6 + tokens * 1024 * 2 / 75e9);
  };
  const double decode = (2 * parameters + kv_token * 1152) / 1e12 + 4 * 5e-6 + reduces(1);
  const double prefill = 2 * parameters * 1024 / 70e12 + 4 * 5e-6 + reduces(1024);
  const double rate = 256 / (256 * decode + prefill);
  CHECK(milli(model, limits, round_gpu(), {2, 1}) == std::llround(rate * 1000));
}

TEST_CASE("pipeline stages between nodes are never faster than inside one") {
  const Model model = toy();
  for (const int pp : {2, 3, 4}) {
    CHECK(milli(model, {}, round_gpu(), {1, pp}, false) <=
          milli(model, {}, round_gpu(), {1, pp}, true));
  }
  CHECK(milli(model, {}, round_gpu(), {1, 2}, false) < milli(model, {}, round_gpu(), {1, 2}, true));
  CHECK(milli(model, {}, round_gpu(), {1, 1}, false) ==
        milli(model, {}, round_gpu(), {1, 1}, true));
}

TEST_CASE("more tensor parallelism never raises tokens per second and GPU") {
  const auto roofline = make_roofline();
  const auto engine = require_value(make_engine("vllm", {}));
  for (const Model& model : model_catalogue()) {
    const std::vector<int> sizes = engine->accepted_tp(model, 8);
    for (const GpuType& gpu : gpu_catalogue()) {
      for (const std::int64_t sequences : {1, 16, 256}) {
        ServingLimits limits;
        limits.sequences = sequences;
        std::int64_t before =
            roofline->per_gpu({model, limits, gpu, {1, 1}, plain_links(gpu, true)});
        for (const int tp : sizes) {
          const std::int64_t now =
              roofline->per_gpu({model, limits, gpu, {tp, 1}, plain_links(gpu, true)});
          if (now > before) FAIL(model.name << " on " << gpu.name << ", TP " << tp);
          before = now;
        }
      }
    }
  }
  SUCCEED();
}

TEST_CASE("a faster GPU is never worth less at the same price") {
  const Model model = *require_value(find_model("meta-llama-3.1-8b"));
  GpuType faster = round_gpu();
  faster.memory_bandwidth *= 2;
  CHECK(milli(model, {}, faster, {1, 1}) > milli(model, {}, round_gpu(), {1, 1}));
  faster = round_gpu();
  faster.bf16_rate *= 2;
  CHECK(milli(model, {}, faster, {1, 1}) > milli(model, {}, round_gpu(), {1, 1}));
  faster = round_gpu();
  faster.pcie_bandwidth *= 2;
  CHECK(milli(model, {}, faster, {1, 1}) == milli(model, {}, round_gpu(), {1, 1}));
  CHECK(milli(model, {}, faster, {2, 1}) > milli(model, {}, round_gpu(), {2, 1}));
}

TEST_CASE("a GPU without bf16 computes in fp16, one with NVLink does not use PCIe") {
  const Model model = *require_value(find_model("meta-llama-3.1-8b"));
  GpuType other = round_gpu();
  other.bf16_rate = 0;
  CHECK(milli(model, {}, other, {1, 1}) == milli(model, {}, round_gpu(), {1, 1}));
  other = round_gpu();
  other.nvlink_bandwidth = other.pcie_bandwidth;
  const std::int64_t over_nvlink = milli(model, {}, other, {2, 2});
  CHECK(over_nvlink > milli(model, {}, round_gpu(), {2, 2}));
  other.pcie_bandwidth = 1;
  CHECK(milli(model, {}, other, {2, 2}) == over_nvlink);
}

TEST_CASE("the price of a GPU changes the worth of a plan and nothing else") {
  const auto roofline = make_roofline();
  const Model model = *require_value(find_model("meta-llama-3.1-8b"));
  GpuType cheap = round_gpu();
  GpuType dear = cheap;
  dear.price_milli = 4 * cheap.price_milli;
  const ServingLimits limits;
  for (const ParallelPlan plan : {ParallelPlan{1, 1}, ParallelPlan{4, 1}, ParallelPlan{2, 2}}) {
    const CostQuery cheaply{model, limits, cheap, plan, plain_links(cheap, true)};
    const CostQuery dearly{model, limits, dear, plan, plain_links(dear, true)};
    CHECK(roofline->milli_tokens_per_s(cheaply) == roofline->milli_tokens_per_s(dearly));
    CHECK(roofline->per_gpu(cheaply) == roofline->per_gpu(dearly));
    CHECK(roofline->worth(cheaply) / 4 == roofline->worth(dearly));
    CHECK(roofline->worth(cheaply) == roofline->per_gpu(cheaply));  // one price unit per GPU
  }
}

TEST_CASE("every figure of the roofline is at least one and names its source") {
  const auto roofline = make_roofline();
  CHECK(roofline->name() == "roofline");
  const Model model = *require_value(find_model("meta-llama-3.1-405b"));
  GpuType slow = own_gpu("slow", 80 * kGiB);
  slow.memory_bandwidth = 1;
  slow.bf16_rate = 1;
  slow.fp16_rate = 1;
  slow.price_milli = 1'000'000'000;
  ServingLimits limits;
  limits.sequences = 1;
  const CostQuery query{model, limits, slow, {1, 1}, plain_links(slow, true)};
  CHECK(roofline->milli_tokens_per_s(query) == 1);
  CHECK(roofline->per_gpu(query) == 1);
  CHECK(roofline->worth(query) == 1);
}

TEST_CASE("a checkpoint's fp8 cache is read back as one, asked for or not") {
  Model declared = toy();
  declared.kv_cache_scheme = "fp8";
  ServingLimits fp8;
  fp8.kv_cache = KvCacheType::fp8;
  const std::int64_t plain = milli(toy(), {}, round_gpu(), {1, 1});
  CHECK(milli(declared, {}, round_gpu(), {1, 1}) == milli(toy(), fp8, round_gpu(), {1, 1}));
  CHECK(milli(declared, {}, round_gpu(), {1, 1}) > plain);
}
