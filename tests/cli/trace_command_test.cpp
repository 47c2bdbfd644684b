// headroom trace stats | convert, and the runs that depend on them.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>

using namespace headroom::test;

namespace {

namespace fs = std::filesystem;

const std::string kItpHeader = "job_id,submission_time,duration,num_gpu\n";

std::string sample(const std::string& name) {
  return source_path("traces/samples/" + name).string();
}

bool holds(const std::string& text, const std::string& part) {
  return one_line(text).find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("trace stats prints figures, and as JSON the same", "[cli]") {
  const auto text = run_headroom({"trace", "stats", sample("crux-jobs.csv")});
  CHECK(text.exit_code == 0);
  CHECK(holds(text.out, "crux-jobs.csv (crux)"));
  CHECK(holds(text.out, "2 of 7 gaps zero"));
  const auto json = run_headroom({"trace", "stats", "--json", sample("crux-jobs.csv")});
  CHECK(json.exit_code == 0);
  const auto figures = nlohmann::json::parse(json.out);
  CHECK(figures.at("schema") == "headroom.trace_stats");
  CHECK(figures.at("tasks") == 8);
  CHECK(figures.at("arrivals").at("zero_gaps") == 2);
  const auto tokens = run_headroom({"trace", "stats", sample("mooncake-requests.jsonl")});
  CHECK(tokens.exit_code == 0);
  CHECK(holds(tokens.out, "output tokens"));
}

TEST_CASE("an unsorted trace is refused by run with what sorts it, and that sorts it", "[cli]") {
  const TempDir folder;
  (void)folder.write("t.csv", kItpHeader + "b,60,60,1\na,0,60,1\n");
  const fs::path scenario = folder.write("s.toml", trace_scenario("t.csv"));
  const auto refused = run_headroom({"run", scenario.string()});
  CHECK(refused.exit_code == 2);
  CHECK(holds(refused.err, "t.csv:3:3: arrival 0 is before the previous row's 60"));
  CHECK(holds(refused.err, "headroom trace convert FILE --to native --out SORTED"));
  const std::string sorted = (folder.path() / "sorted.jsonl").string();
  const auto converted = run_headroom(
      {"trace", "convert", (folder.path() / "t.csv").string(), "--to", "native", "--out", sorted});
  CHECK(converted.exit_code == 0);
  CHECK(holds(converted.out, "2 rows, now in order of arrival"));
  CHECK(run_headroom({"run", scenario.string(), "--trace", sorted}).exit_code == 0);
  const auto printed =
      run_headroom({"trace", "convert", (folder.path() / "t.csv").string(), "--to", "csv"});
  CHECK(printed.exit_code == 0);
  CHECK(printed.out ==
        read_file(folder.write("wanted",
                               "id,arrival_s,lifetime_s,gpus,gpu_milli,cpu_milli,ram_bytes,"
                               "gpu_types,tenant,declared_s,cut_off,priority\n"
                               "a,0,60,1,1000,0,0,,,,0,0\nb,60,60,1,1000,0,0,,,,0,0\n")));
}

TEST_CASE("bad rows end a command, or are passed over, counted and listed", "[cli]") {
  const TempDir folder;
  const std::string trace =
      folder.write("t.csv", kItpHeader + "a,0,60,1\nb,soon,60,1\nc,60,60,1\n").string();
  const fs::path scenario = folder.write("s.toml", trace_scenario("t.csv"));
  const std::string out = (folder.path() / "out.csv").string();
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"run", scenario.string(), "--no-log"},
        std::vector<std::string>{"trace", "stats", trace},
        std::vector<std::string>{"trace", "convert", trace, "--to", "csv", "--out", out}}) {
    INFO(command[0] << " " << command[1]);
    const auto stopped = run_headroom(command);
    CHECK(stopped.exit_code == 2);
    CHECK(holds(stopped.err, "t.csv:3:3: submission_time: 'soon'"));
    CHECK(stopped.out.empty());
    std::vector<std::string> skipping = command;
    skipping.insert(skipping.end(), {"--on-bad-row", "skip"});
    const auto skipped = run_headroom(skipping);
    CHECK(skipped.exit_code == 0);
    CHECK(holds(skipped.err, "1 bad row was passed over:"));
    CHECK(holds(skipped.err, "t.csv:3:3: submission_time: 'soon'"));
  }
  const auto result =
      run_headroom({"run", scenario.string(), "--json", "--set", "workload.on_bad_row=skip"});
  REQUIRE(result.exit_code == 0);
  const auto json = nlohmann::json::parse(result.out);
  const auto& rows = json.at("workload").at("skipped_rows");
  CHECK(rows.at("count") == 1);
  CHECK(rows.at("first").at(0).at("line") == 3);
  CHECK(json.at("runs").at(0).at("metrics").at("submitted") == 2);
}

TEST_CASE("a trace without lifetimes runs with generated ones, or says which key gives them",
          "[cli]") {
  const TempDir folder;
  (void)folder.write("t.csv", read_file(sample("pollux-jobs.csv")));
  const fs::path scenario = folder.write("s.toml", trace_scenario("t.csv"));
  const auto refused = run_headroom({"run", scenario.string()});
  CHECK(refused.exit_code == 2);
  CHECK(holds(refused.err, "t.csv:2:1: the trace does not say how long 'ncf-0' ran"));
  CHECK(holds(refused.err, "lifetime_median_s = 14400 in [workload]"));
  const std::vector<std::string> with{"run",
                                      scenario.string(),
                                      "--json",
                                      "--set",
                                      "workload.lifetime_median_s=600",
                                      "--set",
                                      "workload.lifetime_sigma=0.5"};
  const auto first = run_headroom(with);
  REQUIRE(first.exit_code == 0);
  CHECK(nlohmann::json::parse(first.out).at("workload").at("lifetime_median_s") == 600);
  CHECK(run_headroom(with).out == first.out);
  auto other = with;
  other.insert(other.end(), {"--seeds", "2"});
  CHECK(run_headroom(other).out != first.out);
}

TEST_CASE("tasks of no duration run and end", "[cli]") {
  const TempDir folder;
  (void)folder.write("t.csv", kItpHeader + "a,0,0,1\nb,0,0,4\nc,0,0,1\n");
  const fs::path scenario = folder.write("s.toml", trace_scenario("t.csv"));
  const auto done = run_headroom({"run", scenario.string(), "--json"});
  REQUIRE(done.exit_code == 0);
  const auto json = nlohmann::json::parse(done.out);
  CHECK(json.at("runs").at(0).at("metrics").at("outcome.placed") == 100.0);
}

TEST_CASE("bad usage of the trace commands is refused", "[cli]") {
  check_refused({
      {"no subcommand", {}, {"subcommand is required"}, {"trace"}},
      {"no file", {}, {"@/none.csv: there is no such file"}, {"trace", "stats", "@/none.csv"}},
      {"an unknown format",
       {{"t.csv", kItpHeader}},
       {"there is no trace format 'ipt'", "did you mean 'itp'?"},
       {"trace", "stats", "@/t.csv", "--format", "ipt"}},
      {"a format that it is not",
       {{"t.csv", kItpHeader}},
       {"@/t.csv:1: there is no column 'timestamp'"},
       {"trace", "stats", "@/t.csv", "--format", "philly"}},
      {"an unknown target",
       {{"t.csv", kItpHeader}},
       {"--to"},
       {"trace", "convert", "@/t.csv", "--to", "xml"}},
      {"a conversion of requests",
       {{"t.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n"}},
       {"there are no tasks to convert"},
       {"trace", "convert", "@/t.csv", "--to", "csv"}},
      {"too little memory",
       {{"t.csv", kItpHeader}},
       {"--memory: '1KiB' is too little"},
       {"trace", "convert", "@/t.csv", "--to", "csv", "--memory", "1KiB"}},
      {"a run of requests",
       {{"s.toml", trace_scenario("t.csv")},
        {"t.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n"}},
       {"this is a 'azure-llm' trace of requests to a model"}},
      {"a lifetime of zero",
       {{"s.toml", trace_scenario("t.csv", "lifetime_median_s = 0\n")}, {"t.csv", kItpHeader}},
       {"'workload.lifetime_median_s' must be above 0"}},
      {"a spread without a median",
       {{"s.toml", trace_scenario("t.csv", "lifetime_sigma = 1\n")}, {"t.csv", kItpHeader}},
       {"'workload.lifetime_sigma' needs a lifetime_median_s"}},
      {"neither stop nor skip",
       {{"s.toml", trace_scenario("t.csv", "on_bad_row = \"ignore\"\n")}, {"t.csv", kItpHeader}},
       {"'workload.on_bad_row' is 'ignore'"}},
  });
}

TEST_CASE("a temporary folder is needed only by a sort that does not fit in memory", "[cli]") {
  const TempDir folder;
  CommandOptions options;
  options.environment = {{"TMPDIR", "/nonexistent"}};
  const auto sorted = run_headroom({"trace", "stats", sample("itp-jobs.csv")}, options);
  CHECK(sorted.exit_code == 0);
  std::string rows = kItpHeader;
  for (int i = 2'000; i > 0; --i) rows += "a," + std::to_string(i) + ",60,1\n";
  const std::string file = folder.write("t.csv", rows).string();
  CHECK(run_headroom({"trace", "stats", file}, options).exit_code == 0);
  const auto spilled = run_headroom({"trace", "stats", "--memory", "64KiB", file}, options);
  CHECK(spilled.exit_code == 2);
  CHECK(holds(spilled.err, "TMPDIR: cannot make a temporary file for sorting: No such file"));
  CHECK(holds(spilled.err, "set TMPDIR to a folder with room for the trace"));
}

TEST_CASE("a task that cannot be written is told with its file and line, sorted or not", "[cli]") {
  const TempDir folder;
  const auto convert = [&](const std::string& rows) {
    const std::string header = "name,time,application,num_replicas,batch_size\n";
    const std::string file = folder.write("p.csv", header + rows).string();
    return run_headroom({"trace", "convert", "--to", "native", file}).err;
  };
  CHECK(holds(convert("a,1,ncf,1,1\nb,2,ncf,1,1\n"),
              "p.csv:2:1: the trace does not say how long 'a' ran"));
  CHECK(holds(convert("a,2,ncf,1,1\nb,1,ncf,1,1\n"),
              "p.csv:3:1: the trace does not say how long 'b' ran"));
}
