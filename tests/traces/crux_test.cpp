#include "traces/crux.hpp"

#include "tests/traces/helpers.hpp"

namespace headroom {

using namespace test;

TEST_CASE("a header behind a # names the columns, and durations of zero are jobs") {
  auto reader = require_value(open_crux(source_path("traces/samples/crux-jobs.csv")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 8);
  CHECK(tasks[0].name == "0");
  CHECK(tasks[0].gpus == 48);
  CHECK(tasks[0].lifetime == seconds_of(720));
  CHECK(tasks[1].lifetime == Duration::zero());
  CHECK(tasks[1].arrival == tasks[3].arrival);  // three of one second
  CHECK(tasks[4].gpus == 118);                  // no power of two
  CHECK(tasks[7].name == "7");                  // its line has no end
  CHECK(tasks[7].lifetime == seconds_of(60));
}

TEST_CASE("a bad row of the six columns is refused with place, value and reason") {
  const TempDir folder;
  const std::string header = "#job id,arrival time (sec),topology,shape,size,duration (sec)\n";
  const auto error_of = [&](const std::string& rows) {
    auto reader = require_value(open_crux(folder.write("crux.csv", header + rows)));
    return first_error(*reader);
  };
  check_holds(error_of("0,0.0,CLOS,8,8\n"), "crux.csv:2:15: this row has 5 fields");
  check_holds(error_of("0,0.0,CLOS,8,eight,60.0\n"), "crux.csv:2:14: size is 'eight'");
  check_holds(error_of("0,60.0,CLOS,8,8,60.0\n1,0.0,CLOS,8,8,60.0\n"),
              "crux.csv:3:3: arrival 0 is before the previous row's 60");
  check_holds(require_error(open_crux(folder.write("x.csv", "0,0.0,CLOS,8,16,60.0\n"))),
              "there is no column 'job id'");
}

}  // namespace headroom
