// headroom profile: how fast GPUs compute, measured and fitted.

#include "cli/commands.hpp"
#include "cli/profile_commands.hpp"

namespace headroom::cli {

void add_tp(CLI::App& command, std::string& value) {
  command.add_option("--tp", value, "Tensor parallel sizes")
      ->type_name("LIST")
      ->check(not_empty())
      ->capture_default_str();
}

void add_profile_command(CLI::App& app, int& exit_code) {
  CLI::App* group = app.add_subcommand(
      "profile", "How fast GPUs compute: shapes to measure, profiles, and fits to them");
  group->require_subcommand(1);
  group->footer(
      "Examples:\n"
      "  headroom profile shapes --model gemma-3-27b-it --tp 1,2,4,8 > shapes.json\n"
      "  headroom profile import --from h200_generation_attention.csv.gz --out h200.json\n"
      "  headroom profile show h200.json --model gemma-3-27b-it\n"
      "  headroom profile compare h100.json h200.json\n"
      "  headroom profile fit h200.json --fits-only --out h200-fits.json\n"
      "  headroom profile validate h200.json");
  add_profile_shapes_command(*group, exit_code);
  add_profile_import_command(*group, exit_code);
  add_profile_show_command(*group, exit_code);
  add_profile_compare_command(*group, exit_code);
  add_profile_fit_command(*group, exit_code);
  add_profile_validate_command(*group, exit_code);
}

}  // namespace headroom::cli
