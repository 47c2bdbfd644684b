// Runs that are killed half-way, and the folders they leave.

#include "study/run_folder.hpp"
#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

using namespace headroom;
using namespace headroom::test;

namespace {

namespace fs = std::filesystem;

std::string long_scenario() {
  return "policies = [\"naive\"]\n"
         "[[cluster.nodes]]\n"
         "gpu = \"A100-80GB\"\n"
         "gpus = 8\n"
         "count = 8\n"
         "[workload]\n"
         "mix = \"" +
         source_path("examples/mixes/model-zoo.toml").string() +
         "\"\n"
         "[workload.generate]\n"
         "requests = 100_000_000\n";
}

// Waits until the run has written to its decision log.
bool is_at_work(const fs::path& folder) {
  for (int i = 0; i < 6'000; ++i) {
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(folder, code)) {
      const fs::path log = entry.path() / "decisions-naive.jsonl.gz";
      if (fs::exists(log, code) && fs::file_size(log, code) > 1'000) return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

// The number of a process that has ended.
pid_t ended_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return child;
}

}  // namespace

TEST_CASE("a run that is killed leaves no result, and the next run cleans up after it", "[cli]") {
  const TempDir folder;
  const std::string scenario = folder.write("s.toml", long_scenario()).string();
  const fs::path out = folder.path() / "results" / "run";
  const pid_t process = start_headroom({"run", scenario, "--out", out.string()});
  const bool at_work = is_at_work(out.parent_path());
  CHECK(kill_headroom(process));
  REQUIRE(at_work);
  CHECK_FALSE(fs::exists(out));
  CHECK(has_partial_folder(out.parent_path()));

  const auto again = run_headroom(
      {"run", scenario, "--out", out.string(), "--set", "workload.generate.requests=50"});
  INFO(again.err);
  CHECK(again.exit_code == 0);
  CHECK(fs::exists(out / "result.json"));
  CHECK_FALSE(has_partial_folder(out.parent_path()));
}

TEST_CASE("only partial folders of the same name whose process is gone are removed", "[cli]") {
  const TempDir folder;
  const std::string gone = std::to_string(ended_process());
  const auto make = [&](const std::string& name) {
    folder.write(name + "/series-naive.csv", "x");
    return folder.path() / name;
  };
  const fs::path stale = make(".run.partial-" + gone);
  const fs::path of_another = make(".run2.partial-" + gone);
  const fs::path of_the_living = make(".run.partial-" + std::to_string(::getppid()));
  const fs::path no_number = make(".run.partial-mine");
  {
    const auto run = require_value(RunFolder::create(folder.path() / "run", false));
    CHECK_FALSE(fs::exists(stale));
    CHECK(fs::exists(of_another));
    CHECK(fs::exists(of_the_living));
    CHECK(fs::exists(no_number));
    CHECK(fs::exists(run->path()));
  }
  CHECK_FALSE(fs::exists(folder.path() / "run"));
}

TEST_CASE("a partial folder that is locked is not removed, whatever its number says", "[cli]") {
  const TempDir folder;
  const std::string name = ".run.partial-" + std::to_string(ended_process());
  folder.write(name + "/series-naive.csv", "x");
  const int descriptor = ::open((folder.path() / name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(::flock(descriptor, LOCK_EX | LOCK_NB) == 0);
  { const auto run = require_value(RunFolder::create(folder.path() / "run", false)); }
  CHECK(fs::exists(folder.path() / name));
  ::close(descriptor);
  { const auto run = require_value(RunFolder::create(folder.path() / "run", false)); }
  CHECK_FALSE(fs::exists(folder.path() / name));
}

TEST_CASE("what an earlier process of the same number left does not get into a result", "[cli]") {
  const TempDir folder;
  folder.write(".run.partial-" + std::to_string(::getpid()) + "/old.csv", "x");
  const auto run = require_value(RunFolder::create(folder.path() / "run", false));
  REQUIRE(run->write("result.json", "{}"));
  REQUIRE(run->commit());
  CHECK(fs::exists(folder.path() / "run" / "result.json"));
  CHECK_FALSE(fs::exists(folder.path() / "run" / "old.csv"));
}

TEST_CASE("an earlier result is replaced whole, and only with --force", "[cli]") {
  const TempDir folder;
  const fs::path target = folder.path() / "run";
  folder.write("run/result.json", "old");
  folder.write("run/series-old.csv", "old");
  CHECK_FALSE(RunFolder::create(target, false));
  {
    const auto unfinished = require_value(RunFolder::create(target, true));
    REQUIRE(unfinished->write("result.json", "new"));
  }
  CHECK(read_file(target / "result.json") == "old");
  const auto run = require_value(RunFolder::create(target / "", true));
  REQUIRE(run->write("result.json", "new"));
  REQUIRE(run->commit());
  CHECK(read_file(target / "result.json") == "new");
  CHECK_FALSE(fs::exists(target / "series-old.csv"));
  CHECK_FALSE(has_partial_folder(folder.path()));
}

TEST_CASE("files that came in the meantime are not overwritten", "[cli]") {
  const TempDir folder;
  const fs::path target = folder.path() / "run";
  const auto run = require_value(RunFolder::create(target, false));
  folder.write("run/letter.txt", "dear");
  CHECK_FALSE(run->commit());
  CHECK(read_file(target / "letter.txt") == "dear");
}
