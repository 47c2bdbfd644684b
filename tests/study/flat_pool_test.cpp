// Published mean waits of queue disciplines on a pool of GPUs, to the digits that were printed.

#include "study/flat_pool.hpp"

#include "study/study.hpp"
#include "tests/catch.hpp"
#include "tests/support.hpp"

#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <vector>

using namespace headroom;
using namespace headroom::test;

namespace {

/// The figures of one run.
std::map<std::string, double> figures(const std::filesystem::path& trace, std::int64_t gpus,
                                      const std::string& queue) {
  ScenarioOverrides overrides;
  overrides.trace = trace;
  overrides.sets = {"queue.discipline=" + queue};
  overrides.no_audit = true;
  const Scenario scenario = require_value(flat_pool(gpus, overrides));
  StudyOptions options;
  options.decision_log = false;
  std::map<std::string, double> out;
  for (const Summary& each : require_value(run_study(scenario, options)).summary) {
    out[each.mean.key] = each.mean.value;
  }
  return out;
}

double mean_wait(const std::filesystem::path& trace, std::int64_t gpus, const std::string& queue) {
  return figures(trace, gpus, queue).at("waiting_s.mean");
}

struct Published {
  const char* file;
  std::int64_t gpus;
  double fifo;
  double sjf;
  double easy;
};

}  // namespace

TEST_CASE("mean waits on a pool of GPUs are the published ones") {
  for (const Published& p : {Published{"itp2021/cluster01.csv", 128, 7497.330, 3495.239, 5994.605},
                             {"itp2021/cluster02.csv.gz", 160, 16042.962, 3955.507, 9102.334},
                             {"itp2021/cluster03.csv", 256, 33801.921, 12079.820, 32967.610},
                             {"itp2021/cluster06.csv", 192, 8699.083, 4062.887, 8429.669},
                             {"itp2021/cluster10.csv", 16, 38365.788, 24951.712, 38141.008},
                             {"lingjun2023/crux.csv", 1024, 97318.919, 25611.209, 14602.674}}) {
    const auto file = shared_path(std::string("traces/") + p.file);
    if (!file) return;
    INFO(p.file << " on " << p.gpus << " GPUs");
    CHECK(std::abs(mean_wait(*file, p.gpus, "fifo") - p.fifo) < 0.0006);
    CHECK(std::abs(mean_wait(*file, p.gpus, "sjf") - p.sjf) < 0.0006);
    CHECK(std::abs(mean_wait(*file, p.gpus, "easy") - p.easy) < 0.0006);
  }
}

// docs/validation.md shows them as an example; the published policies preempt.
TEST_CASE("Muri's jobs run to their ends on 64 GPUs under disciplines that do not preempt") {
  const auto file = shared_path("traces/muri/cluster_trace.csv");
  if (!file) return;
  for (const auto& [queue, jct, makespan] :
       std::vector<std::tuple<std::string, double, double>>{{"fifo", 747'485, 3'883'693},
                                                            {"sjf", 279'097, 4'020'039},
                                                            {"easy", 368'934, 3'645'445}}) {
    const auto run = figures(*file, 64, queue);
    INFO(queue);
    CHECK(run.at("submitted") == 400.0);
    CHECK(run.at("outcome.placed") == 100.0);
    CHECK(std::abs(run.at("jct_s.mean") - jct) < 0.5);
    CHECK(run.at("makespan_s") == makespan);
  }
}

TEST_CASE("every discipline runs tasks on a pool to their ends") {
  for (const std::string& queue : queue_discipline_names()) {
    const auto run = figures(source_path("traces/samples/muri-jobs.csv"), 64, queue);
    INFO(queue);
    CHECK(run.at("submitted") == 8.0);
    CHECK(run.at("outcome.placed") == 100.0);
    CHECK(run.at("makespan_s") > 0.0);
  }
}

TEST_CASE("a pool of GPUs without a trace is refused") {
  const auto scenario = flat_pool(8, {});
  REQUIRE_FALSE(scenario);
  CHECK(scenario.error().text().find("--trace") != std::string::npos);
}
