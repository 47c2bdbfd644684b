// Backfilling against Batsim's schedules.

#include "study/reproduce/batsim.hpp"

#include "tests/support.hpp"

#include <algorithm>
#include <string>

using namespace headroom;
using namespace headroom::test;

namespace {

const std::string kHeader =
    "job_id,submission_time,requested_number_of_resources,requested_time,execution_time,"
    "starting_time\n";

// Four machines. c is promised 0 and 1 from 10 on, when b ends. So d, which needs one for 9 s, may
// not take 0, though two others are free from 10 on.
const std::string kSmall = kHeader +
                           "a,0.000000,1,3.000000,3.000000,0.000000\n"
                           "b,1.000000,3,9.000000,9.000000,1.000000\n"
                           "c,2.000000,2,5.000000,5.000000,10.000000\n"
                           "d,3.000000,1,9.000000,9.000000,10.000000\n";

BatsimReport report_of(const std::string& jobs, const std::string& queue,
                       std::int64_t machines = 4) {
  const TempDir folder;
  return require_value(reproduce_batsim(folder.write("jobs.csv", jobs), queue, machines));
}

std::string error_of(const std::string& jobs, const std::string& queue = "easy") {
  const TempDir folder;
  const auto result = reproduce_batsim(folder.write("jobs.csv", jobs), queue, 4);
  return result ? "no error" : result.error().text();
}

}  // namespace

TEST_CASE("Batsim's schedules are ours, start by start, when machines are reserved") {
  for (const std::string queue : {"easy", "conservative"}) {
    const auto file = shared_path("traces/swf/batsim_medium_late_" + queue + "_out_jobs.csv");
    if (!file) return;
    const BatsimReport report = require_value(reproduce_batsim(*file, queue, 32));
    INFO(batsim_text(report));
    CHECK(report.jobs == 801);
    CHECK(report.reserving_machines.empty());
    CHECK(report.mean_wait_machines == report.mean_wait);
    // The file says 9.516326 s and 9.852 s.
    CHECK(seconds_text(report.mean_wait).starts_with(queue == "easy" ? "9.51632" : "9.8522"));
    CHECK(report.counting_gpus.size() == (queue == "easy" ? 78 : 66));
    CHECK(report.unexplained() == 0);
  }
}

TEST_CASE("a job waits for the machines it was promised, though as many others are free") {
  for (const std::string queue : {"easy", "conservative"}) {
    const BatsimReport report = report_of(kSmall, queue);
    CHECK(report.reserving_machines.empty());
    REQUIRE(report.counting_gpus.size() == 1);
    CHECK(report.counting_gpus[0].name == "d");
    CHECK(seconds_text(report.counting_gpus[0].ours) == "3");
    CHECK(report.counting_gpus[0].why == "reserves machines");
    CHECK(report.unexplained() == 0);
    CHECK(seconds_text(report.mean_wait) == "3.75");
    CHECK(seconds_text(report.mean_wait_gpus) == "2");
  }
}

TEST_CASE("a start that no rule gives is unexplained") {
  std::string wrong = kSmall;
  wrong.replace(wrong.rfind("10.000000"), 9, "11.000000");
  const BatsimReport report = report_of(wrong, "easy");
  REQUIRE(report.reserving_machines.size() == 1);
  CHECK(report.reserving_machines[0].why.empty());
  CHECK(report.unexplained() == 2);  // under either rule
  CHECK(batsim_text(report).find("NOT EXPLAINED") != std::string::npos);
  CHECK(batsim_json(report).find("\"unexplained\": 2") != std::string::npos);
}

TEST_CASE("files that are no schedules of Batsim's are refused with the place") {
  const auto refused = [](const std::string& text, const std::string& wanted) {
    INFO(text);
    CHECK(text.find(wanted) != std::string::npos);
  };
  refused(error_of("job_id,submission_time\n"), "requested_number_of_resources");
  refused(error_of(kHeader), "there is no job in this file");
  refused(error_of(kHeader + "a,0,1,3,4,0\n"), "jobs.csv:2:9: job 'a' ran for 4 s, longer than");
  refused(error_of(kHeader + "a,0,0,3,3,0\n"), "jobs.csv:2:5");
  refused(error_of(kHeader + "a,0,5,3,3,0\n"), "job 'a' needs 5 machines, but there are 4");
  refused(error_of(kHeader + "a,0,1,3,3,0\na,1,1,3,3,1\n"), "two jobs are named 'a'");
  refused(error_of(kHeader + "a,-1,1,3,3,0\n"), "jobs.csv:2:3");
  refused(error_of(kSmall, "fifo"), "'fifo' reserves no machines");
  refused(error_of(kSmall, "esy"), "unknown queue discipline 'esy'");
}
