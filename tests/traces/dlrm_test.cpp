#include "traces/dlrm.hpp"

#include "tests/traces/helpers.hpp"

namespace headroom {

using namespace test;

namespace {

const std::string kHeader =
    "instance_sn,app_name,cpu_request,gpu_request,memory_request,creation_time,scheduled_time,"
    "deletion_time\n";
constexpr std::int64_t kEnd = 31 * 24 * 3'600;

std::string error_of(const std::string& rows) {
  const TempDir folder;
  auto reader = require_value(open_dlrm(folder.write("d.csv", kHeader + rows)));
  return first_error(*reader);
}

}  // namespace

TEST_CASE("DLRM instances live from their start, or the trace's, to their end, or the trace's") {
  auto reader = require_value(open_dlrm(source_path("traces/samples/dlrm-instances.csv")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 8);
  CHECK(tasks[0].arrival == SimTime{});  // there from before the start to after the end
  CHECK(tasks[0].lifetime == std::chrono::seconds(kEnd));
  CHECK(tasks[0].cut_off);
  CHECK(tasks[1].lifetime == std::chrono::seconds(7'200));
  CHECK(tasks[1].cut_off);
  CHECK(tasks[1].gpus == 0);
  CHECK(tasks[2].arrival == SimTime(std::chrono::seconds(100)));
  CHECK(tasks[2].lifetime == std::chrono::seconds(3'570));  // from when it was scheduled
  CHECK_FALSE(tasks[2].cut_off);
  CHECK(tasks[2].cpu_milli == 8'000);
  CHECK(tasks[2].ram == 60 * kGiB + kGiB / 2);
  CHECK(tasks[2].tenant == "news");
  CHECK(tasks[4].lifetime == std::chrono::seconds(kEnd - 100));
  CHECK(tasks[4].cut_off);
}

TEST_CASE("bad DLRM instances are refused with place, value and reason") {
  check_holds(error_of("a,app,8,1,60.0,100,90,\n"),
              "d.csv:2:20: scheduled_time 90 is before creation_time 100");
  check_holds(error_of("a,app,8,1,60.0,100,100,99\n"),
              "d.csv:2:24: deletion_time 99 is before the instance's start at 100");
  check_holds(error_of("a,app,8,1,60.0,9000000,9000000,\n"),
              "the end of the trace 2678400 is before the instance's start at 9000000");
  check_holds(error_of("a,app,8,1,much,,,\n"), "d.csv:2:11: memory_request is 'much'");
  check_holds(error_of("a,app,8,1,9e9,,,\n"), "memory_request is '9e9', but must be GiB from 0");
  check_holds(error_of("a,app,8,1,1,50,50,\nb,app,8,1,1,,,\n"), "arrival 0 is before");
}

}  // namespace headroom
