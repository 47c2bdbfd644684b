// headroom speed: from fits whose times a hand calculation gives.

#include "study/speed/speed.hpp"

#include "sim/cost/engine_traits.hpp"
#include "study/speed/plot.hpp"
#include "study/speed/text.hpp"
#include "tests/fixtures.hpp"
#include "tests/sim/toy_fits.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <sstream>

using namespace headroom;
using namespace headroom::test;

namespace {

/// 10 layers, hidden 1024, 8 query heads and 4 KV heads of 128, MLP of 4096, vocabulary of 32768.
std::shared_ptr<const Model> toy() {
  auto model = std::make_shared<Model>();
  model->name = "toy";
  model->architecture = "LlamaForCausalLM";
  model->text = dense_decoder({10, 1024, 8, 4, 128, 4096, 32768});
  return model;
}

/// Decoding takes the time of its bytes alone.
GpuTimes toy_times() {
  return {
      round_gpu(),
      "toy tables",
      {matmul_fit({3, 0, 0, 0, 0, 0}), decode_fit(128, {0, 0, 1, 0, 0, 0}),
       prefill_fit(128, {20, 0, 0, 0, 0, 0}),
       toy_fit({Kernel::all_reduce, ElementType::bf16, ElementType::bf16, 0, Topology::nvswitch, 0},
               {5, 0, 0, 0, 0, 0})}};
}

speed::Question question() {
  speed::Question out;
  out.models = {toy()};
  out.gpu = round_gpu();
  return out;
}

speed::Answer answer_of(const speed::Question& asked) {
  return require_value(speed::answer(asked, {toy_times()}));
}

const speed::Row& row_of(const speed::Answer& answer, int tp) {
  const auto& rows = answer.models.at(0).rows;
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const speed::Row& one) { return one.tp == tp; });
  REQUIRE(row != rows.end());
  return *row;
}

bool has(const std::string& text, const std::string& piece) {
  INFO(piece << "\nin\n" << text);
  return text.find(piece) != std::string::npos;
}

}  // namespace

TEST_CASE("speeds are those of a closed loop of the model's steps") {
  const speed::Question asked = question();
  const speed::Answer answer = answer_of(asked);
  CHECK(answer.models[0].source == "measured: round, toy tables");
  const GpuTimes times = toy_times();
  for (const int tp : {1, 2, 4, 8}) {
    const CostQuery query{*asked.models[0], {}, asked.gpu, {tp, 1}, plain_links(asked.gpu, true)};
    const StepModel steps(times, query, *engine_traits("vllm"));
    const ServingTimes expected = closed_loop(steps, {64, 1024, 256});
    const speed::Row& row = row_of(answer, tp);
    REQUIRE(row.speed);
    const speed::Speed& found = *row.speed;
    CHECK(found.times.tpot.us == expected.tpot.us);
    CHECK(found.times.ttft.us == expected.ttft.us);
    const double request_s = (expected.ttft.us + 255 * expected.tpot.us) / 1e6;
    CHECK(found.tokens_per_s.value == Approx(64 * 256 / request_s));
    const double slowest_s = (expected.ttft.high_us + 255 * expected.tpot.high_us) / 1e6;
    CHECK(found.tokens_per_s.low == Approx(64 * 256 / slowest_s));
    CHECK(found.tokens_per_s.low <= found.tokens_per_s.value);
    CHECK(found.tokens_per_s.value <= found.tokens_per_s.high);

    const StepLoad decode{expected.decoding, 1024 + 128, {}};
    const StepTime layers = steps.stage(decode);
    const StepTime head = steps.head(expected.decoding);
    CHECK(found.step_us() == Approx((layers.total() + head.total()).us));
    CHECK(found.parts[3].time.us == Approx(layers.collectives.us + head.collectives.us));
  }
}

TEST_CASE("the extrapolated share of a step is that of what no fit knows") {
  const speed::Answer answer = answer_of(question());
  const speed::Speed& one = *row_of(answer, 1).speed;
  // Small kernels alone, on one GPU.
  CHECK(one.extrapolated == Approx(one.parts[4].time.us / one.step_us()));
  CHECK(one.parts[4].basis == Basis::extrapolated);
  CHECK(one.parts[0].basis == Basis::interpolated);
  CHECK(speed::kParts.at(one.largest_part()) == "attention");
  // The sums of the layers were measured, the smaller part of the head was not.
  CHECK(row_of(answer, 2).speed->parts[3].basis == Basis::interpolated);
}

TEST_CASE("a GPU's attention halves where KV heads are replicated, not before") {
  const speed::Answer answer = answer_of(question());
  const auto rate = [&](int tp) { return row_of(answer, tp).speed->layer_tokens_per_s; };
  CHECK(rate(2) / rate(1) == Approx(1).epsilon(0.01));
  CHECK(rate(4) / rate(1) == Approx(1).epsilon(0.01));
  CHECK(rate(8) / rate(4) == Approx(0.5).epsilon(0.01));
  CHECK(row_of(answer, 4).kv_replication == 1);
  CHECK(row_of(answer, 8).kv_replication == 2);
  const std::string text = speed::answer_text(answer);
  CHECK(has(text, "\n   8*"));
  CHECK(has(text, "\n   4 "));
  CHECK(has(text, "* more GPUs than KV heads"));
}

TEST_CASE("sizes are refused by the engine's rules, for memory and for a cache too small") {
  speed::Question asked = question();
  asked.sizes = {1, 3};
  const speed::Answer shape = answer_of(asked);
  REQUIRE(row_of(shape, 3).refusal);
  CHECK(row_of(shape, 3).refusal->rule == "vllm.heads");
  CHECK_FALSE(row_of(shape, 3).refused_for_memory());
  CHECK_FALSE(row_of(shape, 3).speed);
  CHECK(has(speed::answer_text(shape), "TP 3 refused [vllm.heads]: 8 attention heads"));
  asked.sizes = {1, 2, 3, 4, 5, 6, 7, 8, 10};
  CHECK(has(speed::answer_text(answer_of(asked)), "TP 3, 5-7 and 10 refused [vllm.heads]: at 3: "));
  asked.sizes = {1};

  asked.gpu.memory = kGiB / 2;
  const speed::Answer weights = answer_of(asked);
  REQUIRE(row_of(weights, 1).refused_for_memory());
  CHECK(row_of(weights, 1).refusal->rule.starts_with("vllm."));

  // A request's cache is 1,280 tokens x 10 layers x 2 KiB: 4,000 of them take 98 GiB.
  asked.gpu.memory = 80 * kGiB;
  asked.requests = 4000;
  const speed::Answer cache = answer_of(asked);
  REQUIRE(row_of(cache, 1).refusal);
  CHECK(row_of(cache, 1).refusal->rule == speed::kCacheRule);
  CHECK(row_of(cache, 1).refused_for_memory());
  CHECK(has(row_of(cache, 1).refusal->sentence, "of 4,000 requests of 1,280 tokens"));
  asked.kv_cache = KvCacheType::fp8;
  CHECK(row_of(answer_of(asked), 1).speed);
}

TEST_CASE("stages share the layers, and a deployment has the GPUs of all of them") {
  speed::Question asked = question();
  asked.stages = 2;
  const speed::Answer answer = answer_of(asked);
  const speed::Row& row = row_of(answer, 2);
  CHECK(row.gpus == 4);
  REQUIRE(row.speed.has_value());
  CHECK_FALSE(row.speed->layer.has_value());
  const nlohmann::json json = nlohmann::json::parse(speed::answer_json(answer));
  const nlohmann::json size = json["models"][0]["sizes"][1]["speed"];
  CHECK(size["tokens_per_s_per_gpu"]["value"].get<double>() ==
        Approx(row.speed->tokens_per_s.value / 4));
  CHECK(json["load"]["pipeline_parallel"] == 2);
  CHECK(has(speed::answer_text(answer), ", 2 pipeline stages\n"));
}

TEST_CASE("without graphs a model is slower, the smaller the step the more") {
  speed::Question asked = question();
  asked.requests = 1;
  const double graphs = row_of(answer_of(asked), 1).speed->times.tpot.us;
  asked.graphs = false;
  const speed::Answer eager = answer_of(asked);
  CHECK(row_of(eager, 1).speed->times.tpot.us > graphs);
  CHECK(has(speed::answer_text(eager), ", without CUDA graphs\n"));
}

TEST_CASE("a GPU that no profile speaks for has no speeds") {
  speed::Question asked = question();
  asked.gpu.name = "old";
  asked.gpu.compute_capability = 75;
  const speed::Answer answer = answer_of(asked);
  CHECK_FALSE(answer.any());
  CHECK(answer.models[0].rows.empty());
  CHECK(speed::no_source_words(answer, answer.models[0]).starts_with("toy on old: no profile"));
  asked.gpu.compute_capability = 89;
  CHECK(answer_of(asked).models[0].source == "scaled from round, toy tables");
}

TEST_CASE("an engine that is unknown, or was not measured, is an error") {
  speed::Question asked = question();
  asked.engine = "vlm";
  CHECK_FALSE(speed::answer(asked, {toy_times()}));
  asked.engine = "llama.cpp";
  CHECK(has(speed::answer(asked, {toy_times()}).error().text(), "vllm, sglang or tensorrt-llm"));
}

TEST_CASE("tables of speeds are at most 100 columns wide") {
  speed::Question asked = question();
  asked.models.push_back(require_value(find_model("mixtral-8x7b-v0.1")));
  asked.sizes = {1, 2, 3, 4, 5, 6, 7, 8, 16};
  const std::string text = speed::answer_text(answer_of(asked));
  CHECK(has(text, "expert"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(line.size() <= 100);
  }
}

TEST_CASE("every key of speeds is documented") {
  speed::Question asked = question();
  asked.sizes = {1, 3, 8};
  const auto json = nlohmann::json::parse(speed::answer_json(answer_of(asked)));
  const nlohmann::json& sizes = json["models"][0]["sizes"];
  CHECK(json["schema"] == "headroom.speed/1");
  CHECK(sizes[1]["refusal"]["rule"] == "vllm.heads");
  CHECK(sizes[1]["speed"].is_null());
  CHECK(sizes[2]["kv_replication"] == 2);
  CHECK(sizes[0]["speed"]["decode_step"]["largest_part"] == "attention");
  const std::string document = read_file(source_path("docs/speed.md"));
  const auto check = [&](const nlohmann::json& part, const auto& self) -> void {
    if (part.is_array()) {
      for (const auto& item : part) self(item, self);
    } else if (part.is_object()) {
      for (const auto& [key, value] : part.items()) {
        INFO(key);
        CHECK(document.find("`" + key + "`") != std::string::npos);
        self(value, self);
      }
    }
  };
  check(json, check);
}

TEST_CASE("the figure marks the knee, what is refused and what is extrapolated") {
  speed::Question asked = question();
  asked.sizes = {1, 2, 3, 4, 8};
  const speed::Answer answer = answer_of(asked);
  const std::string script = speed::plot_script(answer, "it's.svg");
  CHECK(has(script, "set output 'it''s.svg'"));
  CHECK(has(script, "measured: round, toy tables"));
  CHECK(has(script, "toy (8 heads, 4 KV heads)"));
  CHECK(has(script, "set label at first 3, graph 0.030 point pt 2"));
  // Columns: size, rate, filled, hollow, knee.
  const auto line = [&](int tp, const speed::Speed& one, bool hollow, bool knee) {
    const std::string rate = fmt::format("{:.6g}", one.tokens_per_s.value / tp);
    return fmt::format("{} {} {} {} {}\n", tp, rate, hollow ? "NaN" : rate, hollow ? rate : "NaN",
                       knee ? rate : "NaN");
  };
  const speed::Speed& two = *row_of(answer, 2).speed;
  const speed::Speed& four = *row_of(answer, 4).speed;
  REQUIRE(two.extrapolated < 0.25);
  CHECK(has(script, line(2, two, false, false)));
  CHECK(has(script, line(4, four, four.extrapolated > 0.25, true)));
  const speed::Speed& eight = *row_of(answer, 8).speed;
  CHECK(has(script, line(8, eight, eight.extrapolated > 0.25, false)));
}

TEST_CASE("a figure goes into a folder that is there, as SVG, of models that have speeds") {
  const TempDir folder;
  const speed::Answer answer = answer_of(question());
  const auto error = [&](const speed::Answer& of, const std::string& file, bool replace = false) {
    const Status done = speed::write_plot(of, folder.path() / file, replace);
    return done ? "" : done.error().text();
  };
  CHECK(has(error(answer, "a.png"), "ends in .svg"));
  CHECK(has(error(answer, "none/a.svg"), "this folder is not there"));
  speed::Question asked = question();
  asked.sizes = {3};
  CHECK(has(error(answer_of(asked), "a.svg"), "nothing to draw"));
  asked = question();
  asked.models = std::vector<std::shared_ptr<const Model>>(7, toy());
  CHECK(has(error(answer_of(asked), "a.svg"), "7 models are too many"));

  (void)folder.write("there.svg", "mine");
  (void)folder.write("script.gp", "mine");
  CHECK(has(error(answer, "there.svg"), "there.svg: this file exists already — --force replaces"));
  CHECK(has(error(answer, "script.svg"), "script.gp: this file exists already"));
  CHECK(read_file(folder.path() / "there.svg") == "mine");
  CHECK(read_file(folder.path() / "script.gp") == "mine");

  if (std::system("command -v gnuplot > /dev/null 2>&1") != 0) {  // NOLINT(cert-env33-c)
    WARN("skipped: gnuplot is not there");
    return;
  }
  CHECK(error(answer, "a.svg").empty());
  CHECK(has(read_file(folder.path() / "a.svg"), "</svg>"));
  CHECK(has(read_file(folder.path() / "a.svg"), "Whole model"));
  CHECK(has(read_file(folder.path() / "a.gp"), "set output 'a.svg'"));
  CHECK(error(answer, "script.svg", true).empty());
  CHECK(has(read_file(folder.path() / "script.gp"), "set output 'script.svg'"));
}
