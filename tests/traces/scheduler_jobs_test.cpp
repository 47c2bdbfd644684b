// The small workloads published with schedulers: Muri, ElasticFlow, Tiresias, Pollux.

#include "tests/traces/helpers.hpp"
#include "traces/elasticflow.hpp"
#include "traces/muri.hpp"
#include "traces/pollux.hpp"
#include "traces/tiresias.hpp"

namespace headroom {

using namespace test;

TEST_CASE("Muri's times are milliseconds, and its lines end in CRLF") {
  const auto file = source_path("traces/samples/muri-jobs.csv");
  REQUIRE(read_file(file).find("\r\n") != std::string::npos);
  auto reader = require_value(open_muri(file));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 8);
  CHECK(tasks[0].lifetime == seconds_of(5'095));
  CHECK(tasks[1].arrival == SimTime(std::chrono::milliseconds(1'500)));
  CHECK(tasks[1].arrival == tasks[2].arrival);
  CHECK(tasks[1].lifetime == std::chrono::milliseconds(250));
  CHECK(tasks[3].gpus == 32);
  CHECK(tasks[4].lifetime == Duration::zero());
}

TEST_CASE("bad Muri jobs are refused with place, value and reason") {
  const TempDir folder;
  const auto error_of = [&](const std::string& rows) {
    auto reader = require_value(open_muri(
        folder.write("m.csv", "job_id,num_gpu,submit_time,duration,iteration_time\r\n" + rows)));
    return first_error(*reader);
  };
  check_holds(error_of("0,8,-1,5,5\r\n"), "m.csv:2:5: submit_time is -1, but must not be negative");
  check_holds(error_of("0,8,1e3,5,5\r\n"), "submit_time is '1e3', but must be milliseconds");
  check_holds(error_of("0,8,0,,5\r\n"), "m.csv:2:7: duration is '', but must be milliseconds");
  check_holds(error_of("0,8,1500,5,5\r\n1,8,1499,5,5\r\n"),
              "m.csv:3:5: arrival 1.499 is before the previous row's 1.5");
}

TEST_CASE("ElasticFlow's and Tiresias's jobs become tasks of whole GPUs, in seconds") {
  auto elasticflow =
      require_value(open_elasticflow(source_path("traces/samples/elasticflow-jobs.csv")));
  const auto flows = collect(*elasticflow);
  REQUIRE(flows.size() == 8);
  CHECK(flows[1].gpus == 4);
  CHECK(flows[1].arrival == SimTime(std::chrono::seconds(120)));
  CHECK(flows[1].lifetime == seconds_of(720));
  auto tiresias = require_value(open_tiresias(source_path("traces/samples/tiresias-jobs.csv")));
  const auto jobs = collect(*tiresias);
  REQUIRE(jobs.size() == 8);
  CHECK(jobs[1].gpus == 8);
  CHECK(jobs[1].arrival == SimTime(std::chrono::seconds(30)));
  CHECK(jobs[1].lifetime == seconds_of(147));
}

TEST_CASE("Pollux's jobs have no lifetime, and their application is the tenant") {
  auto reader = require_value(open_pollux(source_path("traces/samples/pollux-jobs.csv")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 8);
  CHECK_FALSE(tasks[2].lifetime.has_value());
  CHECK(tasks[2].name == "bert-2");
  CHECK(tasks[2].gpus == 12);
  CHECK(tasks[2].tenant == "bert");
}

}  // namespace headroom
