// The command that starts a deployment where its cache is one pool, or the plan spans nodes.

#include "tests/sim/engine_support.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

bool has(const std::string& text, std::string_view part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

std::string command(const char* engine, const Start& start) {
  return engine_named(engine)->command(easy_model(), start);
}

/// llama.cpp's pool for so many sequences of 1000 tokens, where `held` fit.
std::string pool(std::int64_t sequences, std::int64_t held) {
  Start start;
  start.limits.context = 1000;
  start.limits.sequences = sequences;
  start.full_sequences = held;
  return command("llama.cpp", start);
}

}  // namespace

TEST_CASE("llama.cpp: the pool holds the full sequences that were counted to fit") {
  CHECK(has(pool(16, 40), " -c 16000 -np 16 --kv-unified "));
  CHECK(has(pool(16, 5), " -c 5000 -np 16 --kv-unified "));
  CHECK(has(pool(1, 40), " -c 1000 -np 1 "));
  CHECK(has(pool(16, 0), " -c 1000 -np 16 "));
  // Layers without a cache hold any number.
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  CHECK(has(pool(kMost, kMost), " -c 9223372036854775807 "));
}

TEST_CASE("llama.cpp: the pool of an accepted verdict fits the memory that it left") {
  const auto engine = engine_named("llama.cpp");
  const Model llama = catalogued("meta-llama-3.1-8b");
  ServingLimits limits;
  const EngineVerdict verdict = engine->check(llama, {1, 1}, gpu_of(24 * kGiB), limits);
  REQUIRE(verdict.accepted);
  REQUIRE(verdict.full_sequences == 7);
  const std::string text = engine->command(llama, {{1, 1}, limits, verdict.full_sequences});
  const std::int64_t tokens = std::stoll(text.substr(text.find(" -c ") + 4));
  CHECK(tokens == 7 * 8192);
  CHECK(tokens * verdict.stages[0].kv_per_token <= verdict.stages[0].kv_available);
  CHECK((tokens + 8192) * verdict.stages[0].kv_per_token > verdict.stages[0].kv_available);
}

TEST_CASE("a plan on one node needs no preparation") {
  for (const std::string& name : engine_names()) {
    CHECK(engine_named(name)->preparation({{2, 1}, {}}).empty());
    CHECK_FALSE(has(command(name.c_str(), {{2, 1}, {}}), "$"));
  }
}

TEST_CASE("vLLM over several nodes runs on Ray") {
  const Start start{{8, 2}, {}, 1, 2};
  CHECK(has(command("vllm", start),
            " --pipeline-parallel-size 2 --distributed-executor-backend ray "));
  CHECK_FALSE(has(command("vllm", {{8, 2}, {}}), "ray"));
  CHECK(has(engine_named("vllm")->preparation(start), "ray start --head on the first"));
}

TEST_CASE("SGLang over several nodes is one command for each") {
  const auto engine = engine_named("sglang");
  const Start start{{8, 2}, {}, 1, 2};
  CHECK(has(command("sglang", start),
            " --nnodes 2 --node-rank $RANK --dist-init-addr $FIRST:20000 "));
  CHECK(has(engine->preparation(start), "RANK=0 on the first"));
  CHECK_FALSE(has(engine->preparation(start), "refuses"));
  CHECK(has(engine->preparation({{2, 3}, {}, 1, 4}),
            "6 are not spread evenly over 4: it refuses this"));
}

TEST_CASE("TensorRT-LLM over several nodes is one rank for each GPU, under MPI") {
  const Start start{{8, 2}, {}, 1, 2};
  const std::string text = command("tensorrt-llm", start);
  CHECK(text.starts_with("mpirun -n 16 -H $HOSTS trtllm-llmapi-launch trtllm-serve maker/easy "));
  CHECK(has(engine_named("tensorrt-llm")->preparation(start), "not established"));
}

TEST_CASE("llama.cpp over several nodes calls the others") {
  const auto engine = engine_named("llama.cpp");
  CHECK(has(command("llama.cpp", {{1, 3}, {}, 1, 3}), " --rpc $OTHERS -sm layer"));
  CHECK(has(engine->preparation({{1, 2}, {}, 1, 2}), "set OTHERS to its ADDRESS:50052"));
  CHECK(has(engine->preparation({{1, 3}, {}, 1, 3}), "other nodes"));
}
