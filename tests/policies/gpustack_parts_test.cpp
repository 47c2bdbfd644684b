#include "policies/gpustack/bookkeeping.hpp"
#include "policies/gpustack/claim.hpp"
#include "policies/gpustack/divisibility.hpp"
#include "policies/gpustack/gpu_count.hpp"
#include "policies/gpustack/launch.hpp"
#include "policies/gpustack/mp_topology.hpp"
#include "policies/gpustack/parameter_limits.hpp"
#include "policies/gpustack/selector.hpp"
#include "policies/gpustack/sglang_fraction.hpp"
#include "tests/catch.hpp"

#include <array>

using namespace headroom;
using namespace headroom::gpustack;

namespace {

Ask ask_with(std::vector<std::string> parameters) {
  Ask ask;
  ask.parameters = Parameters(std::move(parameters));
  return ask;
}

std::optional<int> world(std::vector<std::string> parameters, Backend backend = Backend::vllm) {
  return world_size(Parameters(std::move(parameters)), backend, Version::today).value();
}

LaunchSizes topology(std::vector<int> gpus, UserSizes user = {}) {
  const auto sizes = mp_topology(gpus, user);
  REQUIRE(sizes.has_value());
  return *sizes;
}

double fraction_of(Bytes memory, const Ask& ask = {}) {
  const std::vector<WorkerView> workers = {{"a", {{"cuda", 0, memory, memory}}, 0, false}};
  return sglang_fraction(workers, ask, "cuda");
}

}  // namespace

TEST_CASE("GPUStack finds heads where its version looks") {
  const HeadSections gemma{{}, {}, 32, {}};
  CHECK(resolve_heads(gemma, Version::today) == 32);
  CHECK_FALSE(resolve_heads(gemma, Version::v0_6).has_value());
  const HeadSections all{8, 16, 24, 40};
  CHECK(resolve_heads(all, Version::today) == 16);
  CHECK(resolve_heads(all, Version::v0_6) == 8);
  CHECK_FALSE(resolve_heads(all, Version::v0_4).has_value());
  CHECK(resolve_heads({0, {}, {}, 40}, Version::today) == 40);
  CHECK(resolve_vision_heads({}, 12, 4) == 16);
  CHECK(resolve_vision_heads(10, 12, -3) == 10);
  CHECK_FALSE(resolve_vision_heads({}, {}, 4).has_value());
}

TEST_CASE("GPUStack's claim is made of the files' size and of what the model is for") {
  CHECK(claim_of_weights(10 * kGiB, {Category::llm}) == 14 * kGiB);
  CHECK(claim_of_weights(10 * kGiB, {Category::embedding}) == 12 * kGiB + 512 * kMiB);
  CHECK(claim_of_weights(10 * kGiB, {Category::text_to_speech}) == 30 * kGiB + 512 * kMiB);
  CHECK(claim_of_weights(10 * kGiB, {Category::image}) == 10 * kGiB);
  CHECK(claim_of_weights(0, {}) == 2 * kGiB);
}

TEST_CASE("GPUStack once guessed weights from a model's name") {
  CHECK(weights_from_name("google/gemma-3-27b-it", 2) == 54'000'000'000);
  CHECK(weights_from_name("Qwen/Qwen2.5-1.5B", 2) == 3'000'000'000);
  CHECK(weights_from_name("mistralai/Mixtral-8x7B-v0.1", 0.5) == 3'500'000'000);
  CHECK(weights_from_name("some 13 B model", 1) == 13'000'000'000);
  CHECK_FALSE(weights_from_name("deepseek-ai/DeepSeek-R1", 1).has_value());
  CHECK_FALSE(weights_from_name("", 1).has_value());
}

TEST_CASE("GPUStack's share of a GPU is vLLM's, and none for most that is no language model") {
  CHECK(vllm_fraction({}) == 0.9);
  CHECK(vllm_fraction(ask_with({"--gpu-memory-utilization", "0.75"})) == 0.75);
  Ask embedding;
  embedding.categories = {Category::embedding};
  CHECK(vllm_fraction(embedding) == 0);
  embedding.figures.architectures = {"Qwen3ForCausalLM"};
  CHECK(vllm_fraction(embedding) == 0.9);
  CHECK(charge(1001, 0.9) == 900);
  CHECK(charge(1001, -1e30) == 0);
  CHECK(charge(1001, 1e30) == 1001);
}

TEST_CASE("values that no engine starts with are told by parameter") {
  const auto bad = [](const char* parameter) {
    return bad_parameter(Parameters({parameter})).value_or("none");
  };
  for (const char* value : {"0", "-0.5", "1.01", "1e30", "1e-7", "nan", "inf", "half", ""}) {
    CHECK(bad(("--gpu-memory-utilization=" + std::string(value)).c_str()) ==
          "--gpu-memory-utilization is '" + std::string(value) +
              "', but must be above 0 (a millionth at least) and up to 1");
    CHECK(bad(("--mem-fraction-static=" + std::string(value)).c_str()) != "none");
  }
  CHECK(bad("--mem-fraction-static=1") == "none");
  CHECK(bad("--gpu-memory-utilization=0.000001") == "none");
  CHECK(bad("--pp-size=99999999999") == "--pp-size is '99999999999', but must be from 1 to 1000");
  CHECK(bad("-tp=0") != "none");
  CHECK(bad("-tp=1000") == "none");
  const Parameters both({"--gpu-memory-utilization=0.45", "--mem-fraction-static=0.7"});
  CHECK(started_utilisation(both, Backend::vllm) == 450'000);
  CHECK(started_utilisation(both, Backend::sglang) == 700'000);
  CHECK_FALSE(started_utilisation({}, Backend::vllm).has_value());
}

TEST_CASE("huge parameters leave SGLang no share of a card, and no number overflows") {
  CHECK(fraction_of(24 * kGiB, ask_with({"--chunked-prefill-size=1e11"})) < 0);
  CHECK(fraction_of(24 * kGiB, ask_with({"--chunked-prefill-size=1e300"})) ==
        fraction_of(24 * kGiB));
  const std::vector<WorkerView> workers = {{"a", {{"cuda", 0, kGiB, kGiB}}, 0, false}};
  const Ask huge = ask_with({"--tp-size=2000000000", "--pp-size=2000000000"});
  CHECK(select_for_sglang(workers, huge).candidates.empty());
}

TEST_CASE("parameters are found under any of their names, with = or after a space") {
  const Parameters given({"--a=1", "--b 2", "-c", "3", "--flag", "--no=false", "--word=x=y"});
  CHECK(given.integer({"a"}) == 1);
  CHECK(given.integer({"z", "b"}) == 2);
  CHECK(given.integer({"c"}) == 3);
  CHECK(given.flag({"flag"}));
  CHECK_FALSE(given.flag({"no"}));
  CHECK(given.text({"word"}) == "x=y");
  CHECK_FALSE(given.integer({"word"}).has_value());
  CHECK_FALSE(given.text({"3"}).has_value());
  CHECK(means_true("TRUE"));
  CHECK_FALSE(means_true("0"));
}

TEST_CASE("GPUStack checks heads, then the vision tower's, then the vocabulary") {
  Ask ask;
  ask.figures = {32, 12, 50'001, {}, {}};
  CHECK(indivisible(ask, Backend::vllm, 3)->kind == FactKind::heads);
  CHECK(indivisible(ask, Backend::vllm, 8)->kind == FactKind::vision_heads);
  CHECK(indivisible(ask, Backend::vllm, 2)->kind == FactKind::vocabulary);
  CHECK_FALSE(indivisible(ask, Backend::vllm, 1).has_value());
  ask.parameters = Parameters({"--language-model-only"});
  CHECK(indivisible(ask, Backend::vllm, 8)->kind == FactKind::vocabulary);
  CHECK(indivisible(ask, Backend::sglang, 8)->kind == FactKind::vision_heads);
  ask.figures = {};
  CHECK_FALSE(indivisible(ask, Backend::vllm, 7).has_value());
  ask.allowed_tp = {2, 4};
  CHECK(legal_tp(ask, Backend::vllm, 4));
  CHECK_FALSE(legal_tp(ask, Backend::vllm, 3));
}

TEST_CASE("GPUs of a replica follow from the parallel sizes asked for") {
  CHECK_FALSE(world({}).has_value());
  CHECK(world({"--tensor-parallel-size=2", "--pipeline-parallel-size=3"}) == 6);
  CHECK(world({"-tp=2", "--data-parallel-size=4", "--data-parallel-size-local=1"}) == 8);
  CHECK(world({"-tp=2", "--data-parallel-size=4", "--data-parallel-size-local=1",
               "--data-parallel-hybrid-lb"}) == 2);
  CHECK_FALSE(world({"-tp=2", "--data-parallel-hybrid-lb"}).has_value());
  CHECK(world({"--tp-size=2", "--dp-size=4"}, Backend::sglang) == 8);
  CHECK(world({"--tp-size=2", "--dp-size=4", "--enable-dp-attention"}, Backend::sglang) == 2);
  CHECK(world_size(Parameters({"-tp=0"}), Backend::vllm, Version::today).error().kind ==
        FactKind::bad_parameter);
  CHECK(world({"-tp=2000000000", "-pp=2000000000"}) == 1'000'000);
}

TEST_CASE(
    "before today GPUStack counted GPUs by the tensor parallel size alone, times the stages") {
  for (const Version version : {Version::v0_4, Version::v0_6}) {
    const auto before = [&](std::vector<std::string> parameters) {
      return world_size(Parameters(std::move(parameters)), Backend::vllm, version).value();
    };
    CHECK_FALSE(before({"--pipeline-parallel-size=2"}).has_value());
    CHECK_FALSE(before({"--data-parallel-size=2", "-pcp=2"}).has_value());
    CHECK(before({"-tp=2"}) == 2);
    CHECK(before({"-tp=2", "-pp=3", "-dp=2", "--data-parallel-hybrid-lb"}) == 6);
  }
}

TEST_CASE("a selection by hand says how many GPUs a replica gets, or leaves it to a default") {
  Ask ask;
  for (int i = 0; i < 6; ++i) ask.selected.push_back({"a", "cuda", i});
  CHECK(gpu_count(ask, Backend::vllm, Version::today).value() == 6);
  CHECK(default_gpus_per_replica(ask, Backend::vllm).value() == 4);
  ask.replicas = 4;
  CHECK(default_gpus_per_replica(ask, Backend::vllm).value() == 1);
  ask.gpus_per_replica = 3;
  CHECK(gpu_count(ask, Backend::vllm, Version::today).value() == 3);
  CHECK(default_gpus_per_replica(ask, Backend::vllm).value() == 3);
  ask.parameters = Parameters({"-tp=2"});
  CHECK(gpu_count(ask, Backend::vllm, Version::today).error().kind == FactKind::gpu_count);
  ask.skip_gpu_count_check = true;
  CHECK(gpu_count(ask, Backend::vllm, Version::today).value() == 3);
  CHECK(skips_gpu_count_check(true, "1"));
  CHECK_FALSE(skips_gpu_count_check(false, "1"));
}

TEST_CASE("the mp executor holds a whole copy on every node that a rank fits into") {
  const LaunchSizes copies = topology({8, 8});
  CHECK(copies.tp == 8);
  CHECK(copies.dp == 2);
  const LaunchSizes uneven = topology({4, 2});
  CHECK(uneven.tp == 2);
  CHECK(uneven.dp == 3);
  const LaunchSizes spanning = topology({4, 4}, {4, 2, {}, {}, {}});
  CHECK(spanning.tp == 4);
  CHECK(spanning.pp == 2);
  CHECK(spanning.dp == 1);
  CHECK(topology({4, 4}, {{}, {}, {}, 4, {}}).tp == 2);
  CHECK_FALSE(mp_topology(std::array{4, 2}, {2, 2, {}, {}, {}}).has_value());
  CHECK_FALSE(mp_topology(std::array{6, 6}, {4, {}, {}, {}, {}}).has_value());
  CHECK_FALSE(mp_topology(std::array{4, 4}, {{}, {}, {}, 3, {}}).has_value());
  CHECK_FALSE(mp_topology(std::array{4, 4}, {4, {}, {}, {}, 2}).has_value());
}

TEST_CASE("engines are started with sizes that follow from the workers' GPUs") {
  const WorkerView a{"a", {{"cuda", 0, 1, 1}, {"cuda", 1, 1, 1}}, 0, false};
  const Charge one{a.gpus.data(), 1};
  Candidate candidate;
  candidate.main = {&a, {one, one}};
  const auto sizes = [&](std::vector<std::string> parameters) {
    const auto found = launch_sizes(candidate, Parameters(std::move(parameters)), Backend::vllm);
    REQUIRE(found.has_value());
    return std::array{found->tp, found->pp, found->dp};
  };
  CHECK(sizes({}) == std::array{2, 1, 1});
  CHECK(sizes({"-pp=2"}) == std::array{1, 2, 1});
  candidate.subordinates = {{&a, {one, one}}};
  CHECK(sizes({}) == std::array{2, 2, 1});
  CHECK(sizes({"--distributed-executor-backend=mp"}) == std::array{2, 1, 2});
  candidate.subordinates.push_back({&a, {one}});
  CHECK(sizes({}) == std::array{1, 5, 1});
}

TEST_CASE("SGLang's share of a GPU shrinks with its reserve") {
  CHECK(fraction_of(16 * kGiB) == 0.772);  // (16384 - 3728) / 16384
  CHECK(fraction_of(24 * kGiB) == 0.847);  // (24576 - 3760) / 24576
  CHECK(fraction_of(48 * kGiB) == 0.861);  // (49152 - 6848) / 49152
  CHECK(fraction_of(80 * kGiB) == 0.836);  // (81920 - 13440) / 81920
  CHECK(fraction_of(24 * kGiB, ask_with({"--tp-size=4"})) == 0.827);
  CHECK(fraction_of(24 * kGiB, ask_with({"--speculative-algorithm=EAGLE"})) == 0.764);
  CHECK(fraction_of(24 * kGiB, ask_with({"--mem-fraction-static=0.5"})) == 0.5);
  Ask vision;
  vision.figures.vision = VisionSize{};
  CHECK(fraction_of(24 * kGiB, vision) == 0.805);  // 0.847 x 0.95
}

TEST_CASE("GPUStack's books count its own instances, the reserve, and nothing else") {
  WorkerTotals totals;
  totals.view = {"a", {{"cuda", 0, 100, 0}, {"cuda", 1, 100, 0}}, 0, false};
  totals.ram_total = 1000;
  totals.reserved_ram = 50;
  totals.reserved_vram = 10;
  const std::vector<PlacedInstance> placed = {
      {"a", {{0, 40}}, 100, false}, {"a", {{0, 70}}, 0, false}, {"b", {{1, 90}}, 500, false}};
  const auto split = allocatable_view(std::span(&totals, 1), placed);
  CHECK(split[0].ram_allocatable == 850);
  CHECK(split[0].gpus[0].allocatable == 0);
  CHECK(split[0].gpus[1].allocatable == 90);
  totals.unified_memory = true;
  totals.ram_total = 300;
  const auto unified = allocatable_view(std::span(&totals, 1), std::span(placed).subspan(2));
  CHECK(unified[0].ram_allocatable == 240);
  CHECK(unified[0].gpus[0].allocatable == 90);
}
