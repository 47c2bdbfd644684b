#include "sim/core/json_text.hpp"

#include "tests/support.hpp"

#include <string>

using namespace headroom;

namespace {

std::string outside_of(std::string_view text) {
  std::string out;
  OutsideStrings outside(text);
  while (const auto index = outside.next()) out += text[*index];
  return out;
}

}  // namespace

TEST_CASE("what is outside a JSON text's strings, whatever stands inside") {
  CHECK(outside_of(R"({"a": [1, "x]"], "b\"}": true})") == "{: [1, ], : true}");
  CHECK(outside_of(R"("\\"}")") == "}");  // the backslash is itself escaped
  CHECK(outside_of(R"({"never ended)") == "{");
  CHECK(outside_of("\"\\").empty());
  CHECK(outside_of("").empty());
}

TEST_CASE("nesting is counted outside strings alone") {
  CHECK_FALSE(nested_deeper("[[]]", 2));
  CHECK(nested_deeper("[[]]", 1) == 1U);
  CHECK(nested_deeper("[{}, {}, [{}]]", 2) == 10U);
  CHECK_FALSE(nested_deeper(R"(["[[[["])", 1));
}

TEST_CASE("a place in a file counts lines and columns from one") {
  const SourcePlace first = place_in("ab\ncd", 0, "f");
  CHECK(first.line == 1);
  CHECK(first.column == 1);
  const SourcePlace place = place_in("ab\ncd", 4, "f");
  CHECK(place.line == 2);
  CHECK(place.column == 2);
  CHECK(place.file == "f");
}
