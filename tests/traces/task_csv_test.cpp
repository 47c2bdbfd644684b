#include "traces/task_csv.hpp"

#include "tests/traces/helpers.hpp"

namespace headroom {

using namespace test;

namespace {

void check_equal(const TraceTask& a, const TraceTask& b) {
  CHECK(a.name == b.name);
  CHECK(a.arrival == b.arrival);
  CHECK(a.lifetime == b.lifetime);
  CHECK(a.declared == b.declared);
  CHECK(a.cut_off == b.cut_off);
  CHECK(a.gpus == b.gpus);
  CHECK(a.milli == b.milli);
  CHECK(a.cpu_milli == b.cpu_milli);
  CHECK(a.ram == b.ram);
  CHECK(a.gpu_types == b.gpu_types);
  CHECK(a.tenant == b.tenant);
  CHECK(a.priority == b.priority);
}

}  // namespace

TEST_CASE("tasks written as CSV read back equal, texts with commas and quotes among them") {
  auto sample = require_value(open_task_csv(source_path("traces/samples/tasks.csv")));
  std::vector<TraceTask> tasks = collect(*sample);
  REQUIRE(tasks.size() == 8);
  CHECK(tasks[3].name == "sample, 4");
  CHECK(tasks[3].cut_off);
  CHECK_FALSE(tasks[4].lifetime.has_value());
  CHECK(tasks[1].gpu_types == std::vector<std::string>{"A10", "T4"});
  TraceTask odd = task(" \"odd\", #name\t", 2'000, 1, 3);
  odd.arrival += Duration(1);
  odd.tenant = "#a,\"b\"";
  odd.priority = -3;
  tasks.push_back(odd);
  std::string text = task_csv_header() + "\n";
  for (const TraceTask& one : tasks) text += require_value(task_csv_line(one)) + "\n";
  const TempDir folder;
  auto back = require_value(open_task_csv(folder.write("t.csv", text)));
  const auto again = collect(*back);
  REQUIRE(again.size() == tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) check_equal(again[i], tasks[i]);
}

TEST_CASE("four columns are enough for a task list") {
  const TempDir folder;
  auto reader = require_value(
      open_task_csv(folder.write("t.csv", "gpus,id,arrival_s,lifetime_s\n2,a,1,3\n")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 1);
  check_equal(tasks[0], task("a", 1, 3, 2));
}

TEST_CASE("what CSV cannot hold and bad rows are refused") {
  check_holds(require_error(task_csv_line(task("a\nb", 0, 1, 1))), "a text that CSV cannot hold");
  TraceTask bar = task("a", 0, 1, 1);
  bar.gpu_types = {"A|B"};
  check_holds(require_error(task_csv_line(bar)), "'|' in a GPU type");
  const TempDir folder;
  auto reader = require_value(open_task_csv(
      folder.write("t.csv", "id,arrival_s,lifetime_s,gpus,gpu_milli\na,0,1,2,500\n")));
  check_holds(first_error(*reader), "t.csv:2:9: gpu_milli is 500, but gpus is 2");
}

}  // namespace headroom
