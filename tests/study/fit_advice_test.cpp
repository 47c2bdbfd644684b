// What `fit` says where the answer is not simply a plan: GPUs that others use, GPUs that an engine
// does not run on, limits that leave nothing, caches that hold less than was asked for.

#include "study/fit/gpus.hpp"
#include "study/fit/pool.hpp"
#include "study/fit/text.hpp"
#include "tests/catch.hpp"
#include "tests/study/fit_cases.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <set>
#include <sstream>

using namespace headroom;
using namespace headroom::test;

namespace {

using Kind = FitChange::Kind;

const FitChange* change_of(const FitAnswer& answer, Kind kind) {
  for (const FitChange& change : answer.changes) {
    if (change.kinds == std::vector<Kind>{kind}) return &change;
  }
  return nullptr;
}

Bytes used_in(const FitChange& change) {
  Bytes sum = 0;
  for (const NodeSpec& node : change.question.gpus->cluster.nodes) {
    for (const Bytes used : node.used) sum += used;
  }
  return sum;
}

std::shared_ptr<const FitGpus> gpus_of(const std::string& toml) {
  const TempDir folder;
  return require_value(read_gpus(folder.write("c.toml", toml)));
}

/// Whether it says these words, wherever its lines break.
bool says(const FitAnswer& answer, const std::string& words) {
  std::istringstream text(fit_text(answer));
  std::string flat;
  for (std::string word; text >> word;) flat += (flat.empty() ? "" : " ") + word;
  return flat.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("fit: what others hold stays held where GPUs are added", "[fit]") {
  FitQuestion question = fit_question("gemma-3-27b-it", "");
  question.gpus = gpus_of("[[nodes]]\ngpu = 'RTX-3090'\ngpus = 4\nused = '6GiB'\n");
  const FitAnswer answer = checked_answer(question);
  CHECK(answer.best() == nullptr);
  CHECK(says(answer, "Others hold the memory of the GPUs that it needs."));

  const FitChange* freed = change_of(answer, Kind::free_memory);
  REQUIRE(freed != nullptr);
  CHECK(used_in(*freed) == 0);
  CHECK(freed->plan.plan.gpus() <= 4);
  const FitChange* larger = change_of(answer, Kind::gpus_per_node);
  REQUIRE(larger != nullptr);
  CHECK(used_in(*larger) == 4 * 6 * kGiB);
  CHECK(larger->question.gpus->cluster.largest_node(GpuTypeId{}) == 8);
  const FitChange* more = change_of(answer, Kind::nodes);
  REQUIRE(more != nullptr);
  CHECK(used_in(*more) == 4 * 6 * kGiB);
  CHECK(more->question.gpus->cluster.nodes.size() == 2);
}

TEST_CASE("fit: nodes are grown from those on which others hold least", "[fit]") {
  const auto gpus = gpus_of(
      "[[nodes]]\ngpu = 'L4'\ngpus = 2\nused = '3GiB'\n"
      "[[nodes]]\ngpu = 'L4'\ngpus = 2\nused = '1GiB'\n"
      "[[nodes]]\ngpu = 'L4'\ngpus = 1\n"
      "[[nodes]]\ngpu = 'T4'\ngpus = 4\n");
  const auto largest = largest_nodes(gpus->cluster, 1);
  REQUIRE(largest.size() == 2);
  CHECK(largest[0].gpus == 2);
  CHECK(largest[0].used == std::vector<std::vector<Bytes>>{{kGiB, kGiB}});
  CHECK(largest[1].gpus == 4);

  const auto out = grown(gpus->cluster.gpu_types[0], largest[0], 4, 2);
  CHECK(out->words == "2 nodes of 4 x L4");
  REQUIRE(out->cluster.nodes.size() == 2);
  CHECK(out->cluster.nodes[0].used == std::vector<Bytes>{kGiB, kGiB, 0, 0});
  CHECK(out->cluster.nodes[1].used.empty());
  const auto empty = emptied(*gpus);
  for (const NodeSpec& node : empty->cluster.nodes) CHECK(node.used.empty());
}

TEST_CASE("fit: a pool tells what others hold from what it never holds", "[fit]") {
  FitQuestion question;
  question.gpus = gpus_of("[[nodes]]\ngpu = 'RTX-3090'\ngpus = 4\nused = '6GiB'\n");
  const PoolAnswer answer =
      require_value(answer_pool(question, {require_value(find_model("gemma-3-27b-it")),
                                           require_value(find_model("meta-llama-3.1-405b"))}));
  REQUIRE(answer.entries.size() == 2);
  CHECK_FALSE(answer.entries[0].plan.has_value());
  CHECK(answer.entries[0].held_by_others);
  CHECK_FALSE(answer.entries[1].plan.has_value());
  CHECK_FALSE(answer.entries[1].held_by_others);
  CHECK(pool_text(answer).find("others hold the memory; else it fits") != std::string::npos);
}

TEST_CASE("fit: an engine that does not run on the GPUs is said first, and its older release",
          "[fit]") {
  const FitAnswer answer = checked_answer(fit_question("gemma-3-27b-it", "8xV100M32"));
  CHECK(answer.best() == nullptr);
  CHECK(says(answer, "No plan starts: "));
  CHECK(says(answer, "and the GPU has 7.0. [vllm.capability]"));
  CHECK(says(answer, "TP 1, 2, 4 and 8, with or without PP: "));
  CHECK(says(answer, "and likewise for the others [vllm.heads]"));
  REQUIRE_FALSE(answer.changes.empty());
  CHECK(answer.changes.front().kinds == std::vector<Kind>{Kind::engine_release});
  CHECK(answer.changes.front().question.engine == "vllm@0.10");
}

TEST_CASE("fit: speed counts the sequences that the cache holds", "[fit]") {
  // 8 GiB of cache for sequences that take 128 KiB a token: fewer than the 64 asked for.
  FitQuestion question = fit_question("meta-llama-3.1-8b", "1x24GiB");
  const FitPlan few = *checked_answer(question).best();
  question.limits.sequences = 1000;
  const FitAnswer answer = checked_answer(question);
  const FitPlan& many = *answer.best();
  CHECK(few.load_sequences == 16);
  CHECK(many.load_sequences > 16);
  CHECK(many.load_sequences < 100);
  CHECK(many.load_sequences == many.worst().kv_available / (many.worst().kv_per_token * 1280));
  CHECK(many.tokens_per_s > few.tokens_per_s);
  CHECK(says(answer, "that it holds at once"));
}

TEST_CASE("fit: sizes that leave no plan are said, and lifted together with more", "[fit]") {
  FitQuestion question = fit_question("gemma-3-27b-it", "1x24GiB");
  question.allowed_tp = {3};
  const FitAnswer answer = require_value(answer_fit(question));
  CHECK(answer.plans.empty());
  CHECK(says(answer, "The sizes that are allowed leave no plan on these GPUs."));
  REQUIRE_FALSE(answer.changes.empty());
  CHECK(answer.changes.front().kinds.front() == Kind::allowed_sizes);
  CHECK(answer.changes.front().kinds.size() > 1);
}

TEST_CASE("fit: a policy's claim that is too large is said with its numbers", "[fit]") {
  const FitAnswer answer = checked_answer(fit_question("gemma-3-27b-it", "2x24GiB"));
  CHECK(says(answer,
             "1.2 x the weights and 2 GiB are 63.3 GiB, which takes 3 x 24GiB, there are 2 x "
             "24GiB"));
}

TEST_CASE("fit: proposed nodes have sizes that are sold", "[fit]") {
  const std::set<std::size_t> sold{1, 2, 4, 8};
  for (const char* model : {"deepseek-v3", "meta-llama-3.1-405b", "gemma-3-27b-it"}) {
    const FitAnswer answer = checked_answer(fit_question(model, "2x8xT4"));
    for (const FitChange& change : answer.changes) {
      const ClusterSpec& cluster = change.question.gpus->cluster;
      for (const NodeShape& shape : cluster.shapes) CHECK(sold.count(shape.gpus.size()) == 1);
    }
  }
}

TEST_CASE("fit: sizes are suggested as they are written", "[fit]") {
  for (const char* text : {"3x24", "3x24gb", "3x24G"}) {
    const auto gpus = parse_gpus(text);
    REQUIRE_FALSE(gpus.has_value());
    CHECK(gpus.error().hint.find("24GiB") != std::string::npos);
  }
}

TEST_CASE("fit: copies are not counted on GPUs that others use", "[fit]") {
  FitQuestion question = fit_question("meta-llama-3.1-8b", "");
  question.gpus = gpus_of(
      "[[nodes]]\ngpu = 'A100-80GB'\ngpus = 8\n"
      "[[nodes]]\ngpu = 'A100-80GB'\ngpus = 8\nused = '75GiB'\n");
  CHECK_FALSE(says(checked_answer(question), "copies"));
  CHECK(says(checked_answer(fit_question("meta-llama-3.1-8b", "8xA100-80GB")), "8 copies"));
}

TEST_CASE("fit: llama.cpp is offered GGUF files, whose bytes memory and speed count alike",
          "[fit]") {
  FitQuestion question = fit_question("phi-4", "1xT4");
  question.engine = "llama.cpp";
  const FitAnswer answer = checked_answer(question);
  CHECK(answer.best() == nullptr);
  REQUIRE_FALSE(answer.changes.empty());
  const FitChange& change = answer.changes.front();
  CHECK(change.kinds == std::vector<Kind>{Kind::checkpoint});
  CHECK(change.what == "a GGUF in 4 bits (Q4_0)");
  // 4.5 bits a weight of 14.66 billion, the token embedding (on the CPU) and the output beside it.
  CHECK(change.plan.worst().weights < 10 * kGiB);
  CHECK(change.plan.worst().weights > 7 * kGiB);
}

TEST_CASE("fit: a 4-bit checkpoint is padded where its width could not be cut", "[fit]") {
  const Model& model = *require_value(find_model("qwen2.5-72b"));
  const Model& published = *require_value(find_model("qwen2.5-72b-instruct-awq"));
  const auto width = [](const Model& m) { return std::get<Mlp>(m.text.kinds.front().mlp).width; };
  CHECK(width(model) == 29'568);
  CHECK(width(*as_4_bits(model)) == width(published));
  const Model& even = *require_value(find_model("meta-llama-3.1-8b"));
  CHECK(width(*as_4_bits(even)) == width(even));
}

TEST_CASE("fit: the model's own context is the first change of one that is longer", "[fit]") {
  FitQuestion question = fit_question("meta-llama-3.1-8b", "2xL4");
  question.engine = "tensorrt-llm";
  question.limits.context = 400'000;
  const FitAnswer answer = checked_answer(question);
  REQUIRE(answer.best() != nullptr);
  CHECK(answer.best()->verdict.full_sequences == 0);
  CHECK(answer.best()->plan.gpus() == 2);  // it holds the longest sequence
  CHECK(says(answer, "may start on 2 x L4"));
  REQUIRE_FALSE(answer.changes.empty());
  CHECK(answer.changes.front().what == "a context of 131,072 tokens, the model's own");
}

TEST_CASE("fit: what the engine changes stands beside the model", "[fit]") {
  const FitAnswer answer = checked_answer(fit_question("gemma-3-27b-it", "8xT4"));
  CHECK(says(answer, "Changed the checkpoint's bfloat16 is served in float32"));
}

TEST_CASE("fit: shapes alone keep to the sizes that are allowed", "[fit]") {
  FitQuestion question = fit_question("phi-4", "");
  question.allowed_tp = {1, 2};
  CHECK(says(require_value(answer_fit(question)), "can be split over 1 and 2 GPUs"));
}
