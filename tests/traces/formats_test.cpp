#include "traces/formats.hpp"

#include "tests/traces/helpers.hpp"
#include "traces/token_formats.hpp"

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
  CHECK(names == std::set<std::string>{"crux", "csv", "dlrm", "elasticflow", "itp", "muri",
                                       "native", "openb-pods", "philly", "pollux", "swf",
                                       "tiresias"});
  const auto unknown = find_task_format("openb-pod");
  REQUIRE_FALSE(unknown.has_value());
  check_holds(unknown.error().text(), "did you mean 'openb-pods'?");
}

TEST_CASE("the format is guessed from the first line, not from the name of the file") {
  for (const auto& [sample, format] : samples()) {
    INFO(sample);
    const AnyFormat guessed =
        require_value(any_format("", source_path("traces/samples/" + sample)));
    CHECK((guessed.tasks != nullptr ? guessed.tasks->name : guessed.tokens->name) == format);
  }
  CHECK(guess("native.jsonl", "duration,num_gpu,job_id,submission_time\n") == "itp");
  CHECK(guess("openb.csv", "{\"id\":\"x\"}\n") == "native");
  CHECK(guess("x", "   1 0 -1 5 4 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 -1\n") == "swf");
  CHECK(guess("x", "# job id , arrival time (sec),topology,shape,size,duration (sec)\n") == "crux");
  CHECK(guess("packing.csv", "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n") == "openb-pods");
}

TEST_CASE("a file of no format is refused with what its first line is") {
  check_holds(guess("x.csv", "timestamp,duration\n1,2\n"),
              "the first line, 'timestamp,duration', is of no trace format");
  check_holds(guess("x.csv", "sn,cpu_milli,memory_mib,gpu,model\n"),
              "openb node list, not a trace");
  check_holds(guess("x.csv", "\n"), "this file is empty");
  check_holds(guess("x.csv", "1 0 -1 5 4 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1\n"), "of no trace format");
  check_holds(guess("x.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n"),
              "this is a 'azure-llm' trace of requests to a model, not of tasks");
  check_holds(require_error(find_task_format("mooncake")),
              "'mooncake' is a format of requests to a model");
}

TEST_CASE("a sample of every format opens as what it is") {
  for (const auto& [sample, name] : samples()) {
    INFO(sample);
    const auto file = source_path("traces/samples/" + sample);
    const AnyFormat format = require_value(any_format(name, file));
    if (format.tokens != nullptr) {
      CHECK(collect(*require_value(format.tokens->open(file, {}))).size() == 8);
      continue;
    }
    if (name == "native") {
      CHECK(collect(*require_value(open_requests(*format.tasks, file))).size() == 6);
      continue;
    }
    CHECK(collect(*require_value(format.tasks->open_tasks(file, {}))).size() == 8);
    auto requests = require_value(open_requests(*format.tasks, file));
    if (name == "pollux" || name == "csv") {
      check_holds(first_error(*requests), "the trace does not say how long");
    } else {
      CHECK(collect(*requests).size() == 8);
    }
  }
}

}  // namespace headroom
