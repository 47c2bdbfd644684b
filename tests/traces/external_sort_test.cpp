#include "traces/external_sort.hpp"

#include "tests/traces/helpers.hpp"
#include "traces/sorted_tasks.hpp"
#include "traces/task_record.hpp"

#include <algorithm>
#include <random>

namespace headroom {

using namespace test;

namespace {

using Pairs = std::vector<std::pair<std::int64_t, std::string>>;

// Keys that repeat, payloads that tell the order of adding.
Pairs some_records(std::size_t count) {
  std::mt19937_64 random(7);
  Pairs out;
  for (std::size_t i = 0; i < count; ++i) {
    out.emplace_back(static_cast<std::int64_t>(random() % 50) - 10,
                     std::to_string(i) + std::string(random() % 200, 'x'));
  }
  return out;
}

Pairs sorted_by(ExternalSort& sort, const Pairs& records) {
  for (const auto& [key, payload] : records) {
    const Status added = sort.add(key, payload);
    REQUIRE(added.has_value());
  }
  REQUIRE(sort.finish().has_value());
  Pairs out;
  while (auto record = require_value(sort.next())) {
    out.emplace_back(record->key, std::move(record->payload));
  }
  return out;
}

}  // namespace

TEST_CASE("records are sorted stably in memory, over chunks, and over chunks of chunks") {
  const Pairs records = some_records(80'000);
  Pairs wanted = records;
  std::stable_sort(wanted.begin(), wanted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const TempDir folder;
  struct Case {
    std::size_t memory;
    std::size_t least;
    std::size_t most;
  };
  // 80,000 records of about 170 bytes with their entries: 13.6 MB.
  for (const Case& one : {Case{1 << 30, 0, 0}, Case{1 << 21, 5, 12}, Case{1, 40, 400}}) {
    ExternalSort sort(one.memory, folder.path());
    CHECK(sorted_by(sort, records) == wanted);
    CHECK(sort.chunks_written() >= one.least);
    CHECK(sort.chunks_written() <= one.most);
    CHECK(std::filesystem::is_empty(folder.path()));  // nothing to clean up, even when killed
  }
}

TEST_CASE("nothing, one record and one larger than the memory are sorted") {
  ExternalSort none(1 << 20);
  CHECK(sorted_by(none, {}).empty());
  ExternalSort one(1 << 20);
  CHECK(sorted_by(one, {{5, ""}}) == Pairs{{5, ""}});
  const Pairs large{{2, std::string(1 << 20, 'a')}, {1, std::string(1 << 20, 'b')}, {2, "c"}};
  ExternalSort sort(1);
  CHECK(sorted_by(sort, large) == Pairs{large[1], large[0], large[2]});
}

TEST_CASE("a folder that cannot be written to is an error with what helps") {
  const TempDir folder;
  ExternalSort sort(1, folder.path() / "none");
  Status status;
  for (int i = 0; status && i < 10'000; ++i) status = sort.add(i, std::string(1'000, 'x'));
  REQUIRE_FALSE(status.has_value());
  check_holds(status.error().text(), "cannot make a temporary file for sorting");
  check_holds(status.error().text(), "TMPDIR");
}

TEST_CASE("a task comes back from its record") {
  TraceTask out = task("name", 0, 5, 1, 300);
  out.declared = Duration(7);
  out.cut_off = true;
  out.cpu_milli = 1'500;
  out.ram = 3 * kGiB;
  out.tenant = "t";
  out.priority = -7;
  out.gpu_types = {"A10", "", "T4"};
  out.group = "g";
  out.group_size = 3;
  const auto [back, line] = task_of_record(task_record(out, 17));
  CHECK(line == 17);
  CHECK(back.group == "g");
  CHECK(back.group_size == 3);
  CHECK(back.name == out.name);
  CHECK(back.lifetime == out.lifetime);
  CHECK(back.declared == out.declared);
  CHECK(back.cut_off);
  CHECK(back.milli == 300);
  CHECK(back.cpu_milli == out.cpu_milli);
  CHECK(back.ram == out.ram);
  CHECK(back.tenant == "t");
  CHECK(back.priority == -7);
  CHECK(back.gpu_types == out.gpu_types);
  CHECK_FALSE(task_of_record(task_record(TraceTask{}, 1)).task.lifetime.has_value());
}

TEST_CASE("an unsorted trace comes in order of arrival, then of the file, from time zero") {
  const TempDir folder;
  const auto file = folder.write("p.csv",
                                 "timestamp,duration,num_gpus,gpu_time,cluster\n"
                                 "2019-03-04 08:00:05,1.0,1,1.0,a\n"
                                 "2019-03-04 08:00:00,2.0,1,1.0,a\n"
                                 "nonsense,2.0,1,1.0,a\n"
                                 "2019-03-04 08:00:05,3.0,1,1.0,a\n"
                                 "2019-03-04 08:00:00,4.0,1,1.0,a\n");
  const TaskFormat* philly = require_value(find_task_format("philly"));
  const auto stopped = open_sorted_tasks(*philly, file, RowRules{}, {});
  check_holds(require_error(stopped), "p.csv:4:1: timestamp: 'nonsense'");
  for (const std::size_t memory : {std::size_t{1} << 30, std::size_t{1}}) {
    const RowRules rules{RowOrder::by_arrival, std::make_shared<SkippedRows>()};
    const auto sorted =
        require_value(open_sorted_tasks(*philly, file, rules, {memory, folder.path()}));
    CHECK_FALSE(sorted.was_sorted);
    std::vector<std::pair<std::string, std::string>> seen;
    std::vector<std::int64_t> lines;
    while (const auto one = require_value(sorted.tasks->next())) {
      seen.emplace_back(seconds_text(one->arrival), one->name);
      lines.push_back(sorted.tasks->place().line);
      CHECK(sorted.tasks->place().file == file.string());
    }
    CHECK(lines == std::vector<std::int64_t>{3, 6, 2, 5});
    CHECK(seen == std::vector<std::pair<std::string, std::string>>{
                      {"0", "job-2"}, {"0", "job-5"}, {"5", "job-1"}, {"5", "job-4"}});
    CHECK(rules.skipped->count == 1);
  }
}

TEST_CASE("a trace in order is streamed as it is") {
  const auto file = source_path("traces/samples/philly-jobs.csv");
  const TaskFormat* philly = require_value(find_task_format("philly"));
  const auto sorted = require_value(open_sorted_tasks(*philly, file, RowRules{}, {}));
  CHECK(sorted.was_sorted);
  const auto tasks = collect(*sorted.tasks);
  REQUIRE(tasks.size() == 8);
  CHECK(tasks[1].arrival == SimTime(std::chrono::seconds(120)));
}

}  // namespace headroom
