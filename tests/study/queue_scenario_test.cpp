// Queue disciplines as scenarios and traces name what they go by.

#include "study/flat_pool.hpp"
#include "study/scenario.hpp"
#include "study/study.hpp"
#include "tests/fixtures.hpp"

#include <string>

using namespace headroom;
using namespace headroom::test;

namespace {

// One GPU, held until 100 by the first; three that came meanwhile want it.
const std::string kThree = R"(policies = ["first-fit"]
[[cluster.nodes]]
gpu = "L4"
gpus = 1
[[request]]
name = "first"
gpus = 1
lifetime_s = 100
declared_s = 100
tenant = "busy"
[[request]]
name = "old"
arrival_s = 10
gpus = 1
lifetime_s = 50
declared_s = 50
tenant = "busy"
[[request]]
name = "urgent"
arrival_s = 20
gpus = 1
lifetime_s = 50
declared_s = 80
priority = 5
tenant = "busy"
[[request]]
name = "short"
arrival_s = 30
gpus = 1
lifetime_s = 20
declared_s = 20
tenant = "other"
[queue]
discipline = "DISCIPLINE"
)";

std::string text_for(const std::string& discipline, std::string text = kThree) {
  const std::string word = "DISCIPLINE";
  return text.replace(text.find(word), word.size(), discipline);
}

/// The requests in the order in which they were placed.
std::string placed(const std::string& text) {
  const TempDir folder;
  const Scenario scenario = require_value(read_scenario(folder.write("s.toml", text), {}));
  Recorder recorder;
  const Status status = run_policy(scenario, "first-fit", recorder);
  if (!status) return status.error().text();
  std::string out;
  for (const std::string& line : recorder.lines) {
    const auto at = line.find(" placed ");
    if (at != std::string::npos) out += line.substr(at + 8, line.find(':') - at - 8) + " ";
  }
  return out;
}

}  // namespace

TEST_CASE("each discipline takes from a scenario what it goes by") {
  CHECK(placed(text_for("fifo")) == "first old urgent short ");
  CHECK(placed(text_for("conservative")) == "first old urgent short ");
  CHECK(placed(text_for("priority")) == "first urgent old short ");
  CHECK(placed(text_for("sjf")) == "first short old urgent ");
  CHECK(placed(text_for("las")) == "first short old urgent ");
}

TEST_CASE("a request that declares nothing is refused by those that count on it") {
  std::string text = kThree;
  text.erase(text.find("declared_s = 80"), 16);
  for (const std::string discipline : {"sjf", "easy", "conservative"}) {
    const std::string error = placed(text_for(discipline, text));
    INFO(error);
    CHECK(error.find("request 'urgent' does not say how long it will take") != std::string::npos);
    CHECK(error.find(discipline) != std::string::npos);
    CHECK(placed(text_for(discipline, text) + "durations = \"exact\"\n").starts_with("first "));
  }
  for (const std::string discipline : {"fifo", "fifo-skip", "priority", "las", "largest-first"}) {
    CHECK(placed(text_for(discipline, text)).starts_with("first "));
  }
}

TEST_CASE("machines are reserved on a pool, and refused where nodes change") {
  ScenarioOverrides overrides;
  overrides.trace = source_path("traces/samples/itp-jobs.csv");
  overrides.sets = {"queue.discipline=conservative", "queue.reserve=machines"};
  CHECK(require_value(flat_pool(64, overrides)).queue_options.reserve_machines);
  overrides.sets.emplace_back("failures.mtbf_h=1");
  overrides.sets.emplace_back("run.until_s=1000");
  const auto changing = flat_pool(64, overrides);
  REQUIRE_FALSE(changing.has_value());
  CHECK(changing.error().text().find("machines can only be reserved") != std::string::npos);
}
