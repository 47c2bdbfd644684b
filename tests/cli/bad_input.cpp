#include "tests/cli/bad_input.hpp"

#include "tests/catch.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <filesystem>

namespace headroom::test {
namespace {

namespace fs = std::filesystem;

std::string in_folder(std::string text, const std::string& folder) {
  for (auto at = text.find('@'); at != std::string::npos; at = text.find('@')) {
    text.replace(at, 1, folder);
  }
  return text;
}

}  // namespace

void check_refused(const BadInput& input) {
  const TempDir folder;
  for (const auto& [name, content] : input.files) folder.write(name, content);
  std::vector<std::string> arguments;
  for (const auto& argument : input.arguments) {
    arguments.push_back(in_folder(argument, folder.path().string()));
  }
  if (arguments.empty()) arguments = {"run", (folder.path() / "s.toml").string()};
  const bool names_out = std::find(arguments.begin(), arguments.end(), "--out") != arguments.end();
  if (arguments.front() == "run" && !names_out) {
    arguments.insert(arguments.end(), {"--out", (folder.path() / "out").string()});
  }
  CommandOptions options;
  options.environment = input.environment;
  const CommandResult result = run_headroom(arguments, options);
  INFO(input.what << "\nstdout: " << result.out << "\nstderr: " << result.err);
  CHECK(result.exit_code == 2);
  CHECK(result.out.empty());
  for (const auto& piece : input.pieces) {
    INFO("wanted: " << piece);
    CHECK(result.err.find(in_folder(piece, folder.path().string())) != std::string::npos);
  }
  CHECK_FALSE(fs::exists(folder.path() / "out" / "result.json"));
  CHECK_FALSE(has_partial_folder(folder.path()));
}

void check_refused(const std::vector<BadInput>& inputs) {
  for (const auto& input : inputs) check_refused(input);
}

std::string listed_scenario(const Edits& edits, const std::string& more) {
  std::string text =
      "policies = [\"naive\"]\n"
      "\n"
      "[[cluster.nodes]]\n"
      "gpu = \"RTX-3090\"\n"
      "gpus = 4\n"
      "\n"
      "[[request]]\n"
      "name = \"chat\"\n"
      "model = \"meta-llama-3.1-8b\"\n";
  for (const auto& [from, to] : edits) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  }
  return text + more;
}

std::string trace_scenario(const std::string& trace, const std::string& more) {
  return "policies = [\"naive\"]\n"
         "[[cluster.nodes]]\n"
         "gpu = \"T4\"\n"
         "gpus = 4\n"
         "count = 50\n"
         "[workload]\n"
         "trace = \"" +
         trace + "\"\n" + more;
}

}  // namespace headroom::test
