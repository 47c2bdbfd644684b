// docs/invariants.md names tests: each must be there, in the file that is named.

#include "tests/support.hpp"

#include <filesystem>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

using namespace headroom;

namespace {

struct Named {
  std::string file;
  std::string test;
};

/// Lines such as: - `tests/sim/x_test.cpp`: "what it checks"
std::vector<Named> named_tests(const std::string& markdown) {
  static const std::regex line("- `(tests/[a-z0-9_/]+\\.cpp)`: \"(.*)\"");
  std::vector<Named> out;
  std::istringstream in(markdown);
  for (std::string text; std::getline(in, text);) {
    std::smatch match;
    if (std::regex_match(text, match, line)) out.push_back({match[1], match[2]});
  }
  return out;
}

/// Without the line breaks that a long name may have in its source.
bool has_test(const std::string& source, const std::string& name) {
  static const std::regex breaks("\"\\s*\\n\\s*\"");
  const std::string joined = std::regex_replace(source, breaks, "");
  return joined.find("TEST_CASE(\"" + name + "\"") != std::string::npos;
}

}  // namespace

TEST_CASE("every test that docs/invariants.md names is there") {
  const auto named = named_tests(test::read_file(test::source_path("docs/invariants.md")));
  CHECK(named.size() > 40);
  for (const Named& one : named) {
    INFO(one.file << ": " << one.test);
    const auto file = test::source_path(one.file);
    REQUIRE(std::filesystem::exists(file));
    CHECK(has_test(test::read_file(file), one.test));
  }
}

TEST_CASE("every invariant is numbered in order and names a test") {
  std::istringstream in(test::read_file(test::source_path("docs/invariants.md")));
  std::map<int, int> tests;  // by invariant
  int current = 0;
  for (std::string text; std::getline(in, text);) {
    if (text.rfind("### ", 0) == 0) {
      CHECK(std::stoi(text.substr(4)) == ++current);
      tests[current] = 0;
    }
    // Whatever looks like a list of tests must be read as one: no name is left out by a slip.
    if (text.rfind("- `tests/", 0) == 0) {
      INFO(text);
      CHECK(named_tests(text).size() == 1);
      ++tests[current];
    }
  }
  CHECK(tests.size() >= 20);
  for (const auto& [invariant, count] : tests) {
    INFO("invariant " << invariant);
    CHECK(count > 0);
  }
}
