// Steps of whole models from fits whose times a hand calculation gives.

#include "sim/cost/step_time.hpp"

#include "sim/cost/fitted_cost.hpp"
#include "sim/cost/serving.hpp"
#include "sim/links/collective.hpp"
#include "tests/fixtures.hpp"
#include "tests/sim/toy_fits.hpp"

#include <cmath>

using namespace headroom;
using namespace headroom::test;

namespace {

/// 10 layers, hidden 1024, 8 query heads and 4 KV heads of 128, MLP of 4096, vocabulary of 32768.
Model toy() {
  Model model;
  model.name = "toy";
  model.text = dense_decoder({10, 1024, 8, 4, 128, 4096, 32768});
  return model;
}

/// Products take 3 us, decoding 10 us and 1 for a MB of it, prompts 20 us, sums 5 us.
std::vector<FittedTime> fits() {
  return {
      matmul_fit({3, 0, 0, 0, 0, 0}), decode_fit(128, {10, 0, 1, 0, 0, 0}),
      prefill_fit(128, {20, 0, 0, 0, 0, 0}),
      toy_fit({Kernel::all_reduce, ElementType::bf16, ElementType::bf16, 0, Topology::nvswitch, 0},
              {5, 0, 0, 0, 0, 0})};
}

GpuTimes toy_times() { return {round_gpu(), "toy tables", fits()}; }

struct Asked {
  Model model = toy();
  ServingLimits limits;
  GpuType gpu = round_gpu();

  [[nodiscard]] CostQuery query(ParallelPlan plan) const {
    return {model, limits, gpu, plan, plain_links(gpu, true)};
  }
};

}  // namespace

TEST_CASE("a step is its kernels, layer by layer") {
  const Asked asked;
  const GpuTimes times = toy_times();
  const StepModel steps(times, asked.query({1, 1}), {});
  StepLoad load;
  load.sequences = 4;
  load.context = 1000;
  const StepTime step = steps.stage(load);
  const double bytes = 4 * 128 * 2.0 * (2 * 8 + 2 * 1000 * 4);
  CHECK(step.attention.us == Approx(10 * (10 + bytes / 1e6)));
  CHECK(step.products.us == Approx(10 * 4 * 3));
  CHECK(step.collectives.us == 0);
  CHECK(step.experts.us == 0);
  // Two norms, positions and the gate of the MLP: too little to take longer than a launch.
  CHECK(step.rest.us == Approx(10 * 4 * 2));
  CHECK(step.total().us == Approx(step.attention.us + step.products.us + step.rest.us));
}

TEST_CASE("several GPUs of a group add up twice a layer, over NVLink as it was measured") {
  const Asked asked;
  const GpuTimes times = toy_times();
  const StepModel steps(times, asked.query({4, 1}), {});
  StepLoad load;
  load.sequences = 4;
  load.context = 1000;
  const StepTime step = steps.stage(load);
  CHECK(step.collectives.us == Approx(10 * 2 * 5));
  const double bytes = 4 * 128 * 2.0 * (2 * 2 + 2 * 1000 * 1);
  CHECK(step.attention.us == Approx(10 * (10 + bytes / 1e6)));
}

TEST_CASE("replicated KV heads cost time as they cost memory") {
  const Asked asked;
  const GpuTimes times = toy_times();
  StepLoad load;
  load.sequences = 64;
  load.context = 8192;
  const auto attention = [&](int tp) {
    return StepModel(times, asked.query({tp, 1}), {}).stage(load).attention.us - 100;
  };
  CHECK(attention(2) / attention(4) == Approx(2).epsilon(0.01));
  CHECK(attention(4) / attention(8) == Approx(1).epsilon(0.01));  // 4 KV heads
}

TEST_CASE("a stage has its share of the layers, the longest one the most") {
  const Asked asked;
  const GpuTimes times = toy_times();
  StepLoad load;
  load.sequences = 1;
  load.context = 1;
  const auto products = [&](ParallelPlan plan, std::int64_t longest) {
    CostQuery query = asked.query(plan);
    query.longest_stage = longest;
    return StepModel(times, query, {}).stage(load).products.us;
  };
  CHECK(products({1, 3}, 0) == Approx(4 * 4 * 3));
  CHECK(products({1, 3}, 5) == Approx(5 * 4 * 3));
}

TEST_CASE("a window bounds what sequences read and what prompts multiply") {
  Asked asked;
  Attention& attention = *asked.model.text.kinds[0].attention();
  attention.reach = Attention::Reach::sliding;
  attention.window = 500;
  const GpuTimes times(
      round_gpu(), "toy tables",
      {matmul_fit({}), decode_fit(128, {0, 0, 1, 0, 0, 0}), prefill_fit(128, {0, 1, 0, 0, 0, 0})});
  const StepModel windowed(times, asked.query({1, 1}), {});
  StepLoad load;
  load.sequences = 1;
  load.context = 10'000;
  const double bytes = 128 * 2.0 * (2 * 8 + 2 * 500 * 4);
  CHECK(windowed.stage(load).attention.us == Approx(10 * bytes / 1e6));
  load.sequences = 0;
  load.chunks = {{1, 10'000, 0}};
  // 500 queries see what came before them, the other 9,500 the last 500 keys.
  const double pairs = 500 * 501 / 2.0 + 9'500 * 500;
  CHECK(windowed.stage(load).attention.us ==
        Approx(10 * 4.0 * 128 * 8 * pairs / 100e6).epsilon(0.001));
  // Nothing jumps where a prompt grows over the window.
  const auto prompt = [&](double tokens, double past) {
    load.chunks = {{1, tokens, past}};
    return windowed.stage(load).attention.us;
  };
  CHECK(prompt(501, 0) / prompt(500, 0) < 1.01);
  // In chunks, each second one after the first sees half of its own on average.
  attention.reach = Attention::Reach::chunked;
  const StepModel chunked(times, asked.query({1, 1}), {});
  load.chunks = {{1, 10'000, 0}};
  CHECK(chunked.stage(load).attention.us ==
        Approx(10 * 4.0 * 128 * 8 * (20 * 500 * 501 / 2.0) / 100e6).epsilon(0.001));
}

TEST_CASE("engines that fuse kernels launch fewer") {
  const Asked asked;
  const GpuTimes times = toy_times();
  StepLoad load;
  load.sequences = 1;
  load.context = 1;
  const StepModel plain(times, asked.query({2, 1}), *engine_traits("vllm"));
  const StepModel fused(times, asked.query({2, 1}), *engine_traits("tensorrt-llm"));
  CHECK(plain.stage(load).rest.us - fused.stage(load).rest.us == Approx(10 * 3 * 2));
  CHECK(plain.stage(load).attention.us - fused.stage(load).attention.us == Approx(10 * 5.5));
}

TEST_CASE("without graphs a step takes no less than its launches") {
  const Asked asked;
  const GpuTimes times = toy_times();
  StepLoad load;
  load.sequences = 1;
  load.context = 1;
  EngineTraits eager;
  eager.graphs = false;
  const auto step = [&](const EngineTraits& engine, int tp) {
    return StepModel(times, asked.query({tp, 1}), engine).stage(load).total().us;
  };
  // Four products, attention, four small kernels; with several GPUs two sums.
  CHECK(step(eager, 1) == Approx(10 * 9 * 16.0));
  CHECK(step(eager, 2) == Approx(10 * 11 * 16.0));
  CHECK(step({}, 1) < step(eager, 1));
  load.sequences = 100'000;
  load.context = 10'000;
  CHECK(step({}, 1) == Approx(step(eager, 1)));  // the GPU is the slower one
}

TEST_CASE("one request at a time waits for nobody") {
  const Asked asked;
  const GpuTimes times = toy_times();
  const StepModel steps(times, asked.query({1, 1}), *engine_traits("sglang"));
  ClosedLoop load;
  load.requests = 1;
  const ServingTimes alone = closed_loop(steps, load);
  StepLoad decode;
  decode.sequences = alone.decoding;
  decode.context = 1024 + 128;
  CHECK(alone.tpot.us ==
        Approx((steps.stage(decode).total() + steps.head(alone.decoding).total()).us));
  CHECK(alone.decoding == 1.0);
  CHECK(alone.tpot.low_us <= alone.tpot.us);
}

TEST_CASE("the prompts of others slow decoding, in all by as much as they take") {
  const Asked asked;
  // Products of many tokens take their flops, so that prompts are dear.
  const GpuTimes times(round_gpu(), "toy tables",
                       {matmul_fit({3, 1, 0, 0, 0, 0}), decode_fit(128, {10, 0, 1, 0, 0, 0}),
                        prefill_fit(128, {20, 0, 0, 0, 0, 0})});
  const StepModel steps(times, asked.query({1, 1}), *engine_traits("sglang"));
  ClosedLoop load;
  load.requests = 32;
  load.input_tokens = 4096;
  const ServingTimes busy = closed_loop(steps, load);
  StepLoad decode;
  decode.sequences = busy.decoding;
  decode.context = 4096 + 128;
  const double cycle = busy.ttft.us + 255 * busy.tpot.us;
  const double waiting = std::min(2.0, 1 + 31 * busy.tpot.us / cycle);  // two fit in a step
  StepLoad prompt;
  prompt.chunks = {{waiting, 4096, 0}};
  const double step = (steps.stage(decode).total() + steps.head(busy.decoding).total()).us;
  const double extra = (steps.stage(prompt).total() + steps.head(waiting).total()).us / waiting;
  CHECK(busy.decoding == Approx(32 * 255 * busy.tpot.us / cycle).epsilon(1e-3));
  CHECK(busy.tpot.us == Approx(step + 31 * extra * busy.tpot.us / cycle).epsilon(1e-3));
}

TEST_CASE("stages decode micro-batches, and a prompt holds each up for its share") {
  const Asked asked;
  const GpuTimes times(round_gpu(), "toy tables",
                       {matmul_fit({3, 1, 0, 0, 0, 0}), decode_fit(128, {10, 0, 1, 0, 0, 0}),
                        prefill_fit(128, {20, 0, 0, 0, 0, 0})});
  const StepModel steps(times, asked.query({1, 2}), *engine_traits("sglang"));
  ClosedLoop load;
  load.requests = 32;
  const ServingTimes busy = closed_loop(steps, load);
  StepLoad decode;
  decode.sequences = busy.decoding / 2;
  decode.context = 1024 + 128;
  StepLoad prompt;
  prompt.chunks = {{1, 1024, 0}};
  const auto through = [&](const StepLoad& part, double outputs) {
    return 2 * (steps.stage(part).total().us + steps.hand_over(part).us +
                steps.head(outputs).total().us);
  };
  const double cycle = busy.ttft.us + 255 * busy.tpot.us;
  const double waiting = 1 + 31 * busy.tpot.us / cycle;
  prompt.chunks.front().prompts = waiting;
  const double extra = through(prompt, waiting) / 2 / waiting;
  CHECK(
      busy.tpot.us ==
      Approx(through(decode, busy.decoding / 2) + 31 * extra * busy.tpot.us / cycle).epsilon(1e-3));
}

TEST_CASE("stages hand over by NVLink as it was measured, else by the formula") {
  const Asked asked;
  std::vector<FittedTime> with = fits();
  with.push_back(
      toy_fit({Kernel::send_recv, ElementType::bf16, ElementType::bf16, 0, Topology::nvswitch, 0},
              {7, 0, 0, 0, 0, 0}));
  const GpuTimes measured(round_gpu(), "toy tables", with);
  const GpuTimes formula = toy_times();
  StepLoad load;
  load.sequences = 1;
  CHECK(StepModel(measured, asked.query({1, 2}), {}).hand_over(load).us == Approx(7));
  CHECK(StepModel(formula, asked.query({1, 2}), {}).hand_over(load).us ==
        Approx(1e6 * transfer_seconds(own_link(round_gpu()), 1024 * 2)));
}

TEST_CASE("prompts that wait share a step: short ones do not take one each") {
  const Asked asked;
  const GpuTimes times(round_gpu(), "toy tables",
                       {matmul_fit({30, 1, 0, 0, 0, 0}), decode_fit(128, {1, 0, 1, 0, 0, 0}),
                        prefill_fit(128, {2, 0, 0, 0, 0, 0})});
  ClosedLoop load;
  load.requests = 256;
  load.input_tokens = 16;
  load.output_tokens = 16;
  const auto cycle = [&](const char* engine) {
    const StepModel steps(times, asked.query({1, 1}), *engine_traits(engine));
    const ServingTimes found = closed_loop(steps, load);
    return found.ttft.us + 15 * found.tpot.us;
  };
  CHECK(cycle("sglang") < 3.0 * cycle("vllm"));
}

TEST_CASE("the closed loop settles at any load") {
  const Asked asked;
  const GpuTimes times = toy_times();
  for (const char* engine : {"vllm", "sglang", "tensorrt-llm"}) {
    const StepModel steps(times, asked.query({2, 1}), *engine_traits(engine));
    for (const double requests : {1.0, 100'000.0}) {
      for (const double input : {1.0, 100'000.0}) {
        for (const double output : {1.0, 2.0, 10'000.0}) {
          const ServingTimes found = closed_loop(steps, {requests, input, output});
          INFO(engine << " " << requests << " " << input << " " << output);
          CHECK(std::isfinite(found.tpot.us));
          CHECK(found.tpot.us > 0.0);
          CHECK(found.ttft.us >= found.tpot.us);
          CHECK(found.decoding >= 1.0);
          CHECK(found.decoding <= requests);
        }
      }
    }
  }
}

TEST_CASE("each kernel has the best source there is, and the answer names all of them") {
  const Asked asked;
  GpuType other = round_gpu();
  other.name = "other";
  other.memory_bandwidth *= 2;
  const GpuTimes full(other, "full tables", fits());
  const GpuTimes own(round_gpu(), "own attention", {decode_fit(128, {99, 0, 0, 0, 0, 0})});
  const KernelTimes times = KernelTimes::of(round_gpu(), std::vector{full, own});
  AttentionLoad load;
  CHECK(times.estimate(attention_load(load, true)).us == Approx(99));
  CHECK(times.estimate(matmul_load(ElementType::bf16, 1, 1, 1)).us == Approx(3));
  const auto cost = make_fitted_cost({full, own}, {});
  CHECK(cost->name() == "fitted");
  CHECK(cost->source(asked.gpu, asked.model) ==
        "measured: round, own attention (decode); scaled from other, full tables (prefill, matmul, "
        "all_reduce)");
  CHECK(cost->source(other, asked.model) == "measured: other, full tables");
}

TEST_CASE("what a type is called says nothing of how fast it is") {
  GpuType slow = round_gpu();
  slow.memory_bandwidth /= 10;
  CHECK(KernelTimes::of(slow, std::vector{toy_times()}).source(StepModel::kernels(toy())) ==
        "scaled from round, toy tables");
  GpuType renamed = round_gpu();
  renamed.name = "half of its memory";
  renamed.memory /= 2;
  CHECK(KernelTimes::of(renamed, std::vector{toy_times()}).source(StepModel::kernels(toy())) ==
        "measured: round, toy tables");
}

TEST_CASE("nothing is scaled to older GPUs, and engines nobody measured have the roofline") {
  const Asked asked;
  GpuType old = asked.gpu;
  old.compute_capability = 75;
  const auto cost = make_fitted_cost({toy_times()}, {});
  CHECK(cost->source(old, asked.model) == "roofline: estimate");
  const CostQuery query{asked.model, asked.limits, old, {1, 1}, plain_links(old, true)};
  CHECK(cost->milli_tokens_per_s(query) == make_roofline()->milli_tokens_per_s(query));
  CHECK_FALSE(engine_traits("llama.cpp").has_value());
}

TEST_CASE("a GPU without links computes alone") {
  GpuType alone = round_gpu();
  alone.nvlink_bandwidth = 0;
  alone.pcie_bandwidth = 0;
  const KernelTimes times = KernelTimes::of(alone, std::vector{toy_times()});
  const Estimate product = times.estimate(matmul_load(ElementType::bf16, 16, 1024, 1024));
  CHECK(product.us == Approx(3));
}

TEST_CASE("no estimate for another GPU is faster than its rates") {
  GpuType slow = round_gpu();
  slow.memory_bandwidth /= 16;
  const GpuTimes times(round_gpu(), "toy tables", {matmul_fit({0, 0, 1.25, 0, 0, 0})});
  const KernelLoad load = matmul_load(ElementType::bf16, 1, 4096, 4096);
  const Estimate found = KernelTimes::of(slow, std::vector{times}).estimate(load);
  const double least = 1e6 * load.work.bytes / static_cast<double>(slow.memory_bandwidth);
  CHECK(found.low_us == Approx(least));
  CHECK(found.us == Approx(1.25 * least));
}

TEST_CASE("tokens per second of a plan follow from its steps") {
  const Asked asked;
  const GpuTimes times = toy_times();
  const CostQuery query = asked.query({2, 2});
  const StepModel steps(times, query, *engine_traits("vllm"));
  StepLoad decode;
  decode.sequences = 8;
  decode.context = 1152;
  StepLoad prompt;
  prompt.chunks = {{2, 1024, 0}};  // as many as fit in a step of 2,048 tokens
  const auto step = [&](const StepLoad& load, double outputs) {
    return steps.stage(load).total().us + steps.hand_over(load).us + steps.head(outputs).total().us;
  };
  const double rate = 16 * 256 / (256 * 2 * step(decode, 8) + 9 * step(prompt, 2)) * 1e6;
  CHECK(make_fitted_cost({times}, *engine_traits("vllm"))->milli_tokens_per_s(query) ==
        std::llround(rate * 1000));
}

TEST_CASE("larger steps do not slow the fixed load") {
  Asked asked;
  asked.limits.sequences = 256;
  const auto cost = make_fitted_cost(
      {GpuTimes(round_gpu(), "toy tables",
                {matmul_fit({3, 1, 0, 0, 0, 0}), decode_fit(128, {10, 0, 1, 0, 0, 0}),
                 prefill_fit(128, {20, 1, 0, 0, 0, 0})})},
      {});
  std::int64_t before = 0;
  for (const std::int64_t tokens : {512, 1024, 2048, 8192, 65'536, 1'000'000}) {
    asked.limits.batched_tokens = tokens;
    const std::int64_t now = cost->milli_tokens_per_s(asked.query({1, 1}));
    CHECK(now >= before);
    before = now;
  }
}
