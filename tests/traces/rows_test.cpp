// Bad rows that are passed over: they are counted and listed, and a broken file is never one.

#include "traces/rows.hpp"

#include "tests/traces/helpers.hpp"
#include "traces/crux.hpp"
#include "traces/itp.hpp"
#include "traces/lifetimes.hpp"
#include "traces/line_reader.hpp"
#include "traces/mooncake.hpp"
#include "traces/native.hpp"
#include "traces/pollux.hpp"
#include "traces/swf.hpp"

namespace headroom {

using namespace test;

namespace {

RowRules skipping() { return {RowOrder::by_arrival, std::make_shared<SkippedRows>()}; }

const std::string kItp = "job_id,submission_time,duration,num_gpu\n";

}  // namespace

TEST_CASE("bad rows are passed over with file, line, column, value and reason") {
  const TempDir folder;
  const RowRules rules = skipping();
  auto reader = require_value(open_itp(
      folder.write("t.csv", kItp + "a,0,60,1\nb,soon,60,1\nc,5,60\nd,10,60,2\ne,9,60,1\n,11,1,1\n"
                                   "f,12,60,3"),
      rules));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 3);
  CHECK(tasks[1].name == "d");
  CHECK(tasks[2].name == "f");
  CHECK(rules.skipped->count == 4);
  REQUIRE(rules.skipped->first.size() == 4);
  check_holds(rules.skipped->first[0].text(), "t.csv:3:3: submission_time: 'soon'");
  check_holds(rules.skipped->first[1].text(), "t.csv:4:7: this row has 3 fields");
  check_holds(rules.skipped->first[2].text(), "t.csv:6:3: arrival 9 is before");
  check_holds(rules.skipped->first[3].text(), "t.csv:7:1: job_id is empty");
}

TEST_CASE("many bad rows are all counted, and the first ten listed") {
  const TempDir folder;
  std::string text = kItp;
  for (int i = 0; i < 1'000; ++i) text += "x,y,z\n";
  const RowRules rules = skipping();
  auto reader = require_value(open_itp(folder.write("t.csv", text), rules));
  CHECK(collect(*reader).empty());
  CHECK(rules.skipped->count == 1'000);
  CHECK(rules.skipped->first.size() == SkippedRows::kListed);
}

TEST_CASE("a file that breaks off is an error whatever is passed over") {
  const TempDir folder;
  std::string rows = kItp;
  for (int i = 0; i < 50'000; ++i)
    rows += std::to_string(i) + "," + std::to_string(7 * i) + ",60,1\n";
  const auto gz = write_gz(folder, "t.csv.gz", rows);
  std::filesystem::resize_file(gz, std::filesystem::file_size(gz) / 2);
  auto cut = require_value(open_itp(gz, skipping()));
  check_holds(first_error(*cut), "the file is truncated");
  auto long_line = require_value(
      open_itp(folder.write("l.csv", kItp + std::string(kMaxLineBytes + 1, 'x') + "\na,0,60,1\n"),
               skipping()));
  check_holds(first_error(*long_line), "this line is longer than");
}

TEST_CASE("rows of the other kinds of reader are passed over too") {
  const TempDir folder;
  const RowRules rules = skipping();
  auto swf =
      require_value(open_swf(folder.write("j.swf",
                                          "1 0 -1 5 4 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 -1\nnonsense\n"
                                          "3 9 -1 5 4 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 -1\n"),
                             rules));
  CHECK(collect(*swf).size() == 2);
  auto native = require_value(
      open_native(folder.write("t.jsonl",
                               "{\"broken\n{\"id\":\"a\",\"arrival\":0,\"lifetime\":1}\n"
                               "{\"id\":\"b\",\"arival\":0,\"lifetime\":1}\n"),
                  rules));
  CHECK(collect(*native).size() == 1);
  auto tasks = require_value(open_native_tasks(
      folder.write("m.jsonl",
                   "{\"id\":\"a\",\"arrival\":0,\"lifetime\":1,\"model\":\"qwen3-8b\"}\n"
                   "{\"id\":\"b\",\"arrival\":0,\"lifetime\":1,\"gpus\":1}\n"),
      rules));
  CHECK(collect(*tasks).size() == 1);
  auto requests = require_value(open_mooncake(
      folder.write("m.jsonl", "[]\n{\"timestamp\":0,\"input_length\":1,\"output_length\":1}\n"),
      rules));
  CHECK(collect(*requests).size() == 1);
  CHECK(rules.skipped->count == 5);
}

TEST_CASE("a task without a lifetime is a bad row until a lifetime is drawn for it") {
  const auto file = source_path("traces/samples/pollux-jobs.csv");
  const auto refused =
      with_lifetimes(require_value(open_pollux(file)), std::nullopt, 1, RowRules{});
  const std::string error = first_error(*refused);
  check_holds(error, "pollux-jobs.csv:2:1: the trace does not say how long 'ncf-0' ran");
  check_holds(error, "lifetime_median_s = 14400 in [workload]");
  const RowRules rules = skipping();
  CHECK(collect(*with_lifetimes(require_value(open_pollux(file)), std::nullopt, 1, rules)).empty());
  CHECK(rules.skipped->count == 8);
}

TEST_CASE("drawn lifetimes come from the seed, and those of the trace stay") {
  const auto lifetimes = [](std::uint64_t seed, LifetimeModel model) {
    std::vector<TraceTask> tasks(4, task("a", 0, 0, 1));
    for (TraceTask& one : tasks) one.lifetime.reset();
    tasks[1].lifetime = std::chrono::seconds(77);
    std::vector<Duration> out;
    for (const TraceTask& one :
         collect(*with_lifetimes(list_reader(tasks), model, seed, RowRules{}))) {
      out.push_back(*one.lifetime);
    }
    return out;
  };
  const LifetimeModel spread{std::chrono::hours(1), 1.0};
  const auto first = lifetimes(1, spread);
  CHECK(first == lifetimes(1, spread));
  CHECK(first != lifetimes(2, spread));
  CHECK(first[1] == std::chrono::seconds(77));
  CHECK(first[0] != first[2]);
  CHECK(lifetimes(1, {std::chrono::hours(1), 0.0})[3] == std::chrono::hours(1));
}

}  // namespace headroom
