#include "study/trace_convert.hpp"

#include "tests/support.hpp"
#include "traces/native.hpp"
#include "traces/task_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace headroom {

using namespace test;

namespace {

namespace fs = std::filesystem;

Result<Converted> convert(const fs::path& file, const std::string& to, const fs::path& out,
                          bool skip = false, std::size_t memory = std::size_t{1} << 30) {
  const AnyFormat format = require_value(any_format("", file));
  REQUIRE(format.tasks != nullptr);
  ConvertOptions options;
  options.to = to;
  options.out = out;
  options.skip_bad_rows = skip;
  options.limits.memory = memory;
  return convert_trace(*format.tasks, file, options);
}

std::vector<TraceTask> tasks_of(const fs::path& file, const std::string& format) {
  const TaskFormat* found = require_value(find_task_format(format));
  auto reader = require_value(found->open_tasks(file, {}));
  std::vector<TraceTask> out;
  while (auto task = require_value(reader->next())) out.push_back(*task);
  return out;
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("an unsorted Philly list becomes a sorted one in every format, with the same tasks") {
  const TempDir folder;
  const fs::path file = folder.write("p.csv",
                                     "timestamp,duration,num_gpus,gpu_time,cluster\n"
                                     "2019-03-04 08:00:05,10.0,1,1.0,a\n"
                                     "2019-03-04 08:00:00,20.0,8,1.0,b\n"
                                     "2019-03-04 08:00:05,30.0,2,1.0,a\n");
  for (const std::string to : {"native", "csv", "swf"}) {
    INFO(to);
    const fs::path out = folder.path() / ("sorted." + to);
    const Converted done = require_value(convert(file, to, out));
    CHECK(done.rows == 3);
    CHECK_FALSE(done.was_sorted);
    CHECK(require_value(guess_format(out)) == to);
    const auto tasks = tasks_of(out, to);
    REQUIRE(tasks.size() == 3);
    CHECK(tasks[0].arrival == SimTime{});
    CHECK(tasks[0].gpus == 8);
    CHECK(tasks[1].arrival == SimTime(std::chrono::seconds(5)));
    CHECK(tasks[1].lifetime == std::chrono::seconds(10));
    CHECK(tasks[2].lifetime == std::chrono::seconds(30));
    if (to == "csv") CHECK(tasks[0].tenant == "b");
  }
}

TEST_CASE("sorting in files gives the same bytes as sorting in memory", "[convert]") {
  std::string rows = "id,arrival_s,lifetime_s,gpus\n";
  for (int i = 0; i < 30'000; ++i) {
    rows += fmt::format("job-{},{},{},{}\n", i, (i * 7'919) % 1'000, i % 77, 1 + i % 8);
  }
  const TempDir folder;
  const fs::path file = folder.write("t.csv", rows);
  const fs::path large = folder.path() / "large.csv";
  const fs::path small = folder.path() / "small.csv";
  REQUIRE(require_value(convert(file, "csv", large)).rows == 30'000);
  REQUIRE(require_value(convert(file, "csv", small, false, 1)).rows == 30'000);
  CHECK(read_file(large) == read_file(small));
  const auto tasks = tasks_of(large, "csv");
  CHECK(tasks.size() == 30'000);
  CHECK(std::is_sorted(tasks.begin(), tasks.end(), [](const TraceTask& a, const TraceTask& b) {
    return a.arrival < b.arrival;
  }));
}

TEST_CASE("native deployments and groups are sorted as they stand", "[convert]") {
  const TempDir folder;
  const fs::path file = folder.write(
      "t.jsonl",
      "{\"id\":\"late\",\"arrival\":60,\"lifetime\":1,\"model\":\"qwen3-8b\",\"group\":\"g\","
      "\"group_size\":1}\n{\"id\":\"early\",\"arrival\":0.5,\"lifetime\":1,\"gpus\":2,"
      "\"declared\":3}\n");
  const fs::path out = folder.path() / "sorted.jsonl.gz";
  CHECK_FALSE(require_value(convert(file, "native", out)).was_sorted);
  auto sorted = require_value(open_native(out));
  const auto first = require_value(sorted->next());
  CHECK(first->name == "early");
  CHECK(first->declared == std::chrono::seconds(3));
  const auto second = require_value(sorted->next());
  CHECK(second->shape.kind() == RequestKind::llm);
  CHECK(second->group == "g");
  CHECK_FALSE(require_value(sorted->next()).has_value());
}

TEST_CASE("every sample of tasks survives a conversion to CSV unchanged", "[samples]") {
  const TempDir folder;
  for (const auto& entry : fs::directory_iterator(source_path("traces/samples"))) {
    const auto format = any_format("", entry.path());
    if (!format || format->tasks == nullptr || format->tasks->name == "native") continue;
    INFO(entry.path().filename().string());
    const fs::path out = folder.path() / (entry.path().stem().string() + ".csv");
    REQUIRE(require_value(convert(entry.path(), "csv", out)).rows == 8);
    const auto before = tasks_of(entry.path(), format->tasks->name);
    const auto after = tasks_of(out, "csv");
    REQUIRE(after.size() == before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      CHECK(require_value(task_csv_line(after[i])) == require_value(task_csv_line(before[i])));
    }
  }
}

TEST_CASE("what a format cannot say is refused, or passed over where that is asked for") {
  const TempDir folder;
  const auto pods = source_path("traces/samples/openb-pods.csv");
  const auto refused = convert(pods, "swf", folder.path() / "p.swf");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text().find(
            "openb-pods.csv:3:1: 'sample-pod-2' asks for a share of a GPU") != std::string::npos);
  CHECK(files_in(folder.path()) == 0);  // nothing half written
  const Converted done = require_value(convert(pods, "swf", folder.path() / "p.swf", true));
  CHECK(done.rows == 4);
  CHECK(done.skipped.count == 4);
  const auto pollux =
      convert(source_path("traces/samples/pollux-jobs.csv"), "native", folder.path() / "p.jsonl");
  REQUIRE_FALSE(pollux.has_value());
  CHECK(pollux.error().text().find("does not say how long 'ncf-0' ran") != std::string::npos);
  const auto models =
      convert(source_path("traces/samples/native.jsonl"), "csv", folder.path() / "n.csv");
  REQUIRE_FALSE(models.has_value());
  CHECK(models.error().text().find("'chat' has the model '") != std::string::npos);
}

TEST_CASE("an existing file stays unless it may be replaced, and a bad one is no loss") {
  const TempDir folder;
  const fs::path out = folder.write("t.csv", "precious");
  const auto sample = source_path("traces/samples/itp-jobs.csv");
  const auto refused = convert(sample, "csv", out);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text().find("--force") != std::string::npos);
  CHECK(read_file(out) == "precious");
  CHECK_FALSE(convert(sample, "csv", folder.path() / "none" / "t.csv").has_value());
  CHECK_FALSE(convert(sample, "csv", folder.path()).has_value());
  CHECK(files_in(folder.path()) == 1);
}

}  // namespace headroom
