#include "traces/csv.hpp"

#include "tests/traces/helpers.hpp"
#include "traces/rows.hpp"

#include <array>

namespace headroom {

using namespace test;

namespace {

const std::array<std::string, 2> kNameAndSize{"name", "size"};

Result<CsvReader> open(const TempDir& folder, std::string_view content) {
  return CsvReader::open(folder.write("t.csv", content), "a test list", kNameAndSize);
}

std::vector<std::string> split(std::string_view line) {
  std::vector<CsvField> fields;
  const Status status = split_csv(line, {}, fields);
  if (!status) return {"error: " + status.error().text()};
  std::vector<std::string> out;
  out.reserve(fields.size());
  for (const CsvField& field : fields) out.push_back(field.text);
  return out;
}

using Texts = std::vector<std::string>;

/// What the only row's size reads as, or the error.
std::string size_error(std::string_view size) {
  const TempDir folder;
  auto rows = require_value(open(folder, "name,size\nx," + std::string(size) + "\n"));
  REQUIRE(require_value(rows.next()));
  const auto value = rows.integer(1, {0, 100});
  return value ? std::to_string(*value) : value.error().text();
}

}  // namespace

TEST_CASE("a line splits at its commas, with quotes and blanks as CSV has them") {
  CHECK(split("a,b,,c") == Texts{"a", "b", "", "c"});
  CHECK(split("") == Texts{""});
  CHECK(split("a,") == Texts{"a", ""});
  CHECK(split(" a ,\tb") == Texts{"a", "b"});
  CHECK(split(R"("a,b",c)") == Texts{"a,b", "c"});
  CHECK(split(R"("say ""so""" ,c)") == Texts{R"(say "so")", "c"});
  CHECK(split(R"("",x)") == Texts{"", "x"});
}

TEST_CASE("a quote that does not close and text after one are errors with their column") {
  CHECK(split(R"(a,"b)") == Texts{"error: a quote opens here and does not close on this line"});
  std::vector<CsvField> fields;
  const Status status = split_csv(R"(a,"b"c)", {"f", 3, 0}, fields);
  REQUIRE_FALSE(status.has_value());
  check_holds(status.error().text(), "f:3:6: 'c' follows a closing quote");
}

TEST_CASE("columns are found by name in any order, others between them are passed over") {
  const TempDir folder;
  auto rows = require_value(open(folder, "size,colour,name\n7,red,x\n"));
  REQUIRE(require_value(rows.next()));
  CHECK(require_value(rows.name(rows.column("name"))) == "x");
  CHECK(require_value(rows.integer(rows.column("size"), {0, 10})) == 7);
  CHECK_FALSE(rows.find_column("weight").has_value());
  CHECK_FALSE(require_value(rows.next()));
}

TEST_CASE("a missing column is named with the columns there are and those expected") {
  const TempDir folder;
  const auto rows = open(folder, "name,colour\n");
  REQUIRE_FALSE(rows.has_value());
  check_holds(rows.error().text(),
              "t.csv:1: there is no column 'size'; the columns are: name,colour");
  check_holds(rows.error().text(), "the header of a test list has name,size");
}

TEST_CASE("an empty file and a repeated column are refused") {
  const TempDir folder;
  const auto empty = open(folder, "\n\n");
  REQUIRE_FALSE(empty.has_value());
  check_holds(empty.error().text(), "this file has no header line");
  const auto twice = open(folder, "name,size,name\n");
  REQUIRE_FALSE(twice.has_value());
  check_holds(twice.error().text(), "t.csv:1:11: column 'name' stands twice");
}

TEST_CASE("a row with too few or too many fields is refused where it goes wrong") {
  const TempDir folder;
  for (const char* row : {"x", "x,1,2"}) {
    auto rows = require_value(open(folder, std::string("name,size\na,1\n") + row + "\n"));
    REQUIRE(require_value(rows.next()));
    const auto bad = rows.next();
    REQUIRE_FALSE(bad.has_value());
    check_holds(bad.error().text(), std::string(row) == "x" ? "t.csv:3:2: " : "t.csv:3:5: ");
  }
}

TEST_CASE("integers out of range or in another form are refused with value and reason") {
  CHECK(size_error("100") == "100");
  check_holds(size_error("101"), "t.csv:2:3: size is 101, but must be from 0 to 100");
  check_holds(size_error("-1"), "size is -1, but must be from 0 to 100");
  check_holds(size_error("99999999999999999999"), "must be from 0 to 100");
  for (const char* text : {"NaN", "", "1.5", "0x10", "1 2", "+3", "1e2"}) {
    INFO(text);
    check_holds(size_error(text), "but must be an integer");
  }
}

TEST_CASE("seconds are decimal, finite and not negative") {
  const TempDir folder;
  auto rows = require_value(open(folder, "name,size\na,1.5\nb,nan\nc,inf\nd,-1\ne,1e30\nf,-0.0\n"));
  REQUIRE(require_value(rows.next()));
  CHECK(require_value(rows.seconds(1)) == std::chrono::milliseconds(1'500));
  const std::array<const char*, 4> reasons{"'nan' is not a number", "'inf' is not a number",
                                           "size is -1, but must not be negative",
                                           "beyond the longest time"};
  for (const char* reason : reasons) {
    REQUIRE(require_value(rows.next()));
    const auto value = rows.seconds(1);
    REQUIRE_FALSE(value.has_value());
    check_holds(value.error().text(), reason);
    CHECK(value.error().place.column == 3);
  }
  REQUIRE(require_value(rows.next()));
  CHECK(require_value(rows.seconds(1)) == Duration::zero());
}

TEST_CASE("an empty name is refused, and a very long value is shown in part") {
  const TempDir folder;
  auto rows = require_value(open(folder, "name,size\n,1\nx," + std::string(5'000, '9') + "z\n"));
  REQUIRE(require_value(rows.next()));
  const auto name = rows.name(0);
  REQUIRE_FALSE(name.has_value());
  check_holds(name.error().text(), "t.csv:2:1: name is empty");
  REQUIRE(require_value(rows.next()));
  const auto size = rows.integer(1, {0, 100});
  REQUIRE_FALSE(size.has_value());
  CHECK(size.error().message.size() < 200);
}

TEST_CASE("arrivals may repeat but not go back") {
  ArrivalOrder order;
  const auto at = [](std::int64_t seconds) { return SimTime(std::chrono::seconds(seconds)); };
  CHECK(require_value(order.take(at(15), {})) == at(15));
  CHECK(require_value(order.take(at(15), {})) == at(15));
  CHECK(require_error(order.take(at(12), {"t.csv", 4, 9})) ==
        "t.csv:4:9: arrival 12 is before the previous row's 15 — sort the file by arrival first: "
        "headroom trace convert FILE --to native --out SORTED");
  CHECK(require_value(order.take(at(16), {})) == at(16));  // the row refused does not count
  ArrivalOrder any(RowOrder::any, true);
  CHECK(require_value(any.take(at(12), {})) == at(12));
  CHECK(require_value(any.take(at(3), {})) == at(3));
}

TEST_CASE("a header of more columns than any has is refused") {
  const TempDir folder;
  const auto error = [&](int more) {
    std::string header = "name,size";
    for (int i = 0; i < more; ++i) header += ",c" + std::to_string(i);
    const auto reader = open(folder, header + "\n");
    return reader ? std::string("no error") : reader.error().text();
  };
  CHECK(error(254) == "no error");
  check_holds(error(255), "t.csv:1: the header has 257 columns, but may have 256");
}

}  // namespace headroom
