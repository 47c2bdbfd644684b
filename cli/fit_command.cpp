// headroom fit: what starts on these GPUs, how, and what to change where nothing does.

#include "cli/commands.hpp"
#include "cli/cost_arguments.hpp"
#include "cli/model_arguments.hpp"
#include "sim/core/nearest.hpp"
#include "study/fit/gpus.hpp"
#include "study/fit/json.hpp"
#include "study/fit/pool.hpp"
#include "study/fit/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headroom::cli {
namespace {

constexpr std::int64_t kMostTokens = 100'000'000;

struct FitArguments {
  std::string model;
  std::string models;
  std::string gpus;
  std::string cluster;
  std::string pool;
  std::string engine = "vllm";
  std::optional<std::int64_t> context;
  std::int64_t sequences = 16;
  std::int64_t batched_tokens = 2048;
  std::optional<double> utilisation;
  std::string kv_cache = "auto";
  std::string runtime_overhead;
  std::optional<int> max_tp;
  int max_pp = 16;
  std::string allowed_tp;
  std::vector<std::string> policies;
  CostArguments cost;
  bool encoder_data_parallel = false;
  bool shape_only = false;
  bool json = false;
};

Result<FitQuestion> question_of(const FitArguments& arguments) {
  FitQuestion question;
  const auto names = engine_choices();
  if (std::find(names.begin(), names.end(), arguments.engine) == names.end()) {
    return fail(fmt::format("unknown engine '{}'", arguments.engine.substr(0, 80)), {"--engine"},
                suggest(arguments.engine, names));
  }
  question.engine = arguments.engine;
  HEADROOM_TRY(question.cost, cost_of(arguments.cost));
  if (arguments.utilisation && std::isnan(*arguments.utilisation)) {
    return fail("the utilisation is no number", {"--utilisation"}, "a share from 0.01 to 1");
  }
  ServingLimits& limits = question.limits;
  limits.context = arguments.context.value_or(limits.context);
  limits.sequences = arguments.sequences;
  limits.batched_tokens = arguments.batched_tokens;
  limits.utilisation_asked = arguments.utilisation.has_value();
  if (arguments.utilisation) {
    limits.utilisation_ppm = static_cast<std::int64_t>(std::llround(*arguments.utilisation * 1e6));
  }
  limits.kv_cache = arguments.kv_cache == "fp8" ? KvCacheType::fp8 : KvCacheType::model;
  limits.encoder_data_parallel = arguments.encoder_data_parallel;
  question.max_tp = arguments.max_tp;
  question.max_pp = arguments.max_pp;
  question.policies = arguments.policies;
  if (!arguments.runtime_overhead.empty()) {
    const auto bytes = parse_bytes(arguments.runtime_overhead);
    if (!bytes) return fail(bytes.error().message, {"--runtime-overhead"}, bytes.error().hint);
    question.overheads.runtime = *bytes;
  }
  if (!arguments.allowed_tp.empty()) {
    HEADROOM_TRY(question.allowed_tp, parse_sizes(arguments.allowed_tp, "--allowed-tp"));
    if (question.max_tp && question.allowed_tp.front() > *question.max_tp) {
      return fail(fmt::format("the smallest size, {}, is above --max-tp {}",
                              question.allowed_tp.front(), *question.max_tp),
                  {"--allowed-tp"}, "leave out one of the two");
    }
  }
  return question;
}

Status fit_one(const FitArguments& arguments) {
  if (arguments.model.empty()) {
    return fail("no model is named", {},
                "--model gemma-3-27b-it, or --model path/to/config.json; headroom models lists the "
                "names");
  }
  if (!arguments.models.empty()) {
    return fail("--models goes with --pool", {}, "use --model for one model");
  }
  HEADROOM_TRY(FitQuestion question, question_of(arguments));
  HEADROOM_TRY(question.model, read_model(arguments.model, "--model"));
  if (!arguments.context) use_own_context(question);
  if (!arguments.shape_only && !arguments.gpus.empty()) {
    HEADROOM_TRY(question.gpus, parse_gpus(arguments.gpus));
  }
  if (!arguments.shape_only && !arguments.cluster.empty()) {
    HEADROOM_TRY(question.gpus, read_gpus(arguments.cluster));
  }
  HEADROOM_TRY(const FitAnswer answer, answer_fit(question));
  fmt::print("{}", arguments.json ? fit_json(answer) : fit_text(answer));
  return {};
}

Status fit_pool(const FitArguments& arguments) {
  if (!arguments.model.empty()) {
    return fail("--model asks about one model, --pool about many", {},
                "with --pool use --models NAME,NAME or --models all");
  }
  if (arguments.shape_only) {
    return fail("--shape-only asks about one model without GPUs", {}, "leave out --pool");
  }
  HEADROOM_TRY(FitQuestion question, question_of(arguments));
  HEADROOM_TRY(question.gpus, read_gpus(arguments.pool));
  std::vector<std::shared_ptr<const Model>> models;
  if (arguments.models.empty() || arguments.models == "all") {
    models = all_models();
  } else {
    for (const std::string& name : split_list(arguments.models)) {
      HEADROOM_TRY(auto model, read_model(name, "--models"));
      models.push_back(std::move(model));
    }
  }
  HEADROOM_TRY(const PoolAnswer answer, answer_pool(question, models));
  fmt::print("{}", arguments.json ? pool_json(answer) : pool_text(answer));
  return {};
}

void add_limits(CLI::App& command, FitArguments& a) {
  command.add_option("--engine", a.engine, "Serving engine; headroom engines lists them")
      ->type_name("NAME");
  command.add_option("--context", a.context, "Longest sequence, tokens; default 8192")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, kMostTokens));
  command.add_option("--concurrency", a.sequences, "Sequences at once; default 16")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
  command.add_option("--batched-tokens", a.batched_tokens, "Tokens of one step; default 2048")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, kMostTokens));
  command
      .add_option("--utilisation,--utilization", a.utilisation,
                  "Share of each GPU's memory for the engine; default: its own")
      ->type_name("U")
      ->check(CLI::Range(0.01, 1.0));
  command.add_option("--kv-cache", a.kv_cache, "auto (the model's own type) or fp8")
      ->type_name("TYPE")
      ->check(CLI::IsMember({"auto", "fp8"}));
  command
      .add_option("--runtime-overhead", a.runtime_overhead,
                  "Memory the engine needs beside weights, activations and cache; default 551MB")
      ->type_name("SIZE");
  command.add_flag("--encoder-data-parallel", a.encoder_data_parallel,
                   "The whole vision tower on every GPU");
}

void add_sizes(CLI::App& command, FitArguments& a) {
  command.add_option("--max-tp", a.max_tp, "Largest tensor parallel size; default 16 for shapes")
      ->type_name("N")
      ->check(CLI::Range(1, kMostTp));
  command.add_option("--max-pp", a.max_pp, "Most pipeline stages; default 16")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  command.add_option("--allowed-tp", a.allowed_tp, "Tensor parallel sizes that may be used: 1,2,4")
      ->type_name("LIST")
      ->check(not_empty());
  command
      .add_option("--policy", a.policies,
                  "What this policy would do (again for more); default: all")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command.add_flag("--shape-only", a.shape_only, "Tensor parallel sizes alone, without GPUs")
      ->excludes("--gpus")
      ->excludes("--cluster")
      ->excludes("--encoder-data-parallel");
}

}  // namespace

void add_fit_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<FitArguments>();
  FitArguments& a = *arguments;
  CLI::App* command =
      app.add_subcommand("fit", "Whether and how a model fits on GPUs, before you deploy it");
  command->add_option("--model", a.model, "Name (headroom models), or path of a config.json")
      ->type_name("MODEL")
      ->check(not_empty());
  auto* gpus =
      command->add_option("--gpus", a.gpus, "3x24GiB, 8xH100-80GB, 2x8xA100-80GB (2 nodes of 8)")
          ->type_name("GPUS")
          ->check(not_empty());
  auto* cluster = command->add_option("--cluster", a.cluster, "Cluster or scenario file (TOML)")
                      ->type_name("FILE")
                      ->check(not_empty());
  auto* pool = command->add_option("--pool", a.pool, "Ask of this cluster what it can never hold")
                   ->type_name("FILE")
                   ->check(not_empty());
  gpus->excludes(cluster);
  pool->excludes(gpus)->excludes(cluster);
  command->add_option("--models", a.models, "With --pool: all, or names and files with commas")
      ->type_name("LIST")
      ->check(not_empty());
  add_limits(*command, a);
  add_sizes(*command, a);
  add_cost_options(*command, a.cost);
  command->add_flag("--json", a.json, "Print JSON (docs/fit.md)");
  command->footer(
      "Examples:\n"
      "  headroom fit --model gemma-3-27b-it --gpus 3x24GiB\n"
      "  headroom fit --model ./config.json --cluster mine.toml --context 32768\n"
      "  headroom fit --pool mine.toml --models all");
  command->callback([arguments, &exit_code] {
    const Status status = arguments->pool.empty() ? fit_one(*arguments) : fit_pool(*arguments);
    if (!status) exit_code = report(status.error());
  });
}

}  // namespace headroom::cli
