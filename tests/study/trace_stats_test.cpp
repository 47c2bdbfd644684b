// The figures of `trace stats`: small cases by hand, and the published traces against the counts
// and figures that are published with them.

#include "study/trace_stats.hpp"

#include "tests/support.hpp"
#include "tests/traces/helpers.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <random>

namespace headroom {

using namespace test;

namespace {

TaskStats stats_of(const std::filesystem::path& file, bool skip = false,
                   const SortLimits& limits = {}) {
  const AnyFormat format = require_value(any_format("", file));
  REQUIRE(format.tasks != nullptr);
  return require_value(task_stats(*format.tasks, file, skip, limits));
}

TokenStats tokens_of(const std::filesystem::path& file) {
  const AnyFormat format = require_value(any_format("", file));
  REQUIRE(format.tokens != nullptr);
  return require_value(token_stats(*format.tokens, file, false));
}

std::int64_t whole_seconds(std::int64_t nanos) { return nanos / 1'000'000'000; }

double gpu_hours(Int128 gpu_time) { return static_cast<double>(gpu_time) / 3.6e15; }

}  // namespace

TEST_CASE("quantiles are those at q (n - 1), rounded half up, until there are too many") {
  Quantiles few;
  CHECK(few.at(500) == 0);
  for (const std::int64_t value : {50, 10, 40, 20, 30, 60}) few.add(value);
  CHECK(few.at(0) == 10);
  CHECK(few.at(500) == 40);  // place 2.5, rounded up to 3
  CHECK(few.at(990) == 60);
  CHECK(few.max() == 60);
  CHECK(few.mean() == Approx(35.0));
  std::mt19937_64 random(3);
  Quantiles exact;
  Quantiles rough(100);
  for (int i = 0; i < 20'000; ++i) {
    const auto value =
        static_cast<std::int64_t>(std::exp(static_cast<double>(random() % 40'000) / 1e3));
    exact.add(value);
    rough.add(value);
  }
  CHECK(exact.exact());
  CHECK_FALSE(rough.exact());
  for (const int per_mille : {50, 500, 900, 990}) {
    const auto wanted = static_cast<double>(exact.at(per_mille));
    CHECK(static_cast<double>(rough.at(per_mille)) >= wanted);
    CHECK(static_cast<double>(rough.at(per_mille)) <= wanted * 1.001);
  }
  CHECK(rough.mean() == exact.mean());
  CHECK(rough.max() == exact.max());
}

TEST_CASE("arrivals give span, zero gaps and the variation of the gaps") {
  Arrivals arrivals;
  CHECK_FALSE(arrivals.variation().has_value());
  for (const int second : {10, 10, 13, 14}) arrivals.add(SimTime(std::chrono::seconds(second)));
  CHECK(arrivals.span() == std::chrono::seconds(4));
  CHECK(arrivals.zero_gaps() == 1);
  // Gaps 0, 3, 1: mean 4/3, variance (16 + 25 + 1) / 27.
  CHECK(*arrivals.variation() == Approx(std::sqrt(42.0 / 27.0) / (4.0 / 3.0)));
}

TEST_CASE("GPUs at once: what ends as another arrives has left, and too many are given up") {
  Concurrency at_once(3);
  const auto add = [&](int arrival, int lifetime, int milli) {
    at_once.add(SimTime(std::chrono::seconds(arrival)), std::chrono::seconds(lifetime), milli);
  };
  add(0, 10, 2'000);
  add(5, 5, 500);
  add(10, 1, 1'000);
  CHECK(at_once.peak() == 2'500);
  add(10, 5, 1'000);
  add(10, 5, 1'000);
  CHECK(at_once.peak() == 3'000);
  add(10, 5, 1'000);
  CHECK_FALSE(at_once.peak().has_value());
}

TEST_CASE("the mean of GPUs at once is up to the last end, and never above the peak") {
  Concurrency at_once;
  CHECK(at_once.mean() == 0.0);
  at_once.add(SimTime(std::chrono::seconds(5)), Duration::zero(), 1'000);
  CHECK(at_once.mean() == 0.0);
  at_once.add(SimTime(std::chrono::seconds(6)), std::chrono::seconds(19), 1'000);
  // 19 s of one GPU, from 5 s to 25 s.
  CHECK(at_once.mean() == Approx(1'000.0 * 19.0 / 20.0));
  CHECK(at_once.peak() == 1'000);
  TaskStats stats;
  stats.add(task("a", 0, 3'600, 8));
  stats.add(task("b", 1, 3'600, 8));
  CHECK(stats.offered_gpus() == Approx(2.0 * 8 * 3'600));  // in the one second of the arrivals
  CHECK(stats.concurrency.mean() / 1e3 == Approx(2.0 * 8 * 3'600 / 3'601));
  CHECK(*stats.concurrency.peak() == 16'000);
}

TEST_CASE("different texts are counted up to a limit") {
  Distinct few(10);
  Distinct many(10);
  for (int i = 0; i < 1'000; ++i) {
    few.add(std::to_string(i % 7));
    many.add(std::to_string(i));
  }
  CHECK(few.count() == 7);
  CHECK(few.all());
  CHECK(many.count() == 10);
  CHECK_FALSE(many.all());
}

TEST_CASE("the figures of a small trace are those counted by hand") {
  TaskStats stats = stats_of(source_path("traces/samples/tasks.csv"));
  CHECK(stats.tasks == 8);
  CHECK(stats.without_lifetime == 1);
  CHECK(stats.cut_off == 1);
  CHECK(stats.lifetimes.count() == 6);
  CHECK(stats.zero_lifetimes == 1);
  CHECK(stats.with_types == 3);
  CHECK(stats.tenants.count() == 3);
  CHECK(static_cast<std::int64_t>(stats.gpu_milli) ==
        1'000 + 250 + 8'000 + 500 + 2'000 + 70 + 4'000);
  CHECK(stats.sizes.at(TaskStats::kShare).tasks == 3);
  CHECK(stats.sizes.at(0).tasks == 1);
  // 3600 + 0.25 x 885 + 8 x 10380 + 0.07 x 590.000000001 + 4 x 7500 GPU-seconds.
  CHECK(gpu_hours(stats.gpu_time) == Approx((3'600 + 221.25 + 83'040 + 41.3 + 30'000) / 3'600));
  // From 1500 to 1790 s: tasks 1 (1), 4 (8), 7 (0.07) and 8 (4); task 2 has ended at 945 s.
  CHECK(stats.concurrency.peak() == 13'070);
}

TEST_CASE("deployments count in what is not about GPUs") {
  TaskStats stats = stats_of(source_path("traces/samples/native.jsonl"));
  CHECK(stats.tasks == 6);
  CHECK(stats.sizes.at(TaskStats::kDeployment).tasks == 4);
  CHECK(stats.sizes.at(TaskStats::kShare).tasks == 1);
  CHECK(stats.models.count() == 4);
  CHECK(stats.lifetimes.count() == 6);
  CHECK(static_cast<std::int64_t>(stats.gpu_milli) == 500);
  CHECK(gpu_hours(stats.gpu_time) == Approx(0.125));
}

TEST_CASE("stats of every sample are the same text and JSON that parses", "[samples]") {
  for (const auto& entry : std::filesystem::directory_iterator(source_path("traces/samples"))) {
    const auto& file = entry.path();
    const auto format = any_format("", file);
    if (!format) continue;  // README.md, the node list
    INFO(file.filename().string());
    if (format->tokens != nullptr) {
      TokenStats stats = tokens_of(file);
      const auto json = nlohmann::json::parse(token_stats_json("x", *format->tokens, stats));
      CHECK(json.at("requests") == 8);
      CHECK(token_stats_text("x", *format->tokens, stats).find("requests") != std::string::npos);
      continue;
    }
    TaskStats stats = stats_of(file);
    const auto json = nlohmann::json::parse(task_stats_json("x", *format->tasks, stats));
    CHECK(json.at("tasks") == (format->tasks->name == "native" ? 6 : 8));
    CHECK(task_stats_text("x", *format->tasks, stats).find("tasks") != std::string::npos);
  }
}

TEST_CASE("ITP clusters have their published jobs, GPU-hours, quantiles and peaks") {
  struct Row {
    const char* file;
    std::uint64_t jobs;
    std::int64_t median, mean, p99;
    double gpu_hours, peak, mean_gpus;
  };
  for (const Row& row : {Row{"01.csv", 1'595, 8'287, 12'720, 52'769, 22'740, 330, 28},
                         Row{"02.csv.gz", 5'778, 6'178, 22'970, 219'524, 123'748, 346, 86},
                         Row{"03.csv", 3'011, 9'856, 22'150, 183'760, 165'442, 1'379, 140},
                         Row{"05.csv", 3'629, 7'699, 10'210, 59'812, 14'303, 341, 10},
                         Row{"06.csv", 2'396, 4'321, 24'430, 288'583, 123'879, 516, 87},
                         Row{"07.csv.gz", 12'699, 7'399, 25'880, 392'400, 366'800, 1'903, 257},
                         Row{"08.csv.gz", 13'047, 13'677, 14'550, 56'994, 67'100, 282, 66},
                         Row{"10.csv", 260, 17'806, 32'730, 123'933, 4'024, 52, 5}}) {
    const auto file = shared_path(std::string("traces/itp2021/cluster") + row.file);
    if (!file) return;
    INFO(row.file);
    TaskStats stats = stats_of(*file);
    CHECK(stats.tasks == row.jobs);
    CHECK(stats.was_sorted);
    // Published medians of an even number of jobs are one of the two in the middle.
    CHECK(whole_seconds(stats.lifetimes.at(500)) == Approx(row.median).epsilon(0.006));
    CHECK(stats.lifetimes.mean() / 1e9 == Approx(row.mean).margin(5.01));
    CHECK(whole_seconds(stats.lifetimes.at(990)) == row.p99);
    CHECK(gpu_hours(stats.gpu_time) == Approx(row.gpu_hours).margin(0.51));
    CHECK(static_cast<double>(*stats.concurrency.peak()) / 1e3 == row.peak);
    CHECK(stats.offered_gpus() == Approx(row.mean_gpus).margin(0.51));
    CHECK(stats.concurrency.mean() <= static_cast<double>(*stats.concurrency.peak()));
    CHECK(stats.concurrency.mean() / 1e3 <= stats.offered_gpus());
    CHECK(*stats.arrivals.variation() > 3.25);
    CHECK(*stats.arrivals.variation() < 12.75);
  }
  const auto file = shared_path("traces/itp2021/cluster01.csv");
  if (!file) return;
  CHECK(stats_of(*file).arrivals.zero_gaps() == 855);
}

TEST_CASE("Philly has its published jobs, sizes, GPU-hours and durations, though unsorted") {
  const auto file = shared_path("traces/philly/philly.csv.gz");
  if (!file) return;
  // The second time with so little memory that it is sorted in files.
  for (const std::size_t memory : {std::size_t{1} << 30, std::size_t{1} << 20}) {
    SortLimits limits;
    limits.memory = memory;
    TaskStats stats = stats_of(*file, false, limits);
    CHECK(stats.tasks == 82'247);
    CHECK_FALSE(stats.was_sorted);
    CHECK(stats.tenants.count() == 15);
    std::vector<std::pair<int, std::uint64_t>> sizes;
    for (const auto& [size, of] : stats.sizes) sizes.emplace_back(size, of.tasks);
    CHECK(sizes == std::vector<std::pair<int, std::uint64_t>>{{1, 76'627},
                                                              {2, 1'818},
                                                              {4, 1'870},
                                                              {8, 1'643},
                                                              {12, 7},
                                                              {16, 199},
                                                              {24, 7},
                                                              {32, 67},
                                                              {64, 6},
                                                              {128, 3}});
    CHECK(gpu_hours(stats.gpu_time) == Approx(978'078).margin(1));
    CHECK(gpu_hours(stats.sizes.at(8).gpu_time) / gpu_hours(stats.gpu_time) ==
          Approx(0.48).margin(0.005));
    CHECK(whole_seconds(stats.lifetimes.at(500)) == 1'144);
    CHECK(whole_seconds(stats.lifetimes.at(950)) == 43'648);
    CHECK(whole_seconds(stats.lifetimes.at(990)) == 254'884);
    CHECK(stats.lifetimes.mean() / 1e9 == Approx(13'140).margin(5));
    CHECK(whole_seconds(stats.lifetimes.max()) == Approx(4'628'230).margin(5));
    CHECK(stats.below_minute == 7'654);
    // 2017-09-04 10:30:41 to 2017-12-22 08:02:11
    CHECK(stats.arrivals.first() == SimTime{});
    CHECK(stats.arrivals.last() == SimTime(std::chrono::seconds(9'408'690)));
  }
}

TEST_CASE("Lingjun has its published jobs, sizes, GPU-hours, durations and batches") {
  const auto file = shared_path("traces/lingjun2023/crux.csv");
  if (!file) return;
  TaskStats stats = stats_of(*file);
  CHECK(stats.tasks == 2'498);
  CHECK(stats.was_sorted);
  CHECK(static_cast<double>(stats.gpu_milli) / 1e3 / 2'498 == Approx(40.1).margin(0.05));
  CHECK(stats.sizes.begin()->first == 1);
  CHECK(stats.sizes.rbegin()->first == 744);
  CHECK(stats.sizes.at(8).tasks == 825);
  CHECK(stats.sizes.at(512).tasks == 23);
  CHECK(stats.lifetimes.at(50) == 0);
  CHECK(whole_seconds(stats.lifetimes.at(500)) == 420);
  CHECK(stats.lifetimes.mean() / 1e9 == Approx(12'760).margin(5));
  CHECK(whole_seconds(stats.lifetimes.at(990)) == 248'760);
  CHECK(gpu_hours(stats.gpu_time) == Approx(313'061).margin(0.5));
  CHECK(stats.arrivals.zero_gaps() == 334);
}

TEST_CASE("DLRM has its published instances, nodes and gaps") {
  const auto file = shared_path("traces/dlrm2025/disaggregated_DLRM_trace.csv.gz");
  if (!file) return;
  TaskStats stats = stats_of(*file);
  CHECK(stats.tasks == 23'871);
  CHECK(stats.sizes.at(1).tasks == 7'386);
  CHECK(stats.sizes.at(0).tasks == 16'485);
  CHECK(stats.tenants.count() == 156);
  // 7,280 were there before the start and 8,878 outlived the trace, 4,677 of them both.
  CHECK(stats.cut_off == 7'280 + 8'878 - 4'677);
  // 7,280 at time zero together, and the 6,489 gaps of zero after it.
  CHECK(stats.arrivals.zero_gaps() == 7'279 + 6'489);
  // From the time of scheduling. The published 8,408 and 102,600 s count from the creation.
  CHECK(whole_seconds(stats.lifetimes.at(500)) == 8'284);
  CHECK(stats.lifetimes.mean() / 1e9 == Approx(102'491).margin(1));
}

TEST_CASE("openb has its published pods, demand and equal stamps") {
  const auto file = shared_path("traces/openb/openb_pod_list_default.csv.gz");
  if (!file) return;
  TaskStats stats = stats_of(*file);
  CHECK(stats.tasks == 8'152);
  CHECK(static_cast<double>(stats.gpu_milli) / 1e3 == Approx(6'086.8).margin(0.05));
  CHECK(stats.sizes.at(TaskStats::kShare).tasks == 3'078);
  CHECK(stats.sizes.at(0).tasks == 1'088);
  CHECK(stats.sizes.at(8).tasks == 44);
  CHECK(stats.arrivals.zero_gaps() == 199);
  const auto spec = shared_path("traces/openb/openb_pod_list_gpuspec33.csv.gz");
  if (!spec) return;
  CHECK(stats_of(*spec).with_types == 2'388);
  const auto shares = shared_path("traces/openb/openb_pod_list_gpushare100.csv.gz");
  if (!shares) return;
  CHECK(stats_of(*shares).arrivals.zero_gaps() == 4'376);
}

TEST_CASE("the schedulers' workloads have their published jobs and sizes") {
  const auto muri = shared_path("traces/muri/cluster_trace.csv");
  if (!muri) return;
  TaskStats stats = stats_of(*muri);
  CHECK(stats.tasks == 400);
  CHECK(stats.sizes.at(8).tasks == 287);
  CHECK(stats.sizes.at(32).tasks == 40);
  CHECK(stats.arrivals.span() < std::chrono::hours(24 * 28));  // 27 days, were it not for the ms
  for (const auto& [name, jobs] :
       {std::pair{"muri/trace1.csv", 1'494}, std::pair{"muri/trace3.csv", 992},
        std::pair{"elasticflow/philly_103959.csv", 876}, std::pair{"tiresias/60_job.csv", 60}}) {
    const auto file = shared_path(std::string("traces/") + name);
    if (!file) return;
    INFO(name);
    CHECK(stats_of(*file).tasks == static_cast<std::uint64_t>(jobs));
  }
  for (char number = '1'; number <= '8'; ++number) {
    const auto file = shared_path(std::string("traces/pollux/workload-") + number + ".csv");
    if (!file) return;
    const TaskStats pollux = stats_of(*file);
    CHECK(pollux.tasks == 160);
    CHECK(pollux.without_lifetime == 160);
    CHECK(pollux.arrivals.last() <= SimTime(std::chrono::hours(8)));
  }
}

TEST_CASE("the SWF examples have their published jobs, the header's file without a last line end") {
  const auto batsim = shared_path("traces/swf/batsim_easy_mediumWL_smallPF.swf");
  if (!batsim) return;
  TaskStats stats = stats_of(*batsim);
  CHECK(stats.tasks == 800);
  CHECK_FALSE(stats.was_sorted);
  const auto toy = shared_path("traces/swf/kth_header_toy.swf");
  if (!toy) return;
  CHECK(stats_of(*toy).tasks == 9);
}

TEST_CASE("Azure's and Mooncake's requests have their published rates and token counts") {
  const auto conv = shared_path("traces/azure_llm/AzureLLMInferenceTrace_conv.csv.gz");
  if (!conv) return;
  TokenStats azure = tokens_of(*conv);
  CHECK(azure.requests == 19'366);
  CHECK(19'366 / to_seconds(azure.arrivals.span()) == Approx(5.53).margin(0.005));
  CHECK(*azure.arrivals.variation() == Approx(1.09).margin(0.005));
  CHECK(azure.input.at(500) == 1'020);
  CHECK(azure.input.mean() == Approx(1'155).margin(0.5));
  CHECK(azure.input.at(990) == 4'142);
  CHECK(azure.input.max() == 14'050);
  CHECK(azure.output.at(500) == 129);
  CHECK(azure.output.mean() == Approx(211).margin(0.5));
  CHECK(azure.output.at(990) == 601);
  CHECK(azure.output.max() == 1'000);
  const auto code = shared_path("traces/azure_llm/AzureLLMInferenceTrace_code_first_half.csv");
  if (!code) return;
  TokenStats half = tokens_of(*code);
  CHECK(half.requests == 4'409);
  CHECK(*half.arrivals.variation() == Approx(14.1).margin(0.05));
  CHECK(half.input.at(990) == 7'436);
  CHECK(half.output.at(500) == 13);
  const auto kimi = shared_path("traces/mooncake/conversation_trace.jsonl.gz");
  if (!kimi) return;
  TokenStats mooncake = tokens_of(*kimi);
  CHECK(mooncake.requests == 12'031);
  CHECK(mooncake.arrivals.zero_gaps() == 10'851);
  CHECK(mooncake.input.at(500) == 6'909);
  CHECK(mooncake.input.mean() == Approx(12'035).margin(0.5));
  CHECK(mooncake.input.at(990) == 85'401);
  CHECK(mooncake.input.max() == 126'195);
  CHECK(mooncake.output.at(500) == 350);
  CHECK(mooncake.output.mean() == Approx(343).margin(0.5));
}

TEST_CASE("GenAI's requests have their published rate, durations and models") {
  const auto file = shared_path("traces/genai2026/lora_request_trace.csv.gz");
  if (!file) return;
  TokenStats stats = tokens_of(*file);
  CHECK(stats.requests == 26'823);
  CHECK(stats.without_duration == 33);
  CHECK(stats.models.count() == 86);
  CHECK(stats.arrivals.zero_gaps() == 876);
  CHECK(*stats.arrivals.variation() == Approx(12.0).margin(0.05));
  CHECK(whole_seconds(stats.durations.at(500)) == 23);
  CHECK(stats.durations.mean() / 1e9 == Approx(28.7).margin(0.05));
  CHECK(whole_seconds(stats.durations.at(950)) == 69);
  CHECK(whole_seconds(stats.durations.at(990)) == 106);
  CHECK(whole_seconds(stats.durations.max()) == 567);
}

}  // namespace headroom
