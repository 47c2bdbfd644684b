// headroom trace stats | convert: what a trace holds, and the same trace in another format.

#include "cli/commands.hpp"
#include "study/trace_convert.hpp"
#include "study/trace_stats.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <vector>

namespace headroom::cli {
namespace {

struct TraceArguments {
  std::string file;
  std::string format;
  std::optional<std::string> on_bad_row;
  std::string memory = "1GiB";
  bool json = false;
  std::string to;
  std::string out;
  bool force = false;

  [[nodiscard]] bool skip() const { return on_bad_row == "skip"; }
};

Result<SortLimits> limits_of(const TraceArguments& arguments) {
  SortLimits limits;
  constexpr Bytes kLeast = Bytes{1} << 16;
  const auto memory = parse_bytes(arguments.memory);
  if (!memory) return fail(memory.error().message, {"--memory"}, memory.error().hint);
  if (*memory < kLeast) {
    return fail(fmt::format("'{}' is too little to sort with", arguments.memory), {"--memory"},
                fmt::format("at least {} bytes", kLeast));
  }
  limits.memory = static_cast<std::size_t>(*memory);
  return limits;
}

Status print_stats(const TraceArguments& arguments) {
  HEADROOM_TRY(const SortLimits limits, limits_of(arguments));
  HEADROOM_TRY(const AnyFormat format, any_format(arguments.format, arguments.file));
  const std::string name = std::filesystem::path(arguments.file).filename().string();
  if (format.tasks != nullptr) {
    HEADROOM_TRY(TaskStats stats,
                 task_stats(*format.tasks, arguments.file, arguments.skip(), limits));
    fmt::print("{}", arguments.json ? task_stats_json(name, *format.tasks, stats)
                                    : task_stats_text(name, *format.tasks, stats));
    report_skipped(stats.skipped);
    return {};
  }
  HEADROOM_TRY(TokenStats stats, token_stats(*format.tokens, arguments.file, arguments.skip()));
  fmt::print("{}", arguments.json ? token_stats_json(name, *format.tokens, stats)
                                  : token_stats_text(name, *format.tokens, stats));
  report_skipped(stats.skipped);
  return {};
}

Status convert(const TraceArguments& arguments) {
  ConvertOptions options;
  HEADROOM_TRY(options.limits, limits_of(arguments));
  HEADROOM_TRY(const AnyFormat format, any_format(arguments.format, arguments.file));
  if (format.tasks == nullptr) {
    return fail("this is a trace of requests to a model: there are no tasks to convert",
                {arguments.file}, "headroom trace stats prints its figures");
  }
  options.to = arguments.to;
  options.out = arguments.out;
  options.replace = arguments.force;
  options.skip_bad_rows = arguments.skip();
  HEADROOM_TRY(const Converted done, convert_trace(*format.tasks, arguments.file, options));
  report_skipped(done.skipped);
  if (!arguments.out.empty()) {
    fmt::print("{}: {} rows{}\n", arguments.out, done.rows,
               done.was_sorted ? "" : ", now in order of arrival");
  }
  return {};
}

void add_common(CLI::App& command, TraceArguments& arguments) {
  command.add_option("trace", arguments.file, "The trace, plain or gzipped")
      ->required()
      ->type_name("FILE");
  command
      .add_option("--format", arguments.format,
                  "Its format (headroom formats); default: told from its first line")
      ->type_name("NAME")
      ->check(not_empty());
  add_on_bad_row(command, arguments.on_bad_row);
  command
      .add_option("--memory", arguments.memory,
                  "Most rows held to sort an unsorted trace; beyond, temporary files (in TMPDIR)")
      ->type_name("SIZE")
      ->default_str("1GiB");
}

void add_stats_command(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<TraceArguments>();
  CLI::App* command =
      group.add_subcommand("stats", "Counts, demand, arrivals and lifetimes of a trace");
  add_common(*command, *arguments);
  command->add_flag("--json", arguments->json, "Print JSON instead of tables");
  command->callback([arguments, &exit_code] {
    const Status status = print_stats(*arguments);
    exit_code = status ? kDone : report(status.error());
  });
}

void add_convert_command(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<TraceArguments>();
  CLI::App* command =
      group.add_subcommand("convert", "The same trace in another format, in order of arrival");
  add_common(*command, *arguments);
  const auto names = convert_targets();
  command->add_option("--to", arguments->to, "native, csv or swf")
      ->required()
      ->type_name("FORMAT")
      ->check(CLI::IsMember(std::vector<std::string>(names.begin(), names.end())));
  command
      ->add_option("--out", arguments->out,
                   "The file to write (.gz: gzipped); default: the standard output")
      ->type_name("FILE")
      ->check(not_empty());
  command->add_flag("--force", arguments->force, "Replace an existing file");
  command->callback([arguments, &exit_code] {
    const Status status = convert(*arguments);
    exit_code = status ? kDone : report(status.error());
  });
}

}  // namespace

void add_trace_command(CLI::App& app, int& exit_code) {
  CLI::App* group =
      app.add_subcommand("trace", "What a trace holds, its conversion, made-up traces");
  group->require_subcommand(1);
  add_stats_command(*group, exit_code);
  add_convert_command(*group, exit_code);
  add_trace_generate_command(*group, exit_code);
  add_trace_fit_command(*group, exit_code);
}

}  // namespace headroom::cli
