#include "sim/core/units.hpp"

#include "tests/support.hpp"

#include <cmath>
#include <limits>

using namespace headroom;
using namespace std::chrono_literals;

namespace {

std::int64_t nanos(std::string_view text) {
  return test::require_value(parse_seconds(text)).count();
}

}  // namespace

TEST_CASE("decimal seconds are read exactly") {
  CHECK(nanos("12") == 12'000'000'000);
  CHECK(nanos("0.25") == 250'000'000);
  CHECK(nanos("1e3") == 1'000'000'000'000);
  CHECK(nanos("1.5E-3") == 1'500'000);
  CHECK(nanos("-2.000000001") == -2'000'000'001);
  CHECK(nanos("+.5") == 500'000'000);
  CHECK(nanos("7.") == 7'000'000'000);
  CHECK(nanos("0") == 0);
  CHECK(nanos("0e999999999999999999999999") == 0);
  CHECK(nanos("0000000000000000000000000012") == 12'000'000'000);
  // No double holds this one: 2^53 ns is 104 days.
  CHECK(nanos("1600000000.123456789") == 1'600'000'000'123'456'789);
}

TEST_CASE("digits past the ninth round half away from zero") {
  CHECK(nanos("0.0000000005") == 1);
  CHECK(nanos("0.00000000049999999999999999999") == 0);
  CHECK(nanos("-0.0000000005") == -1);
  CHECK(nanos("0.9999999995") == 1'000'000'000);
  CHECK(nanos("1e-400") == 0);
}

TEST_CASE("what is not a number of seconds is refused with the text found") {
  const auto text = GENERATE("", " 1", "1 ", "1s", "nan", "inf", "-", ".", "1e", "1e+", "0x10",
                             "1.2.3", "1,5", "--1");
  const auto result = parse_seconds(text);
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find(std::string("'") + text + "'") == 0);
}

TEST_CASE("times beyond the longest input are refused either way") {
  CHECK(parse_seconds("3153600000").value() == kMaxInputTime);
  CHECK(parse_seconds("-3153600000").value() == -kMaxInputTime);
  CHECK_FALSE(parse_seconds("3153600000.000000001"));
  CHECK_FALSE(parse_seconds("-3153600001"));
  CHECK_FALSE(parse_seconds("1e300"));
  CHECK_FALSE(parse_seconds("1e99999999999999999999"));
  CHECK_FALSE(parse_seconds(std::string(100'000, '9')));
  // The whole of a long input is not repeated in its error.
  CHECK(parse_seconds(std::string(100'000, 'x')).error().text().size() < 200);
}

TEST_CASE("seconds as a double are rounded once to nanoseconds") {
  CHECK(duration_from_seconds(0.1).value() == 100ms);
  CHECK(duration_from_seconds(-1.5).value() == -1500ms);
  CHECK(duration_from_seconds(1e9 + 0.5).value() == Duration(1'000'000'000'500'000'000));
  CHECK(duration_from_seconds(3'153'600'000.0).value() == kMaxInputTime);
  CHECK_FALSE(duration_from_seconds(3'153'600'000.5));
  CHECK_FALSE(duration_from_seconds(1e300));
  CHECK_FALSE(duration_from_seconds(std::nan("")));
  CHECK_FALSE(duration_from_seconds(-std::numeric_limits<double>::infinity()));
}

TEST_CASE("seconds are written as the shortest decimal and read back the same") {
  CHECK(seconds_text(12s) == "12");
  CHECK(seconds_text(250ms) == "0.25");
  CHECK(seconds_text(Duration(-1)) == "-0.000000001");
  CHECK(seconds_text(SimTime(1'500ms)) == "1.5");
  CHECK(seconds_text(Duration(0)) == "0");
  const auto value = GENERATE(as<std::int64_t>(), 1, 999'999'999, 1'000'000'001, -123'456'789'012,
                              3'153'600'000'000'000'000);
  CHECK(nanos(seconds_text(Duration(value))) == value);
}

TEST_CASE("sizes are read with decimal and binary units") {
  CHECK(parse_bytes("1024").value() == 1024);
  CHECK(parse_bytes("24GiB").value() == 24 * kGiB);
  CHECK(parse_bytes("24 GiB").value() == 24 * kGiB);
  CHECK(parse_bytes("24Gi").value() == 24 * kGiB);
  CHECK(parse_bytes("551MB").value() == 551'000'000);
  CHECK(parse_bytes("1.5 kB").value() == 1500);
  CHECK(parse_bytes("1e3 B").value() == 1000);
  CHECK(parse_bytes("0.5B").value() == 1);
  CHECK(parse_bytes("51.1 GiB").value() == 54'868'207'206);
  CHECK(parse_bytes("9223372036854775807").value() == std::numeric_limits<Bytes>::max());
  CHECK(parse_bytes("0.0000000000000000000000000000000000000000001 GB").value() == 0);
}

TEST_CASE("what is not a size is refused") {
  const auto text = GENERATE("", "GiB", "24 gigs", "24gib", "24Gb", "-1", "-0.5 GiB", "1e", "1 2",
                             "9223372036854775808", "1e30", "9000000000 GiB", "nan");
  CHECK_FALSE(parse_bytes(text));
}

TEST_CASE("sizes are written for people") {
  CHECK(bytes_text(54'864'813'280) == "51.1 GiB");
  CHECK(bytes_text(24 * kGiB) == "24.0 GiB");
  CHECK(bytes_text(656'670'720) == "0.61 GiB");
  CHECK(bytes_text(kGiB * 10 - 1) == "10.0 GiB");
  CHECK(bytes_text(-3 * kGiB) == "-3.00 GiB");
  CHECK(bytes_text(9 * kMiB + kMiB / 2) == "9.50 MiB");
  CHECK(bytes_text(1023) == "1023 B");
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(std::numeric_limits<Bytes>::min()) == "-8589934592.0 GiB");
}

TEST_CASE("durations are written for people") {
  CHECK(duration_text(3h + 20min) == "3 h 20 min");
  CHECK(duration_text(15s) == "15 s");
  CHECK(duration_text(1'500ms) == "1.5 s");
  CHECK(duration_text(59'960ms) == "1 min");
  CHECK(duration_text(2min + 5s) == "2 min 5 s");
  CHECK(duration_text(250ms) == "250 ms");
  CHECK(duration_text(Duration(12'340)) == "12.3 us");
  CHECK(duration_text(Duration(7)) == "7 ns");
  CHECK(duration_text(Duration(0)) == "0 s");
  CHECK(duration_text(24h * 3 + 5h) == "3 d 5 h");
  CHECK(duration_text(-15s) == "-15 s");
}

TEST_CASE("arithmetic forms of time and size") {
  CHECK(to_seconds(1'500ms) == Approx(1.5));
  CHECK(to_seconds(SimTime(2s)) == Approx(2.0));
  CHECK(to_gib(3 * kGiB / 2) == Approx(1.5));
}
