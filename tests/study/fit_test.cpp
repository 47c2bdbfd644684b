// What `fit` answers: the story's figures, changes that were asked of the engine, and no
// contradiction for any model on any of five clusters.

#include "sim/plan/plan_space.hpp"
#include "sim/plan/shape_table.hpp"
#include "study/fit/changes.hpp"
#include "study/fit/gpus.hpp"
#include "study/fit/pool.hpp"
#include "study/fit/text.hpp"
#include "study/fit/words.hpp"
#include "tests/catch.hpp"
#include "tests/sanitized.hpp"
#include "tests/study/fit_cases.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

using namespace headroom;
using namespace headroom::test;

using Names = std::vector<std::string>;

TEST_CASE("fit: gemma-3-27b-it on four and on three cards of 24 GiB", "[fit]") {
  const FitAnswer four = checked_answer(fit_question("gemma-3-27b-it", "4x24GiB"));
  CHECK(starting_plans(four) == Names{"PP 3", "TP 4", "TP 2 x PP 2", "PP 4"});
  const FitAnswer three = checked_answer(fit_question("gemma-3-27b-it", "3x24GiB"));
  CHECK(starting_plans(three) == Names{"PP 3"});
  REQUIRE(three.best() != nullptr);
  CHECK(three.best()->plan == ParallelPlan{1, 3});
  CHECK(bytes_text(three.best()->worst().weights) == "19.6 GiB");
  CHECK(bytes_text(three.best()->worst().kv_available) == "1.83 GiB");
  CHECK(three.starts_with_more == false);
  CHECK(three.command.find("--pipeline-parallel-size 3") != std::string::npos);

  const std::string text = fit_text(three);
  CHECK(
      text.starts_with("gemma-3-27b-it fits on 3 x 24GiB, as 3 pipeline stages of one GPU each "
                       "(PP 3). TP 3 will not start: 32 attention"));

  REQUIRE(three.choices.size() == 6);
  CHECK(three.choices[0].policy == "naive");
  CHECK(three.choices[0].plan->verdict.refusal.rule == "vllm.heads");
  CHECK_FALSE(three.choices[1].plan.has_value());
  CHECK(three.choices[2].policy == "gpustack");
  CHECK(three.choices[2].reason == "heads");
  CHECK(three.choices[4].plan->verdict.refusal.rule == "vllm.heads");
  CHECK(three.choices[5].plan->plan == ParallelPlan{1, 3});
}

constexpr std::size_t kOneOf = kSanitized ? 4 : 1;

TEST_CASE("fit: every model of the catalogue on five clusters, without a contradiction", "[fit]") {
  std::size_t turn = 0;
  for (const auto& [name, gpus] : fit_clusters()) {
    for (const Model& model : model_catalogue()) {
      if (turn++ % kOneOf != 0) continue;
      INFO(model.name << " on " << name);
      FitQuestion question = fit_question(model.name, "");
      use_own_context(question);
      question.gpus = gpus;
      (void)checked_answer(question);
    }
  }
}

TEST_CASE("fit: no engine contradicts itself, whatever the model and the cluster", "[fit]") {
  // Every sixth model, each engine another sixth.
  constexpr std::size_t kPart = 6;
  std::size_t turn = 0;
  const auto engines = engine_choices();
  const auto models = model_catalogue();
  for (std::size_t e = 0; e < engines.size(); ++e) {
    for (const auto& [name, gpus] : fit_clusters()) {
      for (std::size_t m = e % kPart; m < models.size(); m += kPart) {
        if (turn++ % kOneOf != 0) continue;
        INFO(models[m].name << " on " << name << " with " << engines[e]);
        FitQuestion question = fit_question(models[m].name, "");
        use_own_context(question);
        question.engine = engines[e];
        question.limits.utilisation_asked = false;
        question.gpus = gpus;
        (void)checked_answer(question);
      }
    }
  }
}

TEST_CASE("fit: every published config that can be read, on five clusters", "[fit]") {
  const auto folder = shared_path("models");
  if (!folder) return;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (entry.path().extension() == ".json") files.insert(entry.path());
  }
  const auto clusters = fit_clusters();
  int read = 0;
  std::size_t turn = 0;
  for (const auto& file : files) {
    auto model = read_model_config(file);
    if (!model) continue;
    ++read;
    FitQuestion question;
    question.model = std::make_shared<const Model>(std::move(*model));
    use_own_context(question);
    for (const auto& [name, gpus] : clusters) {
      if (turn++ % kOneOf != 0) continue;
      INFO(file.filename().string() << " on " << name);
      question.gpus = gpus;
      (void)checked_answer(question);
    }
  }
  CHECK(read > 20);
}

TEST_CASE("fit: the plans that start are those of the plan space", "[fit]") {
  for (const char* model : {"phi-4", "meta-llama-3.1-70b", "qwen2.5-14b", "gemma-3-27b-it"}) {
    const FitQuestion question = fit_question(model, "2x8xA100-80GB");
    const FitAnswer answer = checked_answer(question);
    const auto engine = require_value(make_engine("vllm", {}));
    const auto cost = make_roofline();
    PlanSpace space(question.gpus->cluster, *engine, *cost);
    ShapeTable shapes(question.gpus->cluster);
    RequestShape shape;
    shape.what = LlmDeployment{question.model, question.limits, false, {}};
    std::set<ParallelPlan> expected;
    for (const RankedPlan& plan : space.plans(shapes.intern(shape))) expected.insert(plan.plan);
    std::set<ParallelPlan> found;
    for (const FitPlan& plan : answer.plans) {
      if (plan.verdict.accepted) found.insert(plan.plan);
    }
    INFO(model);
    CHECK(found == expected);
  }
}

TEST_CASE("fit: where nothing fits, every change is one that the engine starts", "[fit]") {
  for (const auto& [model, gpus] :
       std::vector<std::pair<std::string, std::string>>{{"meta-llama-3.1-405b", "8xH100-80GB"},
                                                        {"meta-llama-3.1-405b", "1xT4"},
                                                        {"gemma-3-27b-it", "2x24GiB"},
                                                        {"meta-llama-3.1-8b", "1x23GiB"},
                                                        {"qwen2.5-72b", "8x16GiB"}}) {
    INFO(model << " on " << gpus);
    FitQuestion question = fit_question(model, gpus);
    if (gpus == "1x23GiB") question.limits.context = 131'072;
    const FitAnswer answer = checked_answer(question);
    CHECK(answer.best() == nullptr);
    const auto has = [&](FitChange::Kind kind) {
      return std::any_of(answer.changes.begin(), answer.changes.end(), [&](const FitChange& c) {
        return std::find(c.kinds.begin(), c.kinds.end(), kind) != c.kinds.end();
      });
    };
    CHECK((has(FitChange::Kind::gpu_type) || has(FitChange::Kind::gpus_per_node)));
    CHECK(has(FitChange::Kind::context) == (gpus == "1x23GiB"));
    CHECK(fit_text(answer).starts_with(model + " does not fit on "));
  }
}

TEST_CASE("fit: the shorter context is the longest that fits, in steps of 256", "[fit]") {
  FitQuestion question = fit_question("meta-llama-3.1-8b", "1x24GiB");
  question.limits.context = 131'072;
  const FitAnswer answer = checked_answer(question);
  REQUIRE_FALSE(answer.changes.empty());
  const FitChange& change = answer.changes.front();
  REQUIRE(change.kinds == std::vector<FitChange::Kind>{FitChange::Kind::context});
  FitQuestion longer = change.question;
  longer.limits.context += 256;
  CHECK(checked_answer(longer).best() == nullptr);
}

TEST_CASE("fit: a context beyond the model's own is brought down to it", "[fit]") {
  FitQuestion question = fit_question("phi-4", "8xH100-80GB");
  question.limits.context = 200'000;
  const FitAnswer answer = checked_answer(question);
  CHECK(answer.best() == nullptr);
  REQUIRE_FALSE(answer.changes.empty());
  CHECK(answer.changes.front().kinds == std::vector<FitChange::Kind>{FitChange::Kind::context});
  CHECK(answer.changes.front().question.limits.context == 16'384);
}

TEST_CASE("fit: limits that are far too large are brought down together", "[fit]") {
  FitQuestion question = fit_question("phi-4", "2x8xT4");
  question.limits.context = 100'000'000;
  question.limits.batched_tokens = 100'000'000;
  question.limits.sequences = 1'000'000;
  const FitAnswer answer = checked_answer(question);
  CHECK(answer.best() == nullptr);
  REQUIRE_FALSE(answer.changes.empty());
  CHECK(answer.changes.front().question.limits.context == 8192);
}

TEST_CASE("fit: allowed sizes hold for plans, policies and changes", "[fit]") {
  FitQuestion question = fit_question("meta-llama-3.1-8b", "8xH100-80GB");
  question.allowed_tp = {2, 4};
  FitAnswer answer = checked_answer(question);
  for (const FitPlan& plan : answer.plans) CHECK((plan.plan.tp == 2 || plan.plan.tp == 4));
  for (const FitChoice& choice : answer.choices) {
    REQUIRE(choice.plan.has_value());
    CHECK((choice.plan->plan.tp == 2 || choice.plan->plan.tp == 4));
    for (const PassedOver& item : choice.passed_over)
      CHECK(item.what.find("TP 3") == Names::value_type::npos);
  }
  question.max_tp = 2;
  answer = checked_answer(question);
  for (const FitPlan& plan : answer.plans) CHECK(plan.plan.tp == 2);
  CHECK(answer.shapes.accepted == std::vector<int>{1, 2});

  // Where none of the allowed sizes fits, any other is a change.
  FitQuestion three = fit_question("gemma-3-27b-it", "4x24GiB");
  three.allowed_tp = {3};
  answer = checked_answer(three);
  CHECK(answer.best() == nullptr);
  REQUIRE_FALSE(answer.changes.empty());
  CHECK(answer.changes.front().kinds.front() == FitChange::Kind::allowed_sizes);
}

TEST_CASE("fit: pipeline stages can be limited", "[fit]") {
  FitQuestion question = fit_question("gemma-3-27b-it", "3x24GiB");
  question.max_pp = 2;
  const FitAnswer answer = checked_answer(question);
  CHECK(answer.best() == nullptr);
  CHECK(std::any_of(answer.changes.begin(), answer.changes.end(), [](const FitChange& c) {
    return c.kinds.front() == FitChange::Kind::stages && c.plan.plan == ParallelPlan{1, 3};
  }));
}

TEST_CASE("fit: a plan over several nodes says how to start it there", "[fit]") {
  FitQuestion question = fit_question("meta-llama-3.1-405b", "2x8xH100-80GB");
  const FitAnswer answer = checked_answer(question);
  REQUIRE(answer.best() != nullptr);
  CHECK(answer.best()->nodes == 2);
  CHECK(fit_text(answer).find("The plan spans 2 nodes") != std::string::npos);
}

TEST_CASE("fit: memory that others hold leaves no room", "[fit]") {
  const TempDir folder;
  const auto file = folder.write("c.toml",
                                 "[[nodes]]\ngpu = 'RTX-3090'\ngpus = 4\n"
                                 "[[nodes]]\ngpu = 'RTX-3090'\ngpus = 8\nused = '4GiB'\n");
  FitQuestion question = fit_question("gemma-3-27b-it", "");
  question.gpus = require_value(read_gpus(file));
  const FitAnswer answer = checked_answer(question);
  REQUIRE(answer.best() != nullptr);
  CHECK(answer.best()->plan.gpus() == 4);
  for (const FitPlan& plan : answer.plans) CHECK(plan.room == (plan.plan.gpus() <= 4));
}

TEST_CASE("fit: smaller checkpoints weigh about half and a bit over a quarter", "[fit]") {
  const Model& model = *require_value(find_model("meta-llama-3.1-70b"));
  const auto whole = static_cast<double>(weight_bytes(model));
  CHECK(static_cast<double>(weight_bytes(*as_fp8(model))) / whole == Approx(0.515).margin(0.01));
  CHECK(static_cast<double>(weight_bytes(*as_4_bits(model))) / whole == Approx(0.28).margin(0.01));
}

TEST_CASE("fit: what a pool does not hold, and the GPUs per node that change it", "[fit]") {
  FitQuestion question;
  question.gpus = require_value(parse_gpus("2x4xRTX-3090,1x2xL4"));
  const std::vector<std::shared_ptr<const Model>> models = {
      require_value(find_model("meta-llama-3.1-8b")), require_value(find_model("qwen2.5-72b")),
      require_value(find_model("mistral-large-instruct-2407"))};
  const PoolAnswer answer = require_value(answer_pool(question, models));
  REQUIRE(answer.entries.size() == 3);
  CHECK(answer.entries[0].plan.has_value());
  CHECK(answer.entries[1].plan.has_value());
  const PoolEntry& large = answer.entries[2];
  REQUIRE_FALSE(large.plan.has_value());
  CHECK_FALSE(large.why_not.empty());
  REQUIRE(large.changes.size() == 2);
  for (const PoolChange& change : large.changes) {
    // It starts with so many, and with the next smaller node that is sold it does not.
    const GpuType& type = question.gpus->cluster.gpu_types[index(change.gpu)];
    FitQuestion larger = question;
    larger.model = large.model;
    larger.gpus = equal_nodes(type, change.gpus_per_node, change.nodes);
    CHECK(checked_answer(larger).best() != nullptr);
    larger.gpus = equal_nodes(type, change.gpus_per_node / 2, change.nodes);
    CHECK(require_value(answer_fit(larger)).best() == nullptr);
  }
  CHECK(pool_text(answer).starts_with("2 nodes of 4 x RTX-3090 and 2 x L4 does not hold 1 of 3"));
}

TEST_CASE("fit: numbers and plans in words", "[fit]") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(-1234567) == "-1,234,567");
  CHECK(count_words(494'032'768) == "494 million");
  CHECK(count_words(70'553'706'496) == "70.6 billion");
  CHECK(plan_name({1, 1}) == "one GPU");
  CHECK(plan_name({2, 3}) == "TP 2 x PP 3");
  CHECK(plan_name({8, 1, 1, true}) == "TP 8 EP");
  CHECK(listed(Names{"1", "2", "4"}) == "1, 2 and 4");
  CHECK(some_of(Names{"1", "2"}, 2) == "1 and 2");
  CHECK(some_of(Names{"1", "2", "3", "4"}, 2) == "1, 2, and 2 more");
  CHECK(wrapped("one two three", 8, 2) == "one\n  two\n  three");
  CHECK(wrapped_command("vllm serve x --tp 2 --eager --len 9", 20, 4) ==
        "vllm serve x \\\n    --tp 2 --eager \\\n    --len 9");
}

TEST_CASE("fit: a model without attention or with experts is answered, too", "[fit]") {
  FitQuestion question = fit_question("meta-llama-3.1-8b", "4x24GiB");
  auto experts = std::make_shared<Model>(*question.model);
  Experts mlp;
  mlp.count = 8;
  mlp.active = 2;
  mlp.width = 3584;
  for (LayerKind& kind : experts->text.kinds) kind.mlp = mlp;
  question.model = experts;
  const FitAnswer answer = require_value(answer_fit(question));
  CHECK(std::any_of(answer.plans.begin(), answer.plans.end(),
                    [](const FitPlan& plan) { return plan.plan.ep; }));
  CHECK_FALSE(fit_text(answer).empty());

  auto without = std::make_shared<Model>(*question.model);
  for (LayerKind& kind : without->text.kinds) kind.mixer = std::monostate{};
  question.model = without;
  CHECK(fit_text(require_value(answer_fit(question))).find("no attention") != std::string::npos);
}
