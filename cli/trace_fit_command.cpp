// headroom trace fit: a generator file whose output is like a recorded trace, and how like.

#include "cli/commands.hpp"
#include "study/output_file.hpp"
#include "study/trace_fit/fit_trace.hpp"
#include "traces/sorted_tasks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headroom::cli {
namespace {

struct FitArguments {
  std::string file;
  std::string format;
  std::optional<std::string> on_bad_row;
  std::string process = "gamma";
  std::string lifetimes = "empirical";
  bool cycles = false;
  std::uint64_t seed = 1;
  std::string out;
  bool force = false;
};

TraceFitOptions options_of(const FitArguments& arguments) {
  TraceFitOptions options;
  options.process = arguments.process == "poisson" ? ArrivalKind::poisson
                    : arguments.process == "mmpp"  ? ArrivalKind::mmpp
                                                   : ArrivalKind::gamma;
  using Lifetimes = TraceFitOptions::Lifetimes;
  options.lifetimes = arguments.lifetimes == "lognormal" ? Lifetimes::lognormal
                      : arguments.lifetimes == "weibull" ? Lifetimes::weibull
                                                         : Lifetimes::empirical;
  options.cycles_only = arguments.cycles;
  options.name = std::filesystem::path(arguments.file).filename().string();
  return options;
}

void print_figures(const std::vector<FitFigure>& figures, std::uint64_t seed) {
  const std::string generated = fmt::format("seed {}", seed);
  fmt::print("{:<40}{:>14}{:>14}{:>13}{:>11}\n", "figure", "trace", generated, "difference",
             "tolerance");
  for (const FitFigure& figure : figures) {
    const std::string name =
        figure.unit.empty() ? figure.name : fmt::format("{} ({})", figure.name, figure.unit);
    const char* unit = figure.points ? "pp" : "% ";
    fmt::print("{:<40}{:>14.6g}{:>14.6g}{:>+10.1f} {}{:>8.0f} {} {}\n", name, figure.real,
               figure.generated, figure.difference * 100.0, unit, figure.tolerance * 100.0, unit,
               figure.ok ? "ok" : "outside");
  }
}

Result<TraceProfile> profile(const FitArguments& arguments) {
  HEADROOM_TRY(const AnyFormat format, any_format(arguments.format, arguments.file));
  if (format.tasks == nullptr) {
    return fail("this is a trace of requests to a model: there are no tasks to fit",
                {arguments.file});
  }
  RowRules rules;
  if (arguments.on_bad_row == "skip") rules.skipped = std::make_shared<SkippedRows>();
  HEADROOM_TRY(const SortedTasks sorted,
               open_sorted_tasks(*format.tasks, arguments.file, rules, {}));
  auto out = profile_of(*sorted.tasks);
  if (out && rules.skipped) report_skipped(*rules.skipped);
  return out;
}

Result<int> fit(const FitArguments& arguments) {
  HEADROOM_TRY(const TraceProfile real, profile(arguments));
  auto fitted = fit_trace(real, options_of(arguments));
  if (!fitted) return fail(fitted.error().message, {arguments.file}, fitted.error().hint);
  if (!arguments.out.empty()) {
    HEADROOM_TRY(OutputFile out, OutputFile::open(arguments.out, arguments.force));
    HEADROOM_CHECK(out.write(generator_text(*fitted)));
    HEADROOM_CHECK(out.close());
  }
  HEADROOM_TRY(const TraceProfile generated, generated_profile(*fitted, arguments.seed));
  const auto figures = compare_profiles(real, generated);
  if (real.without_lifetime > 0) {
    fmt::print("{} tasks without a lifetime are left out.\n", real.without_lifetime);
  }
  print_figures(figures, arguments.seed);
  if (!arguments.out.empty()) {
    fmt::print("\nWritten to {}: headroom trace generate {}\n", arguments.out, arguments.out);
  }
  const bool ok = std::all_of(figures.begin(), figures.end(),
                              [](const FitFigure& figure) { return figure.ok; });
  return ok ? kDone : kGateFailed;
}

}  // namespace

void add_trace_fit_command(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<FitArguments>();
  CLI::App* command = group.add_subcommand(
      "fit", "A generator file like a recorded trace, and how like (docs/generator.md)");
  command->add_option("trace", arguments->file, "The trace, plain or gzipped")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--format", arguments->format,
                   "Its format (headroom formats); default: told from its first line")
      ->type_name("NAME")
      ->check(not_empty());
  add_on_bad_row(*command, arguments->on_bad_row);
  command->add_option("--process", arguments->process, "Of the arrivals; default: gamma")
      ->check(CLI::IsMember({"gamma", "mmpp", "poisson"}))
      ->type_name("gamma|mmpp|poisson");
  command
      ->add_option("--lifetimes", arguments->lifetimes,
                   "Quantiles of the trace, or a distribution by its moments; default: empirical")
      ->check(CLI::IsMember({"empirical", "lognormal", "weibull"}))
      ->type_name("empirical|lognormal|weibull");
  command->add_flag("--cycles-only", arguments->cycles,
                    "Cycles of day and week without a trend: goes on beyond the trace's span");
  command->add_option("--seed", arguments->seed, "Of the output that is compared; default: 1")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000'000}))
      ->type_name("S");
  command->add_option("--out", arguments->out, "The generator file to write")
      ->type_name("FILE")
      ->check(not_empty());
  command->add_flag("--force", arguments->force, "Replace an existing file");
  command->callback(
      [arguments, &exit_code] { exit_code = answered([&] { return fit(*arguments); }); });
}

}  // namespace headroom::cli
