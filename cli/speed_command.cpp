// headroom speed: how fast a model is on a GPU type under tensor parallelism.

#include "cli/commands.hpp"
#include "cli/model_arguments.hpp"
#include "sim/core/nearest.hpp"
#include "study/cost/cost_choice.hpp"
#include "study/profile/words.hpp"
#include "study/speed/plot.hpp"
#include "study/speed/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace headroom::cli {
namespace {

constexpr std::int64_t kMostRequests = 1'000'000;
constexpr std::int64_t kMostTokens = 10'000'000;

struct SpeedArguments {
  std::vector<std::string> models;
  std::string gpu;
  std::string tp = "1,2,4,8";
  std::int64_t requests = 64;
  std::int64_t input = kLoadInputTokens;
  std::int64_t output = kLoadOutputTokens;
  int pp = 1;
  std::string engine = "vllm";
  bool eager = false;
  std::string kv_cache = "auto";
  std::vector<std::filesystem::path> profiles;
  std::string plot;
  bool force = false;
  bool json = false;
};

Result<speed::Question> question_of(const SpeedArguments& arguments) {
  speed::Question question;
  const auto engines = engine_choices();
  if (std::find(engines.begin(), engines.end(), arguments.engine) == engines.end()) {
    return fail(fmt::format("unknown engine '{}'", arguments.engine.substr(0, 80)), {"--engine"},
                suggest(arguments.engine, engines));
  }
  question.engine = arguments.engine;
  question.graphs = !arguments.eager;
  question.stages = arguments.pp;
  auto gpu = find_gpu_type(arguments.gpu);
  if (!gpu) {
    std::vector<std::string> names;
    for (const GpuType& type : gpu_catalogue()) names.push_back(type.name);
    return fail(fmt::format("unknown GPU type '{}'", arguments.gpu.substr(0, 80)), {"--gpu"},
                suggest(arguments.gpu, names) + " (headroom gpus lists them)");
  }
  question.gpu = std::move(*gpu);
  HEADROOM_TRY(question.sizes, parse_sizes(arguments.tp, "--tp"));
  HEADROOM_TRY(question.models, read_models(arguments.models, "--model"));
  question.requests = arguments.requests;
  question.input_tokens = arguments.input;
  question.output_tokens = arguments.output;
  question.kv_cache = arguments.kv_cache == "fp8" ? KvCacheType::fp8 : KvCacheType::model;
  return question;
}

Result<int> print_speed(const SpeedArguments& arguments) {
  HEADROOM_TRY(const speed::Question question, question_of(arguments));
  if (question.stages > 1 && !arguments.plot.empty()) {
    return fail("the figure is of tensor parallelism alone", {"--plot"}, "leave out --pp");
  }
  HEADROOM_TRY(const CostChoice cost, choose_cost(kCostModels.front(), arguments.profiles));
  HEADROOM_TRY(const speed::Answer answer, speed::answer(question, *cost.measured));
  if (!answer.any()) {
    for (const speed::ModelSpeeds& one : answer.models) {
      fmt::print(stderr, "headroom: {}\n",
                 profile::plain_text(speed::no_source_words(answer, one), 1000));
    }
    return kGateFailed;
  }
  if (!arguments.plot.empty()) {
    HEADROOM_CHECK(speed::write_plot(answer, arguments.plot, arguments.force));
  }
  fmt::print("{}", arguments.json ? speed::answer_json(answer) : speed::answer_text(answer));
  return kDone;
}

void add_load(CLI::App& command, SpeedArguments& a) {
  command.add_option("--concurrency", a.requests, "Requests at once, always so many")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, kMostRequests))
      ->capture_default_str();
  command.add_option("--input", a.input, "Tokens of each prompt")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, kMostTokens))
      ->capture_default_str();
  command.add_option("--output", a.output, "Tokens of each answer")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{2}, kMostTokens))
      ->capture_default_str();
  command.add_option("--engine", a.engine, "Serving engine; headroom engines lists them")
      ->type_name("NAME")
      ->capture_default_str();
  command.add_flag("--eager", a.eager, "Without CUDA graphs: each kernel is launched by the host");
  command.add_option("--kv-cache", a.kv_cache, "auto (the model's own type) or fp8")
      ->type_name("TYPE")
      ->check(CLI::IsMember({"auto", "fp8"}))
      ->capture_default_str();
}

}  // namespace

void add_speed_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<SpeedArguments>();
  SpeedArguments& a = *arguments;
  CLI::App* command = app.add_subcommand(
      "speed", "How fast a model is on a GPU at tensor parallel sizes, from measured kernels");
  command
      ->add_option("--model", a.models,
                   "Names (headroom models), paths of a config.json, or all; again for more")
      ->required()
      ->type_name("MODEL")
      ->check(not_empty());
  command->add_option("--gpu", a.gpu, "GPU type; headroom gpus lists them")
      ->required()
      ->type_name("NAME")
      ->check(not_empty());
  command->add_option("--tp", a.tp, "Tensor parallel sizes: 1,2,4 or 1..8")
      ->type_name("LIST")
      ->check(not_empty())
      ->capture_default_str();
  command->add_option("--pp", a.pp, "Pipeline stages")
      ->type_name("N")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  add_load(*command, a);
  command
      ->add_option("--profile", a.profiles,
                   "A profile with fits, to go before those of the program; again for more")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->check(not_empty());
  command->add_flag("--json", a.json, "Print JSON (docs/speed.md)");
  command
      ->add_option(
          "--plot", a.plot,
          "Draw tokens/s of a GPU against tensor parallel size (needs gnuplot, whose script "
          "stays beside it as FILE.gp)")
      ->type_name("FILE.svg")
      ->check(not_empty());
  command->add_flag("--force", a.force, "Replace FILE.svg and FILE.gp");
  command->footer(
      "Exit code 1: no profile has the kernels of any of the models; stderr says so.\n"
      "Examples:\n"
      "  headroom speed --model gemma-3-27b-it --gpu H200\n"
      "  headroom speed --model gemma-3-27b-it,qwen3-14b --gpu H200 --tp 1..16 --plot tp.svg");
  command->callback(
      [arguments, &exit_code] { exit_code = answered([&] { return print_speed(*arguments); }); });
}

}  // namespace headroom::cli
