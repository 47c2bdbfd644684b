#include "traces/formats.hpp"

#include "tests/traces/helpers.hpp"

#include <set>

namespace headroom {

using namespace test;

namespace {

std::string guess(const std::string& name, std::string_view content) {
  const TempDir folder;
  const auto format = guess_format(folder.write(name, content));
  return format ? *format : format.error().text();
}

}  // namespace

TEST_CASE("every trace format is found by its name and described") {
  std::set<std::string> names;
  for (const TaskFormat& format : task_formats()) {
    CHECK(names.insert(format.name).second);
    CHECK_FALSE(format.description.empty());
    CHECK(require_value(find_task_format(format.name)) == &format);
  }
  CHECK(names == std::set<std::string>{"itp", "native", "openb-pods"});
  const auto unknown = find_task_format("openb-pod");
  REQUIRE_FALSE(unknown.has_value());
  check_holds(unknown.error().text(), "did you mean 'openb-pods'?");
}

TEST_CASE("the format is guessed from the first line, not from the name of the file") {
  CHECK(require_value(guess_format(source_path("traces/samples/openb-pods.csv"))) == "openb-pods");
  CHECK(require_value(guess_format(source_path("traces/samples/itp-jobs.csv"))) == "itp");
  CHECK(require_value(guess_format(source_path("traces/samples/native.jsonl"))) == "native");
  CHECK(guess("native.jsonl", "duration,num_gpu,job_id,submission_time\n") == "itp");
  CHECK(guess("openb.csv", "{\"id\":\"x\"}\n") == "native");
  CHECK(guess("packing.csv", "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n") == "openb-pods");
}

TEST_CASE("a file of no format is refused with what its first line is") {
  check_holds(guess("x.csv", "timestamp,duration\n1,2\n"),
              "the first line, 'timestamp,duration', is of no trace format");
  check_holds(guess("x.csv", "sn,cpu_milli,memory_mib,gpu,model\n"),
              "openb node list, not a trace");
  check_holds(guess("x.csv", "\n"), "this file is empty");
}

TEST_CASE("a sample of every format opens both as tasks and as requests") {
  for (const char* name : {"openb-pods.csv", "itp-jobs.csv"}) {
    const auto file = source_path(std::string("traces/samples/") + name);
    const TaskFormat* format = require_value(find_task_format(require_value(guess_format(file))));
    auto tasks = require_value(format->open_tasks(file));
    auto requests = require_value(format->open_requests(file));
    CHECK(collect(*tasks).size() == 8);
    CHECK(collect(*requests).size() == 8);
  }
}

}  // namespace headroom
