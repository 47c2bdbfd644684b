// headroom trace generate: a made-up trace from a generator file.

#include "cli/commands.hpp"
#include "study/generated_requests.hpp"
#include "study/output_file.hpp"
#include "traces/native_writer.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

namespace headroom::cli {
namespace {

struct GenerateArguments {
  std::string file;
  std::uint64_t seed = 1;
  std::optional<std::int64_t> requests;
  std::optional<std::string> until;
  std::string mix;
  std::string out;
  bool force = false;
};

Status generate(const GenerateArguments& arguments) {
  HEADROOM_TRY(GeneratorSpec spec, read_generator(arguments.file));
  if (arguments.requests) spec.requests = arguments.requests;
  if (arguments.until) {
    const auto until = parse_seconds(*arguments.until);
    if (!until) return fail(until.error().message, {"--until"}, until.error().hint);
    if (*until < Duration::zero()) {
      return fail(fmt::format("'{}' is before the beginning", *arguments.until), {"--until"});
    }
    spec.span = *until;
  }
  std::optional<Mix> mix;
  if (!arguments.mix.empty()) {
    HEADROOM_TRY(mix, read_mix(arguments.mix));
  } else {
    HEADROOM_TRY(mix, mix_of(spec, arguments.file));
  }
  HEADROOM_TRY(const auto requests,
               generated_requests(spec, mix ? &*mix : nullptr, std::nullopt, arguments.seed));
  HEADROOM_TRY(OutputFile out, OutputFile::open(arguments.out, arguments.force));
  HEADROOM_CHECK(out.write(native_header() + "\n"));
  std::int64_t rows = 0;
  while (true) {
    HEADROOM_TRY(const auto request, requests->next());
    if (!request) break;
    HEADROOM_CHECK(out.write(native_line(*request) + "\n"));
    ++rows;
  }
  HEADROOM_CHECK(out.close());
  if (!arguments.out.empty()) fmt::print("{}: {} rows\n", arguments.out, rows);
  return {};
}

}  // namespace

void add_trace_generate_command(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<GenerateArguments>();
  CLI::App* command =
      group.add_subcommand("generate", "A made-up trace in the native format (docs/generator.md)");
  command->add_option("generator", arguments->file, "Generator file (TOML)")
      ->required()
      ->type_name("FILE");
  command->add_option("--seed", arguments->seed, "Seed of all random numbers; default: 1")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000'000}))
      ->type_name("S");
  command->add_option("--requests", arguments->requests, "At most so many; default: the file's")
      ->check(CLI::Range(std::int64_t{1}, kMostGenerated))
      ->type_name("N");
  command
      ->add_option("--until", arguments->until, "No arrival after this; default: the file's span")
      ->type_name("SECONDS");
  command
      ->add_option("--mix", arguments->mix,
                   "GPU tasks become deployments of this mix; default: the file's, if it names one")
      ->type_name("FILE")
      ->check(not_empty());
  command
      ->add_option("--out", arguments->out,
                   "The file to write (.gz: gzipped); default: the standard output")
      ->type_name("FILE")
      ->check(not_empty());
  command->add_flag("--force", arguments->force, "Replace an existing file");
  command->callback([arguments, &exit_code] {
    const Status status = generate(*arguments);
    exit_code = status ? kDone : report(status.error());
  });
}

}  // namespace headroom::cli
