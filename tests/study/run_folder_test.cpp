#include "study/run_folder.hpp"

#include "tests/support.hpp"

#include <filesystem>
#include <set>
#include <string>

using namespace headroom;
namespace fs = std::filesystem;

namespace {

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

/// A folder that holds a result of headroom.
void make_result(const fs::path& target, std::string_view content) {
  const auto folder = test::require_value(RunFolder::create(target, false));
  REQUIRE(folder->write("result.json", content).has_value());
  REQUIRE(folder->commit().has_value());
}

std::string error_of(const fs::path& target, bool replace) {
  const auto folder = RunFolder::create(target, replace);
  return folder ? "" : folder.error().text();
}

}  // namespace

TEST_CASE("a committed folder holds all its files under the final name and nothing else is left") {
  const test::TempDir temp;
  const fs::path target = temp.path() / "out";
  {
    const auto folder = test::require_value(RunFolder::create(target, false));
    REQUIRE(folder->write("result.json", "{}").has_value());
    REQUIRE(folder->write("report.txt", "hello").has_value());
    CHECK_FALSE(fs::exists(target));  // not before all is there
    REQUIRE(folder->commit().has_value());
  }
  CHECK(names_in(temp.path()) == std::set<std::string>{"out"});
  CHECK(names_in(target) == std::set<std::string>{"report.txt", "result.json"});
  CHECK(test::read_file(target / "report.txt") == "hello");
}

TEST_CASE("a folder that is not committed leaves nothing behind") {
  const test::TempDir temp;
  {
    const auto folder = test::require_value(RunFolder::create(temp.path() / "out", false));
    REQUIRE(folder->write("result.json", "{}").has_value());
    CHECK(names_in(temp.path()).size() == 1);
    CHECK(fs::exists(folder->path() / "result.json"));
  }
  CHECK(names_in(temp.path()).empty());
}

TEST_CASE("folders on the way are made, a trailing slash is no name") {
  const test::TempDir temp;
  make_result(temp.path() / "a" / "b" / "", "{}");
  CHECK(names_in(temp.path() / "a") == std::set<std::string>{"b"});
  CHECK(names_in(temp.path() / "a" / "b") == std::set<std::string>{"result.json"});
}

TEST_CASE("an empty folder may be used, a file may not") {
  const test::TempDir temp;
  fs::create_directory(temp.path() / "empty");
  make_result(temp.path() / "empty", "{}");
  CHECK(names_in(temp.path() / "empty") == std::set<std::string>{"result.json"});
  const fs::path file = temp.write("file", "mine");
  CHECK(error_of(file, true).find("this is a file, not a folder") != std::string::npos);
  CHECK(test::read_file(file) == "mine");
}

TEST_CASE("a foreign folder is refused, with and without replacing") {
  const test::TempDir temp;
  temp.write("photos/cat.jpg", "meow");
  for (const bool replace : {false, true}) {
    CHECK(error_of(temp.path() / "photos", replace).find("this folder is not empty") !=
          std::string::npos);
  }
  CHECK(test::read_file(temp.path() / "photos" / "cat.jpg") == "meow");
  CHECK(names_in(temp.path()) == std::set<std::string>{"photos"});
}

TEST_CASE("an earlier result is replaced only when that was asked for") {
  const test::TempDir temp;
  const fs::path target = temp.path() / "out";
  make_result(target, "old");
  CHECK(error_of(target, false).find("this folder holds an earlier result") != std::string::npos);
  const auto folder = test::require_value(RunFolder::create(target, true));
  REQUIRE(folder->write("result.json", "new").has_value());
  CHECK(test::read_file(target / "result.json") == "old");  // until the new one is whole
  REQUIRE(folder->commit().has_value());
  CHECK(test::read_file(target / "result.json") == "new");
  CHECK(names_in(temp.path()) == std::set<std::string>{"out"});
}

TEST_CASE("a result with all that runs write is replaced, one with anything else beside is not") {
  const test::TempDir temp;
  const fs::path target = temp.path() / "out";
  make_result(target, "old");
  for (const std::string name : {"wall_clock.json", "series-naive.csv",
                                 "decisions-naive-seed2.jsonl.gz", "state-naive.json"}) {
    temp.write("out/" + name, "x");
    CHECK(error_of(target, true).empty());
  }
  for (const std::string name : {"state.json", "state-.json", "result.json.bak", "notes.txt"}) {
    temp.write("out/" + name, "x");
    CHECK(error_of(target, true).find("'" + name + "' in this folder is not of a result") !=
          std::string::npos);
    fs::remove(target / name);
  }
}

TEST_CASE("a run that fails leaves the earlier result as it was") {
  const test::TempDir temp;
  const fs::path target = temp.path() / "out";
  make_result(target, "old");
  {
    const auto folder = test::require_value(RunFolder::create(target, true));
    REQUIRE(folder->write("result.json", "half").has_value());
  }
  CHECK(test::read_file(target / "result.json") == "old");
  CHECK(names_in(temp.path()) == std::set<std::string>{"out"});
}
