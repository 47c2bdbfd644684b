// What a request puts up with: as it is written, and what comes of it in a run.

#include "sim/engine/checkpoints.hpp"
#include "tests/fixtures.hpp"

#include <string>
#include <vector>

using namespace headroom;
using namespace headroom::test;

namespace {

std::string error_of(const std::vector<std::string>& texts, const char* model = "qwen3-14b") {
  const auto read = parse_degradations(texts, *require_value(find_model(model)), {});
  return read ? "" : read.error().text();
}

Request with(Request request, const std::vector<std::string>& texts) {
  LlmDeployment& llm = llm_of(request);
  llm.degradations = require_value(parse_degradations(texts, *llm.model, llm.limits));
  return request;
}

}  // namespace

TEST_CASE("degradations are read and written alike") {
  const std::vector<std::string> texts = {"context=4096", "sequences=4, kv_cache=fp8",
                                          "context=1024, sequences=1, checkpoint=4bit",
                                          "checkpoint=fp8"};
  const auto read =
      require_value(parse_degradations(texts, *require_value(find_model("qwen3-14b")), {}));
  REQUIRE(read.size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) CHECK(to_text(read[i]) == texts[i]);
  CHECK(degraded_limits(read[1], {}).kv_cache == KvCacheType::fp8);
  CHECK(degraded_limits(read[1], {}).sequences == 4);
  CHECK(degraded_limits(read[0], {.context = 2048}).context == 2048);  // never more than asked
}

TEST_CASE("a degradation that is none is an error with the text at fault") {
  CHECK(error_of({"context"}).find("KEY=VALUE") != std::string::npos);
  CHECK(error_of({"contxt=4"}).find("did you mean 'context'") != std::string::npos);
  for (const char* text : {"context=8192", "context=0", "context=many", "sequences=16",
                           "sequences=-1", "kv_cache=int8", "checkpoint=2bit", "", "context=4,"}) {
    INFO(text);
    CHECK_FALSE(error_of({text}).empty());
  }
  CHECK(error_of({"context=4", "context=4"}).find("twice") != std::string::npos);
  CHECK(error_of({"context=4, context=2"}).find("twice") != std::string::npos);
  CHECK(error_of({"checkpoint=4bit"}, "qwen3-32b-fp8").find("quantized") != std::string::npos);
}

TEST_CASE("a request that starts under a degradation ends placed/degraded") {
  World world(cluster_of({{"RTX-3090", 1}}));
  const Request asked = llm_request("a", "qwen3-14b");  // 27.5 GiB of weights
  CHECK(run(world, "fallback-search", {asked}).outcome("a") == "rejected/incompatible");

  const Request degraded = with(asked, {"context=1024", "checkpoint=fp8"});
  const Recorder record = run(world, "fallback-search", {degraded});
  CHECK(record.outcome("a") == "placed/degraded");
  REQUIRE(record.placements.at("a").size() == 1);
  CHECK(record.placements.at("a").front().layout.degradation == 2);  // a short context is no help
}

TEST_CASE("half the weights take half the time to load") {
  World world(cluster_of({{"RTX-3090", 1}}));
  const Request request = with(llm_request("a", "qwen3-14b", 0, 100), {"checkpoint=fp8"});
  const Recorder record = run(world, "fallback-search", {request});
  const Model& model = *request.shape.llm().model;
  const auto loading = Duration(weight_bytes(*as_fp8(model)) / 2);  // 2 GB/s: half a ns a byte
  REQUIRE(record.end);
  const Duration after = *record.end - at(100) - loading;
  CHECK(after >= Duration(0));
  CHECK(after <= Duration(1));
}

TEST_CASE("a degraded plan that was free counts as missed") {
  World world(cluster_of({{"RTX-3090", 1}}));
  const Request request = with(llm_request("a", "qwen3-14b"), {"checkpoint=fp8"});
  CHECK(run(world, "naive", {request}).outcome("a") == "rejected/policy_missed");
}

TEST_CASE("plans as asked come before degraded ones, whatever they are worth") {
  World world(cluster_of({{"RTX-3090", 4}}));
  const Request request = with(llm_request("a", "gemma-3-27b-it"), {"checkpoint=4bit"});
  const auto layout = world.plans.find_any_room(world.cluster, world.intern(request));
  REQUIRE(layout);
  CHECK(layout->degradation == 0);
  const InternedShape& shape = world.intern(request);
  REQUIRE(shape.degraded.size() == 1);
  CHECK(&world.intern(request).served(1) == shape.degraded[0]);
  CHECK(world.plans.plans(*shape.degraded[0]).front().worth >
        world.plans.plans(shape).front().worth);
}

TEST_CASE("equal requests share the checkpoint of a degradation") {
  World world(cluster_of({{"RTX-3090", 1}}));
  Request one = with(llm_request("a", "qwen3-14b"), {"checkpoint=fp8"});
  Request two = one;
  llm_of(two).limits.context = 4096;
  CHECK(world.intern(one).degraded[0]->shape.llm().model ==
        world.intern(two).degraded[0]->shape.llm().model);
}
