// Strict TOML: what is read, and what every mistake says.

#include "sim/core/config.hpp"

#include "tests/support.hpp"

#include <array>
#include <functional>
#include <string>

using namespace headroom;

namespace {

ConfigTable parse(std::string_view toml) {
  return test::require_value(ConfigTable::parse(toml, "file.toml"));
}

/// The error after this was read, or "".
std::string error_after(std::string_view toml,
                        const std::function<void(const ConfigTable&)>& read) {
  const ConfigTable config = parse(toml);
  read(config);
  const Status status = config.finish();
  return status ? "" : status.error().text();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string parse_error(std::string_view toml) {
  const auto config = ConfigTable::parse(toml, "file.toml");
  return config ? "" : config.error().text();
}

}  // namespace

TEST_CASE("values of every kind are read") {
  const ConfigTable config = parse(R"(
    whole = -3
    number = 2.5
    whole_number = 4
    text = "hello"
    flag = true
    choice = "b"
    size = "1.5GiB"
    bytes = 1024
    seconds = 0.25
    texts = ["x", "y"]
    numbers = [1, 2]
  )");
  const std::array<std::string, 2> choices = {"a", "b"};
  CHECK(config.integer("whole", {-5, 5}) == -3);
  CHECK(config.number("number", {0, 10}) == 2.5);
  CHECK(config.number("whole_number", {0, 10}) == 4.0);
  CHECK(config.text("text") == "hello");
  CHECK(config.flag_or("flag", false));
  CHECK(config.choice_or("choice", choices, "a") == "b");
  CHECK(config.bytes_or("size", 0) == kGiB * 3 / 2);
  CHECK(config.bytes_or("bytes", 0) == 1024);
  CHECK(config.seconds_or("seconds", {}) == std::chrono::milliseconds(250));
  CHECK(config.texts_or("texts", {}) == std::vector<std::string>{"x", "y"});
  CHECK(config.integers_or("numbers", {0, 9}, {}) == std::vector<std::int64_t>{1, 2});
  CHECK(config.finish().has_value());
}

TEST_CASE("what is not there has its fallback") {
  const ConfigTable config = parse("");
  const std::array<std::string, 1> choices = {"a"};
  CHECK(config.integer_or("x", {0, 1}, 7) == 7);
  CHECK(config.number_or("x", {0, 1}, 7.5) == 7.5);
  CHECK(config.text_or("x", "y") == "y");
  CHECK(config.flag_or("x", true));
  CHECK(config.choice_or("x", choices, "z") == "z");
  CHECK(config.bytes_or("x", 5) == 5);
  CHECK(config.seconds_or("x", Duration(9)) == Duration(9));
  CHECK(config.texts_or("x", {"k"}) == std::vector<std::string>{"k"});
  CHECK(config.tables("x").empty());
  CHECK_FALSE(config.table("x").has("y"));
  CHECK(config.table("x").table("y").integer_or("z", {0, 1}, 3) == 3);
  CHECK(config.finish().has_value());
}

TEST_CASE("a required value that is missing is named with its path") {
  CHECK(error_after("", [](const auto& c) {
          (void)c.integer("count", {0, 1});
        }) == "file.toml:1:1: 'count' is missing");
  CHECK(contains(error_after("[a]\n[a.b]\nx = 1",
                             [](const auto& c) {
                               const auto b = c.table("a").table("b");
                               (void)b.integer("x", {0, 9});
                               (void)b.text("name");
                             }),
                 "'a.b.name' is missing"));
  CHECK(contains(error_after("",
                             [](const auto& c) {
                               (void)c.table("a").number("x", {0, 1});
                             }),
                 "'a.x' is missing"));
}

TEST_CASE("a value of the wrong type is named with line, column and what it is") {
  const std::string text = error_after("a = 1\nb = \"two\"", [](const auto& c) {
    (void)c.integer("b", {0, 9});
  });
  CHECK(contains(text, "file.toml:2:5: "));
  CHECK(contains(text, "'b' is text, "));
  CHECK(contains(text, "must be an integer"));
  const auto wrong = [](std::string_view toml, auto read) { return error_after(toml, read); };
  CHECK(contains(wrong("x = 1.0",
                       [](const auto& c) {
                         (void)c.integer("x", {0, 9});
                       }),
                 "must be an integer"));
  CHECK(contains(wrong("x = true",
                       [](const auto& c) {
                         (void)c.number("x", {0, 9});
                       }),
                 "must be a number"));
  CHECK(contains(wrong("x = '1'",
                       [](const auto& c) {
                         (void)c.number("x", {0, 9});
                       }),
                 "must be a number"));
  CHECK(
      contains(wrong("x = 1", [](const auto& c) { (void)c.text("x"); }), "must be text in quotes"));
  CHECK(contains(wrong("x = 1", [](const auto& c) { (void)c.flag_or("x", false); }),
                 "must be true or false"));
  CHECK(contains(wrong("x = 1", [](const auto& c) { (void)c.table("x"); }), "must be a table"));
  CHECK(contains(wrong("x = 1", [](const auto& c) { (void)c.tables("x"); }),
                 "must be an array of tables"));
  CHECK(contains(wrong("x = [1]", [](const auto& c) { (void)c.tables("x"); }),
                 "must be an array of tables"));
  CHECK(contains(wrong("x = 'a'", [](const auto& c) { (void)c.texts_or("x", {}); }),
                 "must be an array of text"));
  CHECK(contains(wrong("x = ['a', 1]", [](const auto& c) { (void)c.texts_or("x", {}); }),
                 "must be an array of text"));
  CHECK(contains(wrong("x = [1, 10]",
                       [](const auto& c) {
                         (void)c.integers_or("x", {0, 9}, {});
                       }),
                 "an array of integers from 0 to 9"));
  CHECK(contains(wrong("x = true", [](const auto& c) { (void)c.bytes_or("x", 0); }),
                 "must be a size"));
  CHECK(contains(wrong("x = 1979-05-27", [](const auto& c) { (void)c.text("x"); }),
                 "'x' is a date or time"));
}

TEST_CASE("a value out of range is named with the range") {
  CHECK(contains(error_after("x = 11",
                             [](const auto& c) {
                               (void)c.integer("x", {0, 10});
                             }),
                 "'x' is 11, but must be from 0 to 10"));
  CHECK(contains(error_after("x = -0.5",
                             [](const auto& c) {
                               (void)c.number("x", {0, 10});
                             }),
                 "'x' is -0.5, but must be from 0 to 10"));
  CHECK(contains(error_after("x = -1", [](const auto& c) { (void)c.bytes_or("x", 0); }),
                 "a size cannot be negative"));
  CHECK(contains(error_after("x = '12 parsecs'", [](const auto& c) { (void)c.bytes_or("x", 0); }),
                 "'x': "));
  CHECK(contains(error_after("x = -1", [](const auto& c) { (void)c.seconds_or("x", {}); }),
                 "must be from 0 to"));
  CHECK(contains(error_after("x = 1e30", [](const auto& c) { (void)c.seconds_or("x", {}); }),
                 "must be from 0 to"));
}

TEST_CASE("nan and infinity are no numbers") {
  for (const std::string value : {"nan", "-nan", "inf", "-inf"}) {
    INFO(value);
    const std::string toml = "x = " + value;
    CHECK(contains(error_after(toml,
                               [](const auto& c) {
                                 (void)c.number("x", {-1e300, 1e300});
                               }),
                   "must be from"));
    CHECK(contains(error_after(toml, [](const auto& c) { (void)c.seconds_or("x", {}); }),
                   "must be from"));
  }
}

TEST_CASE("a choice that is not one names what there is and the nearest") {
  const std::array<std::string, 2> choices = {"fifo", "fifo-skip"};
  const std::string text = error_after(
      "queue = 'fifo-skp'", [&](const auto& c) { (void)c.choice_or("queue", choices, "fifo"); });
  CHECK(contains(text, "'queue' is 'fifo-skp', which is not one of: fifo, fifo-skip"));
  CHECK(contains(text, "did you mean 'fifo-skip'?"));
}

TEST_CASE("an unknown key is an error that names the nearest one asked for") {
  const std::string text = error_after("policies = 1\npolicy_ = 2", [](const auto& c) {
    (void)c.integer_or("policies", {0, 9}, 0);
    (void)c.integer_or("policy", {0, 9}, 0);
  });
  CHECK(contains(text, "file.toml:2:11: unknown key 'policy_'"));
  CHECK(contains(text, "did you mean 'policy'?"));
}

TEST_CASE("unknown keys are found in nested tables and arrays of tables") {
  const std::string toml = R"(
[[nodes]]
gpus = 1
[[nodes]]
gpus = 2
[nodes.extra]
cuont = 3
)";
  const auto read = [](bool ask) {
    return [ask](const ConfigTable& config) {
      for (const auto& node : config.tables("nodes")) {
        (void)node.integer("gpus", {0, 9});
        const auto extra = node.table("extra");
        if (ask) (void)extra.integer_or("cuont", {0, 9}, 0);
        (void)extra.integer_or("count", {0, 9}, 0);
      }
    };
  };
  CHECK(contains(error_after(toml, read(false)), "file.toml:7:9: unknown key 'cuont'"));
  CHECK(contains(error_after(toml, read(false)), "did you mean 'count'?"));
  CHECK(error_after(toml, read(true)).empty());
}

TEST_CASE("a table that nobody opened is an unknown key") {
  CHECK(contains(error_after("[quue]\nlimit = 1", [](const auto& c) { (void)c.table("queue"); }),
                 "unknown key 'quue'"));
}

TEST_CASE("nested arrays of tables are read in order, errors name their position") {
  const ConfigTable config = parse(R"(
    [[group]]
    [[group.node]]
    id = 1
    [[group.node]]
    id = 2
    [[group]]
    [[group.node]]
    id = "three"
  )");
  std::vector<std::int64_t> ids;
  for (const auto& group : config.tables("group")) {
    for (const auto& node : group.tables("node")) ids.push_back(node.integer("id", {0, 9}));
  }
  CHECK(ids == std::vector<std::int64_t>{1, 2, 0});
  REQUIRE_FALSE(config.status().has_value());
  CHECK(contains(config.status().error().text(), "'group[1].node[0].id' is text"));
}

TEST_CASE("the first error is kept") {
  const ConfigTable config = parse("a = 'x'\nb = 'y'");
  CHECK(config.integer("b", {3, 9}) == 3);  // the fallback of a required value is its least
  (void)config.integer("a", {0, 9});
  CHECK(contains(config.finish().error().text(), "'b' is text"));
}

TEST_CASE("keys of a table come in alphabetical order and count as asked for") {
  const ConfigTable config = parse("[alias]\nb = '1'\na = '2'\nc = '3'");
  CHECK(config.table("alias").keys() == std::vector<std::string>{"a", "b", "c"});
  CHECK(config.finish().has_value());
}

TEST_CASE("a reader may reject a value with its own words and place") {
  CHECK(error_after("[t]\nx = 1", [](const auto& c) {
          const auto t = c.table("t");
          (void)t.integer("x", {0, 9});
          t.reject("x", "one is too few", "try two");
        }) == "file.toml:2:5: one is too few — try two");
}

TEST_CASE("broken TOML is an error with line and column") {
  CHECK(contains(parse_error("a = 1\nb = = 2"), "file.toml:2:"));
  for (const std::string broken :
       {"[[,x]]", "[[", "[", "=", "a", "a = ", "a = [1,", "a = \"x", "a = 1\na = 2", "[a]\n[a]",
        "a.b = 1\na = 2", "a = 1_", "a = 01", "\xff\xfe = 1", "a = '\x01'", "[a]]", "[[a]\n"}) {
    INFO(broken);
    CHECK(contains(parse_error(broken), "not valid TOML"));
  }
}

TEST_CASE("deeply nested TOML is an error, not a crash") {
  const std::string deep = "a = " + std::string(100'000, '[');
  CHECK(contains(parse_error(deep), "not valid TOML"));
}

TEST_CASE("a file that cannot be read is an error with its path") {
  const test::TempDir folder;
  const auto missing = ConfigTable::read(folder.path() / "none.toml");
  REQUIRE_FALSE(missing.has_value());
  CHECK(contains(missing.error().text(), "none.toml"));
  CHECK_FALSE(ConfigTable::read(folder.path()).has_value());
  const auto file = folder.write("some.toml", "a = 1");
  const ConfigTable config = test::require_value(ConfigTable::read(file));
  CHECK(config.integer("a", {0, 9}) == 1);
  CHECK(config.file() == file.string());
}

TEST_CASE("an assignment overrides a value, adds one, and makes the tables on its way") {
  ConfigTable config = parse("[queue]\nlimit = 1\nname = 'a'");
  REQUIRE(config.set("queue.limit=5").has_value());
  REQUIRE(config.set("queue.name=fifo-skip").has_value());  // no TOML: taken as text
  REQUIRE(config.set("queue.flag=true").has_value());
  REQUIRE(config.set("new.deep.value=[1, 2]").has_value());
  REQUIRE(config.set("text=a=b").has_value());
  const auto queue = config.table("queue");
  CHECK(queue.integer("limit", {0, 9}) == 5);
  CHECK(queue.text("name") == "fifo-skip");
  CHECK(queue.flag_or("flag", false));
  CHECK(config.table("new").table("deep").integers_or("value", {0, 9}, {}).size() == 2);
  CHECK(config.text("text") == "a=b");
  CHECK(config.finish().has_value());
}

TEST_CASE("a wrong assignment says where it comes from") {
  ConfigTable config = parse("x = 1");
  CHECK(contains(config.set("x").error().text(), "'x' is not of the form key=value"));
  CHECK(contains(config.set("=3").error().text(), "not of the form"));
  CHECK(contains(config.set("x.y=3").error().text(), "'x' is not a table"));
  REQUIRE(config.set("x=many").has_value());
  (void)config.integer("x", {0, 9});
  CHECK(contains(config.finish().error().text(), "--set: 'x' is text"));
}

TEST_CASE("an unknown key that was set on the command line is an error too") {
  ConfigTable config = parse("limit = 1");
  REQUIRE(config.set("limt=2").has_value());
  (void)config.integer("limit", {0, 9});
  CHECK(contains(config.finish().error().text(),
                 "--set: unknown key 'limt' — did you mean 'limit'?"));
}

TEST_CASE("a table or an array in the wrong place is told without what is in it") {
  const auto config = test::require_value(ConfigTable::parse("a = [-1]\nb = {c = -1}\n", "t.toml"));
  (void)config.text("a");
  CHECK(config.status().error().text().find("[...]") != std::string::npos);
  const auto other = test::require_value(ConfigTable::parse("b = {c = [-1]}\n", "t.toml"));
  (void)other.text("b");
  CHECK(other.status().error().text().find("{...}") != std::string::npos);
}
