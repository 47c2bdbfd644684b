// headroom profile shapes | show | compare | import: how fast GPUs compute shards of attention.

#include "cli/commands.hpp"
#include "cli/model_arguments.hpp"
#include "study/output_file.hpp"
#include "study/profile/compare.hpp"
#include "study/profile/import.hpp"
#include "study/profile/shapes.hpp"
#include "study/profile/show.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headroom::cli {
namespace {

constexpr const char* kSizes = "1,2,4,8";

// shapes

struct ShapesArguments {
  std::vector<std::string> models;
  std::string tp = kSizes;
};

/// Each model once, in the order given.
Result<std::vector<std::shared_ptr<const Model>>> models_of(const std::vector<std::string>& texts) {
  std::vector<std::shared_ptr<const Model>> out;
  for (const std::string& text : texts) {
    for (const std::string& name : split_list(text)) {
      std::vector<std::shared_ptr<const Model>> named;
      if (name == "all") {
        named = all_models();
      } else {
        HEADROOM_TRY(auto model, read_model(name, "--model"));
        named.push_back(std::move(model));
      }
      for (auto& model : named) {
        const bool known = std::any_of(out.begin(), out.end(), [&](const auto& other) {
          return other->name == model->name && other->source == model->source;
        });
        if (!known) out.push_back(std::move(model));
      }
    }
  }
  return out;
}

Result<int> print_shapes(const ShapesArguments& arguments) {
  HEADROOM_TRY(const auto sizes, parse_sizes(arguments.tp, "--tp"));
  HEADROOM_TRY(const auto models, models_of(arguments.models));
  const profile::ShapeList list = profile::shard_shapes(models, sizes);
  fmt::print("{}", profile::shapes_json(list));
  if (!list.shapes.empty()) return kDone;
  for (const profile::RefusedShape& one : list.refused) {
    fmt::print(
        stderr, "headroom: {}{}: {}\n", profile::plain_text(one.model),
        one.tensor_parallel ? fmt::format(", tensor parallel size {}", *one.tensor_parallel) : "",
        one.reason);
  }
  return kGateFailed;
}

void add_tp(CLI::App& command, std::string& value) {
  command.add_option("--tp", value, "Tensor parallel sizes")
      ->type_name("LIST")
      ->check(not_empty())
      ->capture_default_str();
}

void add_shapes(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<ShapesArguments>();
  CLI::App* command = group.add_subcommand(
      "shapes", "The shards of attention that models have at tensor parallel sizes, as JSON");
  command
      ->add_option("--model", arguments->models,
                   "Names (headroom models), paths of a config.json, or all; again for more")
      ->required()
      ->type_name("MODEL")
      ->check(not_empty());
  add_tp(*command, arguments->tp);
  command->footer(
      "Equal shards of several models are one shape. The list keeps heads of any size;\n"
      "headroom-attention-bench measures those of 64, 128 and 256 on a GPU, multiples of 16 up\n"
      "to 256 on a CPU, and says what it skips. Points are of full attention, also where layers\n"
      "see a sliding window. Exit code 1: every model or size was refused; stderr says why.\n"
      "Examples:\n"
      "  headroom profile shapes --model gemma-3-27b-it --tp 1,2,4,8 > shapes.json\n"
      "  headroom profile shapes --model gemma-3-27b-it --model ./config.json --tp 1,2\n"
      "  headroom profile shapes --model all > shapes.json");
  command->callback(
      [arguments, &exit_code] { exit_code = answered([&] { return print_shapes(*arguments); }); });
}

// show

struct ShowArguments {
  std::string file;
  std::string model;
  std::string tp = kSizes;
  std::string shape;
  bool all = false;
  bool json = false;
};

Result<profile::ShardShape> parse_shape(const std::string& text) {
  std::array<std::int64_t, 3> parts{};
  const char* at = text.data();
  const char* const end = at + text.size();
  bool good = true;
  for (std::size_t i = 0; i < parts.size() && good; ++i) {
    if (i > 0) good = at != end && *at++ == '/';
    const auto [next, error] = std::from_chars(at, end, parts[i]);
    good = good && error == std::errc() && parts[i] > 0;
    at = next;
  }
  if (good && at == end) return profile::ShardShape{parts[0], parts[1], parts[2]};
  return fail(fmt::format("'{}' is no shape", text.substr(0, 80)), {"--shape"},
              "query heads, KV heads and head size of a GPU, such as 16/8/128");
}

Result<int> print_profile(const ShowArguments& arguments) {
  profile::ShowOptions options;
  options.all = arguments.all;
  if (!arguments.shape.empty()) {
    HEADROOM_TRY(options.shape, parse_shape(arguments.shape));
  }
  HEADROOM_TRY(const auto sizes, parse_sizes(arguments.tp, "--tp"));
  std::shared_ptr<const Model> model;
  if (!arguments.model.empty()) {
    HEADROOM_TRY(model, read_model(arguments.model, "--model"));
  }
  HEADROOM_TRY(const profile::Profile shown, profile::read_profile(arguments.file));
  std::vector<profile::Scaling> scalings;
  if (model != nullptr) {
    HEADROOM_TRY(scalings, profile::scaling_of(shown, *model, sizes));
  }
  if (arguments.json) {
    fmt::print("{}", profile::show_json(shown, scalings, options));
    return kDone;
  }
  fmt::print("{}", profile::header_text(shown));
  for (const profile::Scaling& scaling : scalings) {
    fmt::print("{}", profile::scaling_text(shown, scaling, options.all));
  }
  if (scalings.empty()) {
    const std::string tables = profile::tables_text(shown, options);
    const bool none = tables.empty() && options.shape;
    fmt::print("{}", none ? "\nNo point has this shape.\n" : tables);
  }
  return kDone;
}

void add_show(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<ShowArguments>();
  CLI::App* command = group.add_subcommand(
      "show", "A profile as tables, checked against its schema (docs/profile.md)");
  command->add_option("profile", arguments->file, "The profile; - for the standard input")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--model", arguments->model,
                   "Throughput of a GPU against tensor parallel size for this model instead")
      ->type_name("MODEL")
      ->check(not_empty());
  add_tp(*command, arguments->tp);
  command->add_option("--shape", arguments->shape, "This shape alone: 16/8/128")
      ->type_name("Q/KV/DIM")
      ->check(not_empty())
      ->excludes("--model");
  command->add_flag("--all", arguments->all, "Every row of long tables");
  command->add_flag("--json", arguments->json, "Print JSON, with every row");
  command->footer(
      "With --model, figures are of full attention: above the tables stands how many layers see\n"
      "a window only. Marks behind figures in doubt are explained below the tables.\n"
      "Examples:\n"
      "  headroom profile show h200.json\n"
      "  headroom profile show h200.json --shape 16/8/128\n"
      "  headroom profile show h200.json --model gemma-3-27b-it --tp 1,2,4,8,16,32");
  command->callback(
      [arguments, &exit_code] { exit_code = answered([&] { return print_profile(*arguments); }); });
}

// compare

struct CompareArguments {
  std::string a;
  std::string b;
  std::int64_t top = 10;
  bool json = false;
};

Result<int> print_comparison(const CompareArguments& arguments) {
  HEADROOM_TRY(const profile::Profile a, profile::read_profile(arguments.a));
  HEADROOM_TRY(const profile::Profile b, profile::read_profile(arguments.b));
  HEADROOM_TRY(const profile::Comparison found, profile::compare(a, b));
  fmt::print("{}", arguments.json
                       ? profile::compare_json(found)
                       : profile::compare_text(found, static_cast<std::size_t>(arguments.top)));
  return kDone;
}

void add_compare(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App* command =
      group.add_subcommand("compare", "Times of one profile over those of another, by shape");
  command->add_option("a", arguments->a, "The profile to compare with")->required()->type_name("A");
  command->add_option("b", arguments->b, "The profile whose times are divided by A's")
      ->required()
      ->type_name("B");
  command->add_option("--top", arguments->top, "How many of the largest differences")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print JSON, with all differences");
  command->footer(
      "Hot medians where both have them, else cold ones. A CPU is not compared with a GPU.\n"
      "Example:\n"
      "  headroom profile compare h100.json h200.json --top 20");
  command->callback([arguments, &exit_code] {
    exit_code = answered([&] { return print_comparison(*arguments); });
  });
}

// import

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
  if (!arguments.out.empty()) {
    fmt::print("{}: {} points of attention and {} of collectives on {}\n", arguments.out,
               imported.profile.attention.size(), imported.profile.collectives.size(), name);
  }
  return kDone;
}

void add_import(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<ImportArguments>();
  ImportArguments& a = *arguments;
  CLI::App* command = group.add_subcommand("import", "A profile from tables that others published");
  command
      ->add_option("--from", a.options.files,
                   "Tables (CSV, plain or gzipped) of attention or collectives; again for more")
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
      "What a table holds is told from its columns (docs/profile.md): context attention, "
      "generation\nattention and collectives are taken.\n"
      "Example:\n"
      "  headroom profile import --from h200_context_attention.csv.gz \\\n"
      "    --from h200_generation_attention.csv.gz --gpu H200 --license Apache-2.0 --out "
      "h200.json");
  command->callback([arguments, &exit_code] {
    exit_code = answered([&] { return import_profile(*arguments); });
  });
}

}  // namespace

void add_profile_command(CLI::App& app, int& exit_code) {
  CLI::App* group = app.add_subcommand(
      "profile", "How fast GPUs compute shards of attention: shapes to measure, and profiles");
  group->require_subcommand(1);
  group->footer(
      "Examples:\n"
      "  headroom profile shapes --model gemma-3-27b-it --tp 1,2,4,8 > shapes.json\n"
      "  headroom profile import --from h200_generation_attention.csv.gz --out h200.json\n"
      "  headroom profile show h200.json --model gemma-3-27b-it\n"
      "  headroom profile compare h100.json h200.json");
  add_shapes(*group, exit_code);
  add_show(*group, exit_code);
  add_compare(*group, exit_code);
  add_import(*group, exit_code);
}

}  // namespace headroom::cli
