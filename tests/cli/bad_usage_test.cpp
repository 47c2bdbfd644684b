// Bad arguments, and folders that cannot take a result.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

using namespace headroom::test;

namespace {

BadInput run(const std::string& what, std::vector<std::string> more,
             std::vector<std::string> pieces) {
  std::vector<std::string> arguments = {"run", "@/s.toml"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return {what, {{"s.toml", listed_scenario({})}}, std::move(pieces), std::move(arguments)};
}

BadInput command(const std::string& what, std::vector<std::string> arguments,
                 std::vector<std::string> pieces) {
  return {what, {}, std::move(pieces), std::move(arguments)};
}

}  // namespace

TEST_CASE("help and version are no errors", "[cli]") {
  for (const char* argument : {"--help", "-h", "--version"}) {
    const auto result = run_headroom({argument});
    CHECK(result.exit_code == 0);
    CHECK_FALSE(result.out.empty());
    CHECK(result.err.empty());
  }
  for (const char* name : {"demo", "run", "explain", "fit", "cluster", "policies"}) {
    CHECK(run_headroom({name, "--help"}).exit_code == 0);
  }
  CHECK(run_headroom({"--help"}).out.find("Exit codes: 0 done; 1") != std::string::npos);
  CHECK(run_headroom({"--version"}).out.starts_with("headroom "));
}

TEST_CASE("wrong usage is refused", "[cli]") {
  check_refused({
      command("no command", {""}, {"there is no command ''"}),
      command("an unknown command", {"rnu"}, {"there is no command 'rnu'", "did you mean 'run'?"}),
      command("an unknown option", {"--hepl"},
              {"there is no option '--hepl'", "did you mean '--help'?"}),
      command("no scenario", {"run", "--out", "@/out"}, {"no scenario"}),
      command("no request", {"explain", "@"}, {"request is required"}),
      command("a word too many", {"policies", "naive"}, {"naive"}),
      run("an unknown option of run", {"--polcy", "naive"}, {"--polcy"}),
      run("no runs at a time", {"-j", "0"}, {"--jobs"}),
      run("an empty --out", {"--out", ""}, {"--out", "empty"}),
  });
  const auto nothing = run_headroom({});
  CHECK(nothing.exit_code == 2);
  CHECK(nothing.out.empty());
}

TEST_CASE("the options --policy, --set and --seeds are checked as the scenario is", "[cli]") {
  check_refused({
      run("an unknown policy", {"--policy", "headaware"},
          {"--policy: unknown policy 'headaware'", "did you mean 'head-aware'?"}),
      run("a policy twice", {"--policy", "naive", "--policy", "naive"},
          {"--policy: 'naive' is named twice"}),
      run("a policy for other workloads", {"--policy", "first-fit"},
          {"--policy: 'first-fit' places opaque tasks"}),
      run("--set without a value", {"--set", "seed"},
          {"--set: 'seed' is not of the form key=value", "for example"}),
      run("--set without a key", {"--set", "=3"}, {"--set: '=3' is not of the form key=value"}),
      run("--set of an unknown key", {"--set", "sede=3"},
          {"unknown key 'sede'", "did you mean 'seed'?"}),
      run("--set of a wrong type", {"--set", "seed=often"},
          {"--set: 'seed' is text, 'often', but must be an integer"}),
      run("--set through a value", {"--set", "policies.x=3"}, {"--set: 'policies' is not a table"}),
      run("--seeds of words", {"--seeds", "many"}, {"--seeds: 'many' is not a seed", "1..5"}),
      run("--seeds of nothing", {"--seeds", ""}, {"--seeds: '' is not a seed"}),
      run("--seeds backwards", {"--seeds", "5..1"}, {"--seeds: '5..1' ends before it begins"}),
      run("--seeds without end", {"--seeds", "1.."}, {"--seeds: '' is not a seed"}),
      run("--seeds with a hole", {"--seeds", "1,,2"}, {"--seeds: '' is not a seed"}),
      run("--seeds twice the same", {"--seeds", "1,2,1"}, {"--seeds: seed 1 is named twice"}),
      run("a negative seed", {"--seeds", "-1..3"}, {"--seeds"}),
      run("a thousand million seeds", {"--seeds", "1..1000000000"},
          {"--seeds: '1..1000000000' are too many", "10000"}),
      run("the largest integer", {"--seeds", "18446744073709551615..18446744073709551615"},
          {"--seeds: '18446744073709551615' is not a seed", "1000000000000"}),
  });
}

TEST_CASE("the options --policy and --set take one value each, so that the scenario may follow",
          "[cli]") {
  const TempDir folder;
  const std::string scenario = folder.write("s.toml", listed_scenario({})).string();
  CHECK(run_headroom({"run", "--policy", "head-aware", scenario}).exit_code == 0);
  CHECK(run_headroom({"run", "--set", "seed=2", scenario}).exit_code == 0);
}

TEST_CASE("folders that cannot take a result are refused before anything runs", "[cli]") {
  BadInput foreign = run("a folder with other files", {"--out", "@/kept"},
                         {"@/kept: this folder is not empty", "--out"});
  foreign.files["kept/letter.txt"] = "dear";
  check_refused(foreign);
  foreign.what = "the same with --force";
  foreign.arguments.emplace_back("--force");
  check_refused(foreign);
  BadInput file = run("a file", {"--out", "@/file"}, {"@/file: this is a file, not a folder"});
  file.files["file"] = "x";
  check_refused(file);
  file = run("below a file", {"--out", "@/file/run"}, {"@/file/run: ", "Not a directory"});
  file.files["file"] = "x";
  check_refused(file);
  check_refused(
      run("where nothing can be written", {"--out", "/proc/headroom"}, {"/proc/headroom"}));
}

TEST_CASE("explain refuses what is not a run, and names that are not in it", "[cli]") {
  const std::string result = "{}";
  check_refused({
      command("a path that no file can have", {"explain", std::string(5'000, 'x'), "chat"},
              {"this is not the folder of a run"}),
      command("a model of such a name",
              {"fit", "--model", std::string(5'000, 'x'), "--gpus", "2xL4"}, {"unknown model"}),
      command("no folder", {"explain", "@/none", "chat"},
              {"@/none: this is not the folder of a run"}),
      command("a folder without a result", {"explain", "@", "chat"}, {"headroom: @: this is not"}),
      {"no logs",
       {{"r/result.json", result}},
       {"@/r: this run has no decision logs", "--no-log"},
       {"explain", "@/r", "chat"}},
      {"a damaged log",
       {{"r/result.json", result}, {"r/decisions-naive.jsonl.gz", "no gzip"}},
       {"decisions-naive.jsonl.gz"},
       {"explain", "@/r", "chat"}},
      {"a log of something else",
       {{"r/result.json", result}, {"r/decisions-naive.jsonl", "[{\"request\":3,\"t\":[]}]\n"}},
       {"@/r/decisions-naive.jsonl:1: this line is not a record of a decision log"},
       {"explain", "@/r", "3"}},
  });
  const TempDir folder;
  const std::string scenario = folder.write("s.toml", listed_scenario({})).string();
  const std::string out = (folder.path() / "run").string();
  REQUIRE(run_headroom({"run", scenario, "--out", out}).exit_code == 0);
  check_refused(command("an unknown request", {"explain", out, "chatt"},
                        {"there is no request 'chatt' in this run"}));
  check_refused(command("a number beyond the last", {"explain", out, "1"}, {"no request '1'"}));
}
