// result.json: schema headroom.result, version 1 (docs/result.md).

#include "tests/catch.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <set>

using namespace headroom::test;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string busy_scenario() {
  return "policies = [\"naive\", \"head-aware\"]\n"
         "description = \"small and busy\"\n"
         "[[cluster.nodes]]\ngpu = \"RTX-3090\"\ngpus = 4\ncount = 6\n"
         "[workload]\nmix = \"" +
         source_path("examples/mixes/model-zoo.toml").string() +
         "\"\n[workload.generate]\nrequests = 300\nload = 3\n";
}

std::set<std::string> keys(const Json& object) {
  std::set<std::string> out;
  for (const auto& [key, value] : object.items()) out.insert(key);
  return out;
}

std::string run_json(const std::vector<std::string>& arguments) {
  const auto result = run_headroom(arguments);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(result.err.empty());
  return result.out;
}

void check_balance(const Json& metrics) {
  double sum = 0.0;
  for (const auto& [key, value] : metrics.items()) {
    if (key.starts_with("outcome.")) sum += value.get<double>();
  }
  CHECK(sum == Approx(100.0).margin(1e-9));
  CHECK(metrics.at("submitted") == 300.0);
  const double served = metrics.at("outcome.placed").get<double>() +
                        metrics.at("outcome.placed/degraded").get<double>();
  CHECK(metrics.at("unserved_rate").get<double>() == Approx(100.0 - served).margin(1e-9));
}

}  // namespace

TEST_CASE("result.json has the documented keys, and outcomes add up", "[cli]") {
  const TempDir folder;
  const std::string scenario = folder.write("s.toml", busy_scenario()).string();
  const Json json = Json::parse(run_json({"run", scenario, "--json"}));
  CHECK(json.at("schema") == "headroom.result");
  CHECK(json.at("version") == 1);
  CHECK(keys(json) == std::set<std::string>{"schema", "version", "headroom", "scenario", "cluster",
                                            "workload", "assumptions", "seeds", "speeds", "runs",
                                            "summary", "differences"});
  CHECK(keys(json.at("scenario")) == std::set<std::string>{"name", "description", "file", "engine",
                                                           "queue", "base_placer", "audit"});
  CHECK(json.at("scenario").at("description") == "small and busy");
  CHECK(json.at("cluster").at("gpus") == 24);
  CHECK(keys(json.at("cluster").at("gpu_types").at(0)) ==
        std::set<std::string>{"name", "gpus", "memory_bytes", "source"});
  CHECK(json.at("workload").at("kind") == "generated");
  CHECK(json.at("workload").at("requests") == 300);
  REQUIRE(json.at("runs").size() == 2);
  for (const auto& run : json.at("runs")) {
    CHECK(keys(run) ==
          std::set<std::string>{"policy", "seed", "metrics", "refused_by_rule", "events"});
    check_balance(run.at("metrics"));
  }
  const Json& rows = json.at("summary");
  CHECK(rows.size() == 2 * json.at("runs").at(0).at("metrics").size());
  for (const auto& row : rows) {
    CHECK(keys(row) == std::set<std::string>{"policy", "metric", "unit", "mean", "half_width_95"});
    CHECK(row.at("half_width_95").is_null());
  }
}

TEST_CASE("differences compare the policies request by request", "[cli]") {
  const TempDir folder;
  const std::string scenario = folder.write("s.toml", busy_scenario()).string();
  const Json json = Json::parse(run_json({"run", scenario, "--json"})).at("differences");
  CHECK(keys(json) == std::set<std::string>{"seed", "compared", "ended_differently", "rows"});
  CHECK(json.at("compared") == 300);
  std::uint64_t sum = 0;
  for (const auto& row : json.at("rows")) {
    CHECK(keys(row) == std::set<std::string>{"policies", "outcomes", "requests", "examples"});
    CHECK(row.at("outcomes").at(0) != row.at("outcomes").at(1));
    CHECK(row.at("examples").size() == std::min<std::uint64_t>(3, row.at("requests")));
    sum += row.at("requests").get<std::uint64_t>();
  }
  CHECK(sum == json.at("ended_differently"));  // there is one pair of policies
  CHECK(sum > 0);
}

TEST_CASE("two runs give the same bytes, on the screen as in the file", "[cli]") {
  const TempDir folder;
  const std::string scenario = folder.write("s.toml", busy_scenario()).string();
  const fs::path one = folder.path() / "one";
  const fs::path two = folder.path() / "two";
  const std::string printed =
      run_json({"run", scenario, "--seeds", "1..3", "--json", "--out", one.string(), "-j", "1"});
  (void)run_json({"run", scenario, "--seeds", "1..3", "--out", two.string(), "-j", "4"});
  CHECK(read_file(one / "result.json") == printed);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(one)) {
    const auto name = entry.path().filename();
    if (name == "wall_clock.json") continue;
    INFO(name);
    CHECK(read_file(entry.path()) == read_file(two / name));
    ++files;
  }
  CHECK(files == 1 + 2 * 2 * 3);  // the result; series and decisions by policy and seed
  const Json json = Json::parse(printed);
  CHECK(json.at("seeds") == Json({1, 2, 3}));
  CHECK(json.at("runs").size() == 6);
  for (const auto& run : json.at("runs")) check_balance(run.at("metrics"));
  CHECK(json.at("summary").at(0).at("half_width_95") == 0.0);  // submitted
}

TEST_CASE("wall-clock times stand apart from results", "[cli]") {
  const TempDir folder;
  const std::string scenario = folder.write("s.toml", busy_scenario()).string();
  const fs::path out = folder.path() / "out";
  (void)run_json({"run", scenario, "--out", out.string()});
  const Json times = Json::parse(read_file(out / "wall_clock.json"));
  REQUIRE(times.at("runs").size() == 2);
  CHECK(times.at("runs").at(0).at("seconds").get<double>() >= 0.0);
  CHECK(read_file(out / "result.json").find("seconds") == std::string::npos);
}

TEST_CASE("without the audit, what is rejected is not classified", "[cli]") {
  const TempDir folder;
  const std::string scenario = folder.write("s.toml", busy_scenario()).string();
  const Json json = Json::parse(run_json({"run", scenario, "--json", "--no-audit"}));
  CHECK(json.at("scenario").at("audit") == false);
  const Json& metrics = json.at("runs").at(0).at("metrics");
  CHECK(metrics.at("outcome.rejected/no_capacity") == 0.0);
  CHECK(metrics.at("outcome.rejected/unclassified").get<double>() > 0.0);
  check_balance(metrics);
}

TEST_CASE("a measuring window counts what arrives in it", "[cli]") {
  const TempDir folder;
  const std::string scenario = folder.write("s.toml", busy_scenario()).string();
  const Json empty = Json::parse(run_json(
      {"run", scenario, "--json", "--set", "measure.from_s=3e9", "--set", "measure.to_s=3.1e9"}));
  const Json& metrics = empty.at("runs").at(0).at("metrics");
  CHECK(metrics.at("submitted") == 0.0);
  CHECK(metrics.at("unserved_rate") == 0.0);
  const Json until = Json::parse(run_json({"run", scenario, "--json", "--set", "run.until_s=600"}));
  CHECK(until.at("runs").at(0).at("metrics").at("submitted").get<double>() < 300.0);
}
