// headroom reproduce: whether headroom comes to what others published of schedulers it reproduces.

#include "cli/commands.hpp"
#include "cli/seeds.hpp"
#include "study/flat_pool.hpp"
#include "study/reproduce/batsim.hpp"
#include "study/reproduce/fgd/agreement.hpp"
#include "study/reproduce/gpustack_cases.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

namespace headroom::cli {

namespace {

// What a comparison found: printed, and the exit code.
template <class Report>
int tell(const Report& report, bool json, std::string (*as_json)(const Report&),
         std::string (*as_text)(const Report&), std::size_t failed) {
  fmt::print("{}", json ? as_json(report) : as_text(report));
  return failed > 0 ? kGateFailed : kDone;
}

void add_gpustack(CLI::App& group, int& exit_code) {
  struct Arguments {
    std::string cases;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = group.add_subcommand(
      "gpustack",
      "Run cases about GPUStack's scheduler (docs/gpustack.md); exit code 1 where one "
      "disagrees");
  command->add_option("--cases", arguments->cases, "Folder with *.json files of cases")
      ->required()
      ->type_name("FOLDER")
      ->check(not_empty());
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments, &exit_code] {
    exit_code = answered([&]() -> Result<int> {
      HEADROOM_TRY(const auto found, reproduce_gpustack(arguments->cases));
      return tell(found, arguments->json, reproduce_json, reproduce_text, found.disagreeing());
    });
  });
}

struct FgdArguments {
  fgd::Question question;
  std::optional<std::string> seeds;
  std::string plots;
  bool json = false;
};

Result<int> reproduce_fgd(FgdArguments& arguments) {
  fgd::Question& question = arguments.question;
  if (arguments.seeds) {
    HEADROOM_TRY(question.seeds, parse_seeds(*arguments.seeds));
  }
  if (!question.own_orders && question.orders.empty()) {
    return fail("the orders of arrival are not there", {},
                "name their folder with --orders, or draw some with --own-orders");
  }
  if (!arguments.plots.empty()) HEADROOM_CHECK(fgd::prepare_plots(arguments.plots));
  question.progress = on_terminal();
  HEADROOM_TRY(const fgd::Report result, fgd::reproduce(question));
  const int code =
      tell(result, arguments.json, fgd::report_json, fgd::report_text, result.disagreeing());
  if (!arguments.plots.empty()) HEADROOM_CHECK(fgd::write_plots(result, arguments.plots));
  return code;
}

void add_fgd(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<FgdArguments>();
  fgd::Question& question = arguments->question;
  CLI::App* command = group.add_subcommand(
      "fgd",
      "Run FGD's published experiment (docs/validation.md); exit code 1 where a run disagrees");
  command->add_option("--pods", question.pods, "Folder with openb_pod_list_*.csv or .csv.gz")
      ->required()
      ->type_name("FOLDER");
  command->add_option("--nodes", question.nodes, "List of the GPU nodes (CSV)")
      ->required()
      ->type_name("FILE");
  CLI::Option* orders =
      command
          ->add_option("--orders", question.orders,
                       "Folder with orders of arrival, LIST.seedN.order or .order.gz")
          ->type_name("FOLDER");
  command
      ->add_option("--expected", question.expected,
                   "Folder with the published analysis_*_discrete.csv or .csv.gz")
      ->required()
      ->type_name("FOLDER");
  command->add_option("--lists", question.lists, "Of the pod lists these; default: all there")
      ->delimiter(',')
      ->type_name("NAMES");
  command
      ->add_option("--policies", question.policies,
                   "Of random, dot-product, gpu-clustering, gpu-packing, best-fit and fgd these; "
                   "default: all")
      ->delimiter(',')
      ->type_name("NAMES");
  command->add_option("--seeds", arguments->seeds, "42..51 or 42,43; default: the published ones")
      ->type_name("SEEDS");
  command
      ->add_flag("--own-orders", question.own_orders,
                 "Draw orders by the experiment's rules, and compare as distributions")
      ->excludes(orders);
  command->add_option("--plots", arguments->plots, "Write an SVG for each list (needs gnuplot)")
      ->type_name("FOLDER");
  command->add_option("-j,--jobs", question.jobs, "Runs at a time; default: one per core")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command->add_flag("--json", arguments->json, "Print JSON, with all curves");
  command->callback(
      [arguments, &exit_code] { exit_code = answered([&] { return reproduce_fgd(*arguments); }); });
}

void add_batsim(CLI::App& group, int& exit_code) {
  struct Arguments {
    std::string jobs;
    std::string queue;
    std::int64_t machines = 32;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = group.add_subcommand(
      "batsim",
      "Compare backfilling with a schedule of Batsim's, start by start (docs/validation.md); exit "
      "code 1 where a difference has no explanation");
  command->add_option("--jobs", arguments->jobs, "Batsim's out_jobs.csv")
      ->required()
      ->type_name("FILE")
      ->check(not_empty());
  command->add_option("--queue", arguments->queue, "easy or conservative, as the schedule is")
      ->required()
      ->type_name("NAME");
  command->add_option("--machines", arguments->machines, "How many there were; default: 32")
      ->check(CLI::Range(std::int64_t{1}, kMostFlatGpus))
      ->type_name("N");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments, &exit_code] {
    exit_code = answered([&]() -> Result<int> {
      HEADROOM_TRY(const auto found,
                   reproduce_batsim(arguments->jobs, arguments->queue, arguments->machines));
      return tell(found, arguments->json, batsim_json, batsim_text, found.unexplained());
    });
  });
}

}  // namespace

void add_reproduce_command(CLI::App& app, int& exit_code) {
  CLI::App* group = app.add_subcommand(
      "reproduce", "Whether headroom comes to what others published of schedulers it reproduces");
  group->require_subcommand(1);
  add_gpustack(*group, exit_code);
  add_fgd(*group, exit_code);
  add_batsim(*group, exit_code);
}

}  // namespace headroom::cli
