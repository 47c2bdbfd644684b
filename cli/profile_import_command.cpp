// headroom profile import: a profile from tables that others published.

#include "cli/commands.hpp"
#include "cli/profile_commands.hpp"
#include "study/output_file.hpp"
#include "study/profile/import.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

namespace headroom::cli {
namespace {

struct ImportArguments {
  profile::ImportOptions options;
  std::string source_name;
  std::string license;
  std::string location;
  std::string out;
  bool force = false;
};

std::optional<std::string> if_given(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

Result<int> import_profile(ImportArguments& arguments) {
  profile::ImportOptions& options = arguments.options;
  options.source_name = if_given(arguments.source_name);
  options.license = if_given(arguments.license);
  options.location = if_given(arguments.location);
  HEADROOM_TRY(const profile::Imported imported, profile::import_tables(options));
  HEADROOM_TRY(OutputFile out, OutputFile::open(arguments.out, arguments.force));
  HEADROOM_CHECK(out.write(profile::profile_json(imported.profile)));
  HEADROOM_CHECK(out.close());
  const std::string name = imported.profile.device.name;
  if (imported.other_gpus > 0) {
    fmt::print(stderr, "headroom: {} rows are about other GPUs than {}\n", imported.other_gpus,
               name);
  }
  for (const auto& [what, rows] : imported.left_out) {
    fmt::print(stderr, "headroom: left out: {} {}\n", profile::counted(rows, "row"), what);
  }
  if (!arguments.out.empty()) {
    fmt::print("{}: {} on {}\n", arguments.out, profile::counts_text(imported.profile), name);
  }
  return kDone;
}

}  // namespace

void add_profile_import_command(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<ImportArguments>();
  ImportArguments& a = *arguments;
  CLI::App* command = group.add_subcommand("import", "A profile from tables that others published");
  command
      ->add_option("--from", a.options.files,
                   "Tables (CSV, plain or gzipped) as published; again for more")
      ->required()
      ->type_name("FILE")
      ->check(not_empty());
  command
      ->add_option("--gpu", a.options.gpu,
                   "The GPU; default: by the first word of the files' names")
      ->type_name("NAME")
      ->check(not_empty());
  command->add_option("--source-name", a.source_name, "Who published them")->type_name("TEXT");
  command->add_option("--license", a.license, "Under which licence")->type_name("TEXT");
  command->add_option("--location", a.location, "Where")->type_name("TEXT");
  command->add_option("--out", a.out, "The profile to write; default: the standard output")
      ->type_name("FILE")
      ->check(not_empty());
  command->add_flag("--force", a.force, "Replace the --out file");
  command->footer(
      "What a table holds is told from its columns (docs/profile.md): attention, latent "
      "attention,\nmatrix products, collectives and whole deployments are taken.\n"
      "Example:\n"
      "  headroom profile import --from h200_context_attention.csv.gz \\\n"
      "    --from h200_generation_attention.csv.gz --gpu H200 --license Apache-2.0 --out "
      "h200.json");
  command->callback([arguments, &exit_code] {
    exit_code = answered([&] { return import_profile(*arguments); });
  });
}

}  // namespace headroom::cli
