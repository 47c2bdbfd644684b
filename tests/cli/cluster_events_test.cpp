// Scenarios whose clusters change, and runs that are saved and gone on with, as a user runs them.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

using namespace headroom::test;
using Json = nlohmann::json;

namespace {

const char* const kScenario = R"(
policies = ["naive", "fallback-search"]
cluster.nodes = [{ name = "n", gpu = "A100-80GB", gpus = 4, count = 4 }]
workload.mix = "mix.toml"
workload.generate = { requests = 300, load = 0.8, lifetime_median_s = 3000 }
queue.waiting_limit_s = 1800
)";

const char* const kMix = R"(
schema = "headroom.mix"
version = 1
name = "small"
[[entry]]
model = "meta-llama-3.1-8b"
band = "1"
gpus = 1
on = "A100-80GB"
weight = 3
[[entry]]
model = "qwen2.5-32b"
band = "2"
gpus = 2
on = "A100-80GB"
weight = 1
)";

const char* const kChanges = R"(
events = "events.csv"
[[event]]
at_s = 1000
kind = "drain"
nodes = ["n-1"]
[failures]
mtbf_h = 3
repair_h = 0.2
shape = 0.8
[disk]
capacity = "100GB"
)";

const char* const kEvents = "time_s,kind,node\n2000,up,n-*\n5000,down,n-2\n6000,up,n-2\n";

Json run_json(const std::vector<std::string>& arguments) {
  const auto result = run_headroom(arguments);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return Json::parse(result.out);
}

}  // namespace

TEST_CASE("a scenario with failures tells what they cost, and one without is as it was", "[cli]") {
  const TempDir folder;
  folder.write("mix.toml", kMix);
  folder.write("events.csv", kEvents);
  const auto plain = folder.write("plain.toml", kScenario).string();
  const auto changing = folder.write("changing.toml", std::string(kScenario) + kChanges).string();
  const Json before = run_json({"run", plain, "--json"});
  CHECK_FALSE(before.contains("dynamics"));
  CHECK_FALSE(before["runs"][0]["metrics"].contains("losses"));
  const Json after = run_json({"run", changing, "--json"});
  CHECK(after["dynamics"]["events"] == 1 + 4 + 2);
  CHECK(after["dynamics"]["mtbf_s"] == 3 * 3600.0);
  for (const Json& run : after["runs"]) {
    CHECK(run["metrics"]["losses"] > 0);
    CHECK(run["metrics"]["node_failures"] > 0);
    CHECK(run["metrics"]["failure_gpu_hours"] > 0);
    CHECK(run["metrics"]["disk_loads"] > 0);
  }
  // Failures are the same under every policy, and for a seed again.
  const Json again = run_json({"run", changing, "--json", "-j", "2"});
  CHECK(again == after);
}

TEST_CASE("a run that goes on from a saved state ends as the undisturbed one", "[cli]") {
  const TempDir folder;
  folder.write("mix.toml", kMix);
  folder.write("events.csv", kEvents);
  const auto scenario = folder.write("s.toml", std::string(kScenario) + kChanges).string();
  const std::string out = (folder.path() / "out").string();
  const std::string rest = (folder.path() / "rest").string();
  const auto first = run_headroom({"run", scenario, "--out", out, "--dump-state", "9000"});
  INFO(first.err);
  REQUIRE(first.exit_code == 0);
  const std::string state = out + "/state-naive.json";
  CHECK(Json::parse(read_file(state))["schema"] == "headroom.state");
  const Json resumed = run_json({"run", scenario, "--from-state", state, "--out", rest, "--json"});
  CHECK(resumed["from_s"] == 9000.0);
  REQUIRE(resumed["runs"].size() == 1);
  CHECK(resumed["runs"][0]["policy"] == "naive");
  // The last request, told by both decision logs.
  const auto told = [&](const std::string& run) {
    const std::string text = run_headroom({"explain", run, "299"}).out;
    const auto under = text.find("under naive");
    const auto next = text.find("under fallback");
    return next > under ? text.substr(under, next - under) : text.substr(under);
  };
  CHECK(told(out) == told(rest));
  CHECK(told(out).find("ended: ") != std::string::npos);
  // Another policy goes on from the same state.
  const Json other =
      run_json({"run", scenario, "--from-state", state, "--policy", "fallback-search", "--json"});
  CHECK(other["runs"][0]["policy"] == "fallback-search");
}

TEST_CASE("of runs that end before the instant no state is written, and it is said", "[cli]") {
  const TempDir folder;
  const std::string scenario = source_path("examples/gemma-3-27b/four-cards.toml").string();
  const std::string out = (folder.path() / "out").string();
  // naive's one placement is refused for good before; the others serve it for a day.
  const auto run = run_headroom({"run", scenario, "--out", out, "--dump-state", "5000"});
  INFO(run.err);
  CHECK(run.exit_code == 0);
  CHECK(run.err.find("naive, seed 1: ended before 5000 s") != std::string::npos);
  CHECK(run.err.find("head-aware") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(out + "/state-naive.json"));
  CHECK(std::filesystem::exists(out + "/state-head-aware.json"));
  CHECK(std::filesystem::exists(out + "/result.json"));
}

TEST_CASE("bad events, failures and states are refused", "[cli]") {
  const auto scenario = [](const std::string& what, const std::string& more,
                           std::vector<std::string> pieces) {
    return BadInput{what,
                    {{"s.toml", listed_scenario({}, more)},
                     {"e.csv", "time_s,kind,node\n1,down,group0-0\n2,melt,group0-0\n"}},
                    std::move(pieces)};
  };
  const auto state = [](const std::string& what, const std::string& text,
                        std::vector<std::string> more, std::vector<std::string> pieces) {
    std::vector<std::string> arguments = {"run", "@/s.toml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return BadInput{what,
                    {{"s.toml", listed_scenario({})}, {"state.json", text}},
                    std::move(pieces),
                    std::move(arguments)};
  };
  check_refused({
      scenario("no time", "[[event]]\nkind = 'up'\nnode = 'group0-0'\n", {"'at_s' is missing"}),
      scenario("no kind", "[[event]]\nat_s = 1\nnode = 'group0-0'\n", {"'kind' is missing"}),
      scenario("no node", "[[event]]\nat_s = 1\nkind = 'up'\n", {"'node' (a name or a pattern)"}),
      scenario("an unknown kind", "[[event]]\nat_s = 1\nkind = 'dwon'\nnode = 'group0-0'\n",
               {"s.toml:", "'dwon'", "did you mean 'down'?"}),
      scenario("an unknown node", "[[event]]\nat_s = 1\nkind = 'up'\nnode = 'group0-1'\n",
               {"there is no node 'group0-1'", "did you mean 'group0-0'?"}),
      scenario("a pattern of nothing", "[[event]]\nat_s = 1\nkind = 'up'\nnode = 'x*'\n",
               {"there is no node 'x*'"}),
      scenario("an unknown key", "[[event]]\nat_s = 1\nkind = 'up'\nnode = '*'\nwhy = 1\n",
               {"unknown key 'why'"}),
      scenario("a bad row", "[loss]\ntasks = 'go_on'\n[cluster2]\n", {"unknown key 'cluster2'"}),
      scenario("no mean", "[failures]\nrepair_h = 1\n", {"'failures.mtbf_h' is missing"}),
      scenario("a mean of nothing", "[failures]\nmtbf_h = 0\n", {"mtbf_h", "0.001"}),
      scenario("no end", "[failures]\nmtbf_h = 1\n[queue]\nwait_forever = true\n",
               {"the run may never end", "run.until_s"}),
      scenario("no capacity", "[disk]\nbandwidth = '1GB'\n", {"'disk.capacity' must be a size"}),
      scenario("a slow disk", "[disk]\ncapacity = '1GB'\nbandwidth = 1\n",
               {"'disk.bandwidth' is 1"}),
      scenario("an unknown way", "[loss]\non_loss = 'cry'\n", {"place_again, lose"}),
      state("no such state", "", {"--from-state", "@/none.json"}, {"no such file", "--dump-state"}),
      state("no state", "{}", {"--from-state", "@/state.json"},
            {"its schema is not headroom.state"}),
      state("no time", "", {"--dump-state", "soon"}, {"'soon' is not a time"}),
      state("a time after the end", "", {"--dump-state", "1e9", "--out", "@/o"},
            {"ended before 1000000000 s"}),
  });
  BadInput row = scenario("a bad row of a file", "", {"e.csv:3:", "'melt' is not a kind of event"});
  row.files["s.toml"] = "events = 'e.csv'\n" + row.files["s.toml"];
  check_refused(row);
}
