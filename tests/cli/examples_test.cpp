// Every scenario that is shipped runs, and what it expects holds.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/sanitized.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <filesystem>

using namespace headroom::test;

namespace {

namespace fs = std::filesystem;

bool needs_traces(const fs::path& scenario) {
  return read_file(scenario).find("\"$TRACES/") != std::string::npos;
}

std::vector<fs::path> example_scenarios(bool with_traces) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(source_path("examples"))) {
    const std::string folder = entry.path().parent_path().filename().string();
    if (entry.path().extension() != ".toml" || folder == "mixes" || folder == "clusters" ||
        folder == "generators")
      continue;
    if (needs_traces(entry.path()) == with_traces) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_CASE("the examples that bring their own workload run", "[cli]") {
  const auto scenarios = example_scenarios(false);
  REQUIRE(scenarios.size() >= 5);
  for (const auto& scenario : scenarios) {
    const auto result = run_headroom({"run", scenario.string()});
    INFO(scenario << "\n" << result.out << "\n" << result.err);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    CHECK(result.out.find("unserved") != std::string::npos);
  }
}

TEST_CASE("the examples on public traces run at a small load", "[cli]") {
  const auto traces = shared_path("traces");
  if (!traces) return;
  const auto scenarios = example_scenarios(true);
  REQUIRE(scenarios.size() >= 3);
  CommandOptions options;
  options.environment["TRACES"] = traces->string();
  const TempDir folder;
  const std::string load = kSanitized ? "0.005" : "0.02";
  for (const auto& scenario : scenarios) {
    std::vector<std::string> command = {"run", scenario.string(), "--set", "workload.load=" + load};
    if (scenario.filename() == "philly.toml") {  // its first lines say how the trace is sorted
      const std::string sorted = (folder.path() / "philly.jsonl.gz").string();
      const auto converted =
          run_headroom({"trace", "convert", (*traces / "philly/philly.csv.gz").string(), "--to",
                        "native", "--out", sorted});
      INFO(converted.err);
      REQUIRE(converted.exit_code == 0);
      command.insert(command.end(), {"--trace", sorted});
    }
    const auto result = run_headroom(command, options);
    INFO(scenario << "\n" << result.out << "\n" << result.err);
    CHECK(result.exit_code == 0);
    CHECK(one_line(result.out).find("at load " + load + ": each arrival stands k = ") !=
          std::string::npos);
  }
}

TEST_CASE("the examples on public traces are read as far as the trace without it", "[cli]") {
  for (const auto& scenario : example_scenarios(true)) {
    check_refused(BadInput{"no $TRACES",
                           {},
                           {scenario.string() + ":", "environment variable TRACES"},
                           {"run", scenario.string()},
                           {{"TRACES", ""}}});
  }
}

TEST_CASE("run --markdown prints the figures that the terminal's table has", "[cli]") {
  const std::string scenario = source_path("examples/gemma-3-27b/three-cards.toml").string();
  const auto text = run_headroom({"run", scenario});
  const auto result = run_headroom({"run", scenario, "--markdown"});
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == 0);
  const auto line_with = [&](const std::string& beginning) {
    const auto at = result.out.find("\n" + beginning);
    if (at == std::string::npos) return std::string();
    return result.out.substr(at + 1, result.out.find('\n', at + 1) - at - 1);
  };
  CHECK(line_with("| | ") == "| | naive | head-aware | fallback-search |");
  CHECK(line_with("| --- |") == "| --- | ---: | ---: | ---: |");
  CHECK(line_with("| unserved |") == "| unserved | 100.00 % | 100.00 % | 0.00 % |");
  CHECK(line_with("| of these vllm.heads") ==
        "| of these vllm.heads | 100.00 % | 0.00 % | 0.00 % |");
  CHECK(line_with("| 1 | naive |").starts_with("| 1 | naive | refused_by_engine: vllm.heads |"));
  CHECK(text.out.find("    vllm.heads ") != std::string::npos);
  CHECK(run_headroom({"run", scenario, "--markdown", "--json"}).exit_code == 2);
  const auto against =
      run_headroom({"run", scenario, "--markdown", "--against", "fallback-search"});
  CHECK(against.out.find("| naive | refused_by_engine: vllm.heads | fallback-search |") !=
        std::string::npos);
  CHECK(against.out.find("| naive | refused_by_engine: vllm.heads | head-aware |") ==
        std::string::npos);
  const auto unknown = run_headroom({"run", scenario, "--against", "first-fitt"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err.find("not a policy of this run") != std::string::npos);
}

TEST_CASE("an expectation that does not hold exits 1 and names its table", "[cli]") {
  const TempDir folder;
  std::string text = read_file(source_path("examples/gemma-3-27b/four-cards.toml"));
  const auto at = text.find("gpus = 3\ntp = 3");
  REQUIRE(at != std::string::npos);
  const auto table = text.rfind("[[expect]]", at);
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(table), '\n');
  text.replace(at, 15, "gpus = 2\ntp = 2");
  const std::string scenario = folder.write("s.toml", text).string();
  const auto result = run_headroom({"run", scenario, "--out", (folder.path() / "out").string()});
  INFO(result.err);
  CHECK(result.exit_code == 1);
  const std::string place = scenario + ":" + std::to_string(line) + ":1: ";
  CHECK(result.err.find(place + "expected gpus '2' for request 'gemma' under naive, got '3'") !=
        std::string::npos);
  CHECK(result.err.find(place + "expected tp '2' for request 'gemma' under naive, got '3'") !=
        std::string::npos);
  // The run itself is good: its result is there to look into.
  CHECK(result.out.find("refused_by_engine") != std::string::npos);
  CHECK(fs::exists(folder.path() / "out" / "result.json"));
  // Expectations of policies that do not run are not checked.
  CHECK(run_headroom({"run", scenario, "--policy", "head-aware"}).exit_code == 0);
}

TEST_CASE("the demo runs, and names files and commands that are there", "[cli]") {
  const TempDir folder;
  const auto result = run_headroom({"demo", "--out", (folder.path() / "demo").string()});
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("1. Why heads matter") != std::string::npos);
  CHECK(result.out.find("ended differently") != std::string::npos);
  CHECK(fs::exists(folder.path() / "demo" / "result.json"));
  const auto explained = run_headroom({"explain", (folder.path() / "demo").string(), "llm-17"});
  CHECK(explained.exit_code == 0);
  CHECK(explained.out.find("under fallback-search") != std::string::npos);
}

TEST_CASE("the lists have a header line, and as many columns in every line", "[cli]") {
  for (const char* name : {"policies", "models", "gpus", "engines", "formats", "mixes"}) {
    const auto result = run_headroom({name});
    INFO(name << "\n" << result.out);
    CHECK(result.exit_code == 0);
    const auto tabs = [](std::string_view line) {
      return std::count(line.begin(), line.end(), '\t');
    };
    const std::string_view text(result.out);
    const auto columns = tabs(text.substr(0, text.find('\n')));
    CHECK(columns >= 1);
    std::size_t lines = 0;
    for (std::size_t begin = 0; begin < text.size(); ++lines) {
      const auto end = text.find('\n', begin);
      CHECK(tabs(text.substr(begin, end - begin)) == columns);
      begin = end + 1;
    }
    CHECK(lines >= 2);
  }
}
