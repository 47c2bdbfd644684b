#include "traces/swf.hpp"

#include "tests/traces/helpers.hpp"

namespace headroom {

using namespace test;

namespace {

std::string error_of(const std::string& rows) {
  const TempDir folder;
  auto reader = require_value(open_swf(folder.write("j.swf", rows)));
  return first_error(*reader);
}

}  // namespace

TEST_CASE("SWF jobs are read with comments anywhere, -1 for unknown, and no line end at the end") {
  auto reader = require_value(open_swf(source_path("traces/samples/jobs.swf")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 8);
  CHECK(tasks[0].name == "1");
  CHECK(tasks[0].gpus == 40);
  CHECK(tasks[0].lifetime == seconds_of(4'000));
  CHECK(tasks[0].declared == seconds_of(4'000));
  CHECK(tasks[0].tenant == "17");
  CHECK(tasks[0].ram == 0);
  CHECK(tasks[1].lifetime == std::chrono::milliseconds(500));
  CHECK(tasks[1].ram == 2'048 * 1'024);
  CHECK(tasks[2].lifetime == Duration::zero());
  CHECK(tasks[3].gpus == 60);  // requested: the allocated ones are not known
  CHECK(tasks[4].arrival == SimTime(std::chrono::milliseconds(120'250)));
  CHECK_FALSE(tasks[4].declared.has_value());
  CHECK(tasks[4].tenant.empty());
  CHECK(tasks[5].ram == Bytes{16} * 4'096 * 1'024);
  CHECK(tasks[7].name == "8");
}

TEST_CASE("an SWF file without a header and one of CRLF lines are read") {
  const TempDir folder;
  auto reader = require_value(open_swf(
      folder.write("j.swf", "0 0.0 0.0 88.51 1 -1 -1 1 149.0 -1 1 -1 -1 -1 -1 -1 -1 -1\r\n")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].lifetime == std::chrono::milliseconds(88'510));
  CHECK(tasks[0].declared == seconds_of(149));
}

TEST_CASE("an SWF job of unknown length has no lifetime") {
  const TempDir folder;
  auto reader = require_value(
      open_swf(folder.write("j.swf", "1 0 -1 -1 -1 -1 -1 4 60 -1 5 1 1 -1 -1 -1 -1 -1\n")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 1);
  CHECK_FALSE(tasks[0].lifetime.has_value());
}

TEST_CASE("bad SWF jobs are refused with place, value and reason") {
  check_holds(error_of("; a comment\n1 0 -1 5 4\n"), "j.swf:2:11: this row has 5 fields");
  check_holds(error_of("1 0 -1 5 x -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 -1\n"),
              "j.swf:1:10: field 5 (allocated processors) is 'x', but must be a number");
  check_holds(error_of("1 -1 -1 5 4 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 -1\n"),
              "j.swf:1:3: field 2 (submit time) is '-1', but must be 0 or more seconds");
  check_holds(error_of("1 0 -1 -5 4 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 -1\n"),
              "field 4 (run time) is '-5'");
  check_holds(
      error_of("1 0 -1 5 4.5 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 -1\n"),
      "field 5 (allocated processors) is '4.5', but must be an integer from 0 to 1000000, or -1");
  check_holds(error_of("1 0 -1 5 0 -1 -1 -1 5 -1 1 1 1 -1 -1 -1 -1 -1\n"),
              "processors) are '0' and '-1', but one");
  check_holds(error_of("1 0 -1 5 1000000 -1 -1 4 5 999999999999 1 1 1 -1 -1 -1 -1 -1\n"),
              "KB for each of 1000000 processors");
  check_holds(error_of("1 5 -1 5 4 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 -1\n"
                       "2 4 -1 5 4 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 -1\n"),
              "j.swf:2:3: arrival 4 is before the previous row's 5");
}

TEST_CASE("a task written as SWF is read back with what SWF can say") {
  TraceTask out = task("a", 12, 90, 6);
  out.arrival += std::chrono::milliseconds(250);
  out.declared = std::chrono::seconds(100);
  out.ram = 6 * kGiB;
  const TempDir folder;
  auto reader = require_value(
      open_swf(folder.write("j.swf", swf_header() + require_value(swf_line(out, 7)) + "\n")));
  const auto back = collect(*reader);
  REQUIRE(back.size() == 1);
  CHECK(back[0].name == "7");
  CHECK(back[0].arrival == out.arrival);
  CHECK(back[0].lifetime == out.lifetime);
  CHECK(back[0].declared == out.declared);
  CHECK(back[0].gpus == 6);
  CHECK(back[0].ram == out.ram);
  check_holds(require_error(swf_line(task("share", 0, 1, 1, 500), 1)), "a share of a GPU");
  check_holds(require_error(swf_line(task("cpu", 0, 1, 0), 1)), "'cpu' asks for no GPU");
}

}  // namespace headroom
