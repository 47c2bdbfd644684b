#include "traces/philly.hpp"

#include "tests/traces/helpers.hpp"

namespace headroom {

using namespace test;

namespace {

const std::string kHeader = "timestamp,duration,num_gpus,gpu_time,cluster\n";

std::string error_of(const std::string& rows) {
  const TempDir folder;
  auto reader = require_value(open_philly(folder.write("jobs.csv", kHeader + rows)));
  return first_error(*reader);
}

}  // namespace

TEST_CASE("Philly's wall clock counts from the first row, over midnights and leap days") {
  auto reader = require_value(open_philly(source_path("traces/samples/philly-jobs.csv")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 8);
  CHECK(tasks[0].name == "job-1");
  CHECK(tasks[0].arrival == SimTime{});
  CHECK(tasks[0].lifetime == seconds_of(1'800));
  CHECK(tasks[0].gpus == 8);
  CHECK(tasks[0].tenant == "vc-a");
  CHECK(tasks[1].arrival == tasks[2].arrival);  // two of one second
  CHECK(tasks[4].name == "job-5");
  CHECK(tasks[4].arrival == SimTime(seconds_of(16 * 3'600)));
  CHECK(tasks[4].lifetime == Duration::zero());
  CHECK(tasks[7].arrival - tasks[6].arrival == std::chrono::hours(24 * 335 + 9));
}

TEST_CASE("an unsorted Philly list is refused at its row, with what sorts it") {
  const std::string error =
      error_of("2019-03-04 08:00:00,60.0,1,60.0,vc\n2019-03-04 07:59:58,60.0,1,60.0,vc\n");
  check_holds(
      error,
      "jobs.csv:3:1: arrival -2 is before the previous row's 0 (seconds from the first row)");
  check_holds(error, "headroom trace convert");
}

TEST_CASE("read in any order, Philly's rows count from 1970") {
  const TempDir folder;
  auto reader = require_value(
      open_philly(folder.write("jobs.csv", kHeader + "1970-01-01 00:01:00,60.0,1,60.0,vc\n"
                                                     "1970-01-01 00:00:01,60.0,1,60.0,vc\n"),
                  {RowOrder::any, nullptr}));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 2);
  CHECK(tasks[0].arrival == SimTime(std::chrono::seconds(60)));
  CHECK(tasks[1].arrival == SimTime(std::chrono::seconds(1)));
}

TEST_CASE("bad Philly jobs are refused with place, value and reason") {
  check_holds(error_of("2019-03-04 25:00:00,60.0,1,60.0,vc\n"),
              "jobs.csv:2:1: timestamp: '2019-03-04 25:00:00' is not a date and a time of day");
  check_holds(error_of("2019-03-04 08:00:00,-60.0,1,60.0,vc\n"),
              "jobs.csv:2:21: duration is -60.0, but must not be negative");
  check_holds(error_of("2019-03-04 08:00:00,60.0,1.5,60.0,vc\n"), "num_gpus is '1.5'");
}

}  // namespace headroom
