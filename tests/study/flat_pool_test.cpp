// Published mean waits of queue disciplines on a pool of GPUs, to the digits that were printed.

#include "study/flat_pool.hpp"

#include "study/study.hpp"
#include "tests/catch.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <cmath>
#include <string>

using namespace headroom;
using namespace headroom::test;

namespace {

double mean_wait(const std::filesystem::path& trace, std::int64_t gpus, const std::string& queue) {
  ScenarioOverrides overrides;
  overrides.trace = trace;
  overrides.sets = {"queue.discipline=" + queue};
  overrides.no_audit = true;
  const Scenario scenario = require_value(flat_pool(gpus, overrides));
  StudyOptions options;
  options.decision_log = false;
  const StudyResult result = require_value(run_study(scenario, options));
  const auto found =
      std::find_if(result.summary.begin(), result.summary.end(),
                   [](const Summary& each) { return each.mean.key == "waiting_s.mean"; });
  REQUIRE(found != result.summary.end());
  return found->mean.value;
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

TEST_CASE("a pool of GPUs without a trace is refused") {
  const auto scenario = flat_pool(8, {});
  REQUIRE_FALSE(scenario);
  CHECK(scenario.error().text().find("--trace") != std::string::npos);
}
