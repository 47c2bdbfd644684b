#include "sim/core/printable.hpp"

#include "sim/core/result.hpp"
#include "tests/support.hpp"

using namespace headroom;

TEST_CASE("control characters become question marks, and all else stays") {
  CHECK(printable("a\x1b[2Jb\r\n\x7f") == "a?[2Jb???");
  CHECK(printable("a\nb\t", "\n") == "a\nb?");
  // U+009B, which terminals take for ESC [; then U+00A0, which is none, and half a character.
  CHECK(printable("\xc2\x9b"
                  "31m") == "?31m");
  CHECK(printable("\xc2\xa0\xc3\xa4 \xe2\x80\x94 \xc2") == "\xc2\xa0\xc3\xa4 \xe2\x80\x94 \xc2");
  CHECK(printable("").empty());
}

TEST_CASE("an error cannot steer the terminal, whatever it cites") {
  const Error error{"unknown name 'x\x1b[31m'", {"a\x1b]0;b\a.csv", 2, 0}, "try 'y\r'"};
  CHECK(error.text() == "a?]0;b?.csv:2: unknown name 'x?[31m' — try 'y?'");
}
