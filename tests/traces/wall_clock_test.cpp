#include "traces/wall_clock.hpp"

#include "tests/traces/helpers.hpp"

namespace headroom {

using namespace test;

namespace {

std::string text_of(std::string_view stamp) {
  const auto time = parse_wall_clock(stamp);
  return time ? seconds_text(*time) : "refused";
}

}  // namespace

TEST_CASE("wall clocks count from 1970, to the nanosecond") {
  CHECK(text_of("1970-01-01 00:00:00") == "0");
  CHECK(text_of("1970-01-02T00:00:01") == "86401");
  CHECK(text_of("2000-02-29 12:00:00") == "951825600");  // date -u -d '2000-02-29 12:00' +%s
  CHECK(text_of("2023-11-16 18:15:46.6805900") == "1700158546.68059");
  CHECK(text_of("2023-11-16 18:15:46.123456789") == "1700158546.123456789");
}

TEST_CASE("a wall clock that there is not is refused") {
  for (const char* stamp : {"",
                            "2023",
                            "2023-11-16",
                            "2023-11-16 18:15",
                            "2023-11-31 00:00:00",
                            "2023-02-29 00:00:00",
                            "2023-13-01 00:00:00",
                            "2023-11-16 24:00:00",
                            "2023-11-16 18:60:00",
                            "2023-11-16 18:15:60",
                            "2023-11-16 18:15:46.",
                            "2023-11-16 18:15:46.1234567890",
                            "2023-11-16 18:15:46 ",
                            "2023-11-16 18:15:46Z",
                            "2023-11-16 18:15:46.1x",
                            "2023-11-16 18:15:467",
                            "1969-12-31 23:59:59",
                            "9999-01-01 00:00:00",
                            "-023-11-16 18:15:46",
                            "2023/11/16 18:15:46"}) {
    INFO(stamp);
    CHECK(text_of(stamp) == "refused");
  }
  check_holds(require_error(parse_wall_clock(std::string(1'000, '9'))), "999...'");
}

}  // namespace headroom
