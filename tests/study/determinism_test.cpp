// The same scenario gives the same bytes: run again, with other numbers of jobs, watched or not.

#include "study/result_json.hpp"
#include "study/study.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using namespace headroom;

namespace {

/// 80 deployments, arriving in bursts on a small mixed cluster, under all three policies.
const std::string kScenario = R"(
name = "small and busy"
policies = ["naive", "head-aware", "fallback-search"]
seed = 7

[[cluster.nodes]]
count = 4
gpu = "A100-80GB"
gpus = 8
cpus = 128
ram = "1TiB"
[[cluster.nodes]]
count = 6
gpu = "RTX-3090"
gpus = 3
cpus = 48
[[cluster.nodes]]
count = 6
gpu = "L4"
gpus = 2

[workload.generate]
requests = 80
load = 1.2
lifetime_median_s = 7200
)";

Scenario scenario_in(const test::TempDir& folder, const std::string& more = "") {
  const std::string mix = test::source_path("examples/mixes/model-zoo.toml").string();
  const auto file =
      folder.write("scenario.toml", kScenario + "[workload]\nmix = '" + mix + "'\n" + more);
  return test::require_value(read_scenario(file, {}));
}

StudyOptions options_of(int jobs) {
  StudyOptions options;
  options.seeds = {1, 2};
  options.jobs = jobs;
  return options;
}

std::string result_of(const Scenario& scenario, const StudyOptions& options) {
  return result_json(scenario, test::require_value(run_study(scenario, options)));
}

}  // namespace

TEST_CASE("a study gives the same bytes again and with any number of jobs") {
  const test::TempDir folder;
  const Scenario scenario = scenario_in(folder);
  const std::string once = result_of(scenario, options_of(1));
  CHECK(once.size() > 1000);
  CHECK((result_of(scenario, options_of(1)) == once));
  CHECK((result_of(scenario, options_of(2)) == once));
  CHECK((result_of(scenario, options_of(8)) == once));
}

TEST_CASE("decision logs and series have the same bytes with any number of jobs") {
  const test::TempDir folder;
  const Scenario scenario = scenario_in(folder);
  std::vector<std::string> results;
  for (const int jobs : {1, 2}) {
    StudyOptions options = options_of(jobs);
    options.folder = folder.path() / std::to_string(jobs);
    std::filesystem::create_directories(*options.folder);
    results.push_back(result_of(scenario, options));
  }
  CHECK((results[0] == results[1]));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "1")) {
    const auto name = entry.path().filename();
    INFO(name.string());
    CHECK((test::read_file(entry.path()) == test::read_file(folder.path() / "2" / name)));
    ++files;
  }
  CHECK(files == 12);  // a log and a series of three policies with two seeds
}

TEST_CASE("being watched changes nothing") {
  const test::TempDir folder;
  const Scenario scenario = scenario_in(folder);
  const std::string unwatched = result_of(scenario, options_of(2));
  StudyOptions watched = options_of(2);
  watched.folder = folder.path() / "out";
  std::filesystem::create_directories(*watched.folder);
  CHECK((result_of(scenario, watched) == unwatched));
}

TEST_CASE("the audit names rejections and changes nothing else") {
  const test::TempDir folder;
  const Scenario scenario = scenario_in(folder);
  Scenario silent = scenario;
  silent.simulation.audit = false;
  const StudyResult with = test::require_value(run_study(scenario, options_of(1)));
  const StudyResult without = test::require_value(run_study(silent, options_of(1)));
  REQUIRE(with.runs.size() == without.runs.size());
  for (std::size_t i = 0; i < with.runs.size(); ++i) {
    for (std::size_t m = 0; m < with.runs[i].values.size(); ++m) {
      const MetricValue& value = with.runs[i].values[m];
      if (value.key.rfind("outcome.rejected", 0) == 0) continue;
      INFO(with.runs[i].policy << ", " << value.key);
      CHECK(value.value == without.runs[i].values[m].value);
    }
    CHECK(with.runs[i].events == without.runs[i].events);
  }
}

TEST_CASE("other seeds give other runs, and the order of policies does not matter") {
  const test::TempDir folder;
  const Scenario scenario = scenario_in(folder);
  const StudyResult result = test::require_value(run_study(scenario, options_of(1)));
  REQUIRE(result.runs.size() == 6);
  CHECK_FALSE(result.runs[0].events == result.runs[1].events);

  Scenario reversed = scenario;
  std::reverse(reversed.policies.begin(), reversed.policies.end());
  const StudyResult other = test::require_value(run_study(reversed, options_of(1)));
  for (const std::size_t seed : {0U, 1U}) {
    for (const std::size_t policy : {0U, 1U, 2U}) {
      const RunResult& a = result.runs[policy * 2 + seed];
      const RunResult& b = other.runs[(2 - policy) * 2 + seed];
      REQUIRE(a.policy == b.policy);
      for (std::size_t m = 0; m < a.values.size(); ++m) {
        CHECK(a.values[m].value == b.values[m].value);
      }
    }
  }
}

TEST_CASE("every run adds up: outcomes are shares of what was submitted") {
  const test::TempDir folder;
  const StudyResult result = test::require_value(run_study(scenario_in(folder), options_of(2)));
  for (const RunResult& run : result.runs) {
    double sum = 0.0;
    double unserved = 0.0;
    for (const MetricValue& value : run.values) {
      if (value.key.rfind("outcome.", 0) == 0) sum += value.value;
      if (value.key.rfind("outcome.", 0) == 0 && value.key.rfind("outcome.placed", 0) != 0) {
        unserved += value.value;
      }
      if (value.key == "submitted") CHECK(value.value == 80.0);
    }
    CHECK(sum == Approx(100.0));
    CHECK(run.values[1].key == "unserved_rate");
    CHECK(run.values[1].value == Approx(unserved));
    CHECK(run.outcomes.entries().size() == 80);
  }
}
