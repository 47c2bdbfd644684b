#include "bench/attention/runner.hpp"

#include "tests/catch.hpp"
#include "tests/support.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <utility>

namespace headroom::bench {
namespace {

/// Launches that take 10 us, and what a test wants of them.
struct Behaviour {
  double error = 1e-3;
  double us = 10.0;
  double by_turns = 0.0;  // us more, every other time
  std::optional<profile::State> state;
  std::optional<double> clock_mhz;
  int gpus = 0;
  int gpus_that_fail = 0;
};

class FakePoint final : public LoadedPoint {
 public:
  explicit FakePoint(const Behaviour& behaviour) : behaviour_(behaviour) {}
  double time_cold() override {
    odd_ = !odd_;
    return behaviour_.us + (odd_ ? behaviour_.by_turns : 0.0);
  }
  double time_hot() override { return behaviour_.us / 2.0; }
  int hot_launches() const override { return 20; }
  std::optional<double> clock_mhz() const override { return behaviour_.clock_mhz; }
  profile::Check check(int rows) override { return {behaviour_.error, rows}; }
  std::optional<profile::Counters> counters() override {
    profile::Counters out;
    out.dram_read_bytes = 1000;
    return out;
  }

 private:
  const Behaviour& behaviour_;
  bool odd_ = false;
};

class FakeDevice final : public Device {
 public:
  FakeDevice() {
    facts_.kind = profile::DeviceKind::cpu;
    facts_.name = "none";
  }
  const profile::Device& facts() const override { return facts_; }
  std::vector<Implementation> implementations() const override {
    return {{"fake", "", true, true, {Op::decode}}};
  }
  Result<profile::Ceilings> measure_ceilings() override { return profile::Ceilings{}; }
  std::optional<profile::State> state() const override { return behaviour.state; }
  int gpus() const override { return behaviour.gpus; }
  Result<std::vector<profile::Collective>> measure_all_reduce(int gpus) override {
    if (gpus == behaviour.gpus_that_fail) return fail("no link");
    profile::Collective out;
    out.implementation = "fake";
    out.gpus = gpus;
    out.bytes = 1024;
    out.median_us = 7.0;
    return std::vector<profile::Collective>{out};
  }
  Result<std::unique_ptr<LoadedPoint>> load(const Point& point, const std::string&) override {
    if (point.shape.head_dim == 64) return fail("no 64");
    return std::make_unique<FakePoint>(behaviour);
  }

  Behaviour behaviour;

 private:
  profile::Device facts_;
};

Job job(std::int64_t kv_len, std::int64_t head_dim = 128) {
  Point point;
  point.shape = {8, 1, head_dim};
  point.kv_len = kv_len;
  count(point);
  return {point, {"fake", "", true, true, {Op::decode}}};
}

TEST_CASE("a point that is measured stands in the profile, one that is not with the reason") {
  FakeDevice device;
  Runner runner(device, {}, 2);
  REQUIRE(runner.start());
  const auto measured = runner.run(job(100));
  REQUIRE(measured);
  CHECK(measured->id == "decode/q8kv1d128/bf16/b1/s100/fake");
  CHECK(measured->cold->median_us == 10.0);
  CHECK(measured->hot->median_us == 5.0);
  CHECK(measured->hot->launches == 20);
  CHECK(measured->flags.empty());
  CHECK_FALSE(runner.run(job(100, 64)));
  REQUIRE(runner.finish());
  CHECK(runner.profile().attention.size() == 1);
  REQUIRE(runner.profile().skipped.size() == 1);
  CHECK(runner.profile().skipped[0].reason == "no 64");
  CHECK(runner.profile().complete);
}

TEST_CASE("wrong outputs are never timed, NaN among them") {
  for (const double error : {0.02, std::nan("")}) {
    FakeDevice device;
    device.behaviour.error = error;
    Runner runner(device, {}, 1);
    REQUIRE(runner.start());
    const auto measured = runner.run(job(100));
    REQUIRE_FALSE(measured);
    CHECK(measured.error().why == Left::wrong);
    CHECK(measured.error().reason.find("wrong: a relative error of") == 0);
    CHECK(runner.profile().attention.empty());
  }
}

TEST_CASE("a point that has no time left is left out, and the profile is not complete") {
  FakeDevice device;
  RunnerOptions options;
  options.budget_s = 1e-9;
  Runner runner(device, options, 1);
  REQUIRE(runner.start());
  REQUIRE_FALSE(runner.run(job(100)));
  REQUIRE(runner.finish());
  CHECK_FALSE(runner.profile().complete);
  CHECK(runner.profile().skipped[0].reason == "no time left");
}

TEST_CASE("where a repeated point moved, what was measured since is flagged") {
  FakeDevice device;
  Runner runner(device, {}, 102);
  REQUIRE(runner.start());
  for (int i = 1; i <= 51; ++i) REQUIRE(runner.run(job(100 + i)));
  device.behaviour.us = 10.5;
  for (int i = 52; i <= 102; ++i) REQUIRE(runner.run(job(100 + i)));
  const auto& points = runner.profile().attention;
  CHECK(points[0].flags.empty());
  CHECK(points[50].flags.empty());
  CHECK(points[51].flags == std::vector<std::string>{"drift"});
  CHECK(points[100].flags == std::vector<std::string>{"drift"});
  CHECK(points[101].flags.empty());
  REQUIRE(runner.finish());  // looks at those since then
  CHECK(points[101].flags == std::vector<std::string>{"drift"});
}

TEST_CASE("flags say what makes a figure doubtful") {
  FakeDevice device;
  device.behaviour.by_turns = 1.0;
  device.behaviour.clock_mhz = 1500.0;
  device.behaviour.state.emplace();
  device.behaviour.state->throttle = {"sw_power_cap", "hw_thermal_slowdown"};
  Runner runner(device, {}, 1);
  REQUIRE(runner.start());
  const auto measured = runner.run(job(100));
  REQUIRE(measured);
  CHECK(measured->flags ==
        std::vector<std::string>{"noisy", "unsettled", "power_capped", "thermal"});
  CHECK(measured->state->clock_mhz == 1500.0);
}

TEST_CASE("a point that is measured again stands in the profile once, and the file can be read") {
  const test::TempDir folder;
  FakeDevice device;
  RunnerOptions options;
  options.out = folder.path() / "profile.json";
  options.samples = folder.path() / "samples.tsv";
  Runner runner(device, options, 3);
  REQUIRE(runner.start());
  REQUIRE(runner.run(job(100)));
  device.behaviour.us = 11.0;
  REQUIRE(runner.run(job(100)));
  CHECK_FALSE(runner.run(job(100, 64)));
  CHECK_FALSE(runner.run(job(100, 64)));
  REQUIRE(runner.finish());
  const auto read = profile::read_profile(options.out);
  if (!read) FAIL(read.error().text());
  REQUIRE(read->attention.size() == 1);
  CHECK(read->attention[0].cold->median_us == 11.0);
  CHECK(read->attention[0].hot->median_ci95_us.has_value());
  CHECK(read->skipped.size() == 1);
  CHECK(std::filesystem::file_size(options.samples) > 0);
}

TEST_CASE("files that are there stay, and what is no plain file does whatever is asked") {
  const test::TempDir folder;
  FakeDevice device;
  RunnerOptions options;
  options.out = folder.path() / "profile.json";
  std::ofstream(options.out) << "mine";
  CHECK_FALSE(Runner(device, options, 1).start());
  options.replace = true;
  CHECK(Runner(device, options, 1).start());
  options.out = "/dev/null";
  CHECK_FALSE(Runner(device, options, 1).start());
  options.out = folder.path();
  CHECK_FALSE(Runner(device, options, 1).start());
}

TEST_CASE("where nothing is run, nothing is written") {
  const test::TempDir folder;
  FakeDevice device;
  RunnerOptions options;
  options.out = folder.path() / "profile.json";
  Runner runner(device, options, 1);
  REQUIRE(runner.start());
  REQUIRE(runner.finish());
  CHECK_FALSE(std::filesystem::exists(options.out));
}

std::vector<std::size_t> counted_points(const profile::Profile& profile) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < profile.attention.size(); ++i) {
    if (profile.attention[i].counters) out.push_back(i);
  }
  return out;
}

TEST_CASE("counters are read of each n-th point, so that at most twenty have them") {
  FakeDevice device;
  RunnerOptions options;
  options.counters = true;
  Runner runner(device, options, 45);
  REQUIRE(runner.start());
  for (int i = 1; i <= 45; ++i) REQUIRE(runner.run(job(100 + i)));
  CHECK(counted_points(runner.profile()) ==
        std::vector<std::size_t>{0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42});
  CHECK(runner.profile().attention[3].counters->dram_read_bytes == 1000);
}

TEST_CASE("counters are read of every point of a few, and of none unless they are asked for") {
  for (const bool asked : {true, false}) {
    FakeDevice device;
    RunnerOptions options;
    options.counters = asked;
    Runner runner(device, options, 3);
    REQUIRE(runner.start());
    for (int i = 1; i <= 3; ++i) REQUIRE(runner.run(job(100 + i)));
    CHECK(counted_points(runner.profile()).size() == (asked ? 3 : 0));
  }
}

TEST_CASE("all-reduce is timed between 2, 4, 8 ... GPUs, and what failed is recorded") {
  FakeDevice device;
  device.behaviour.gpus = 9;
  device.behaviour.gpus_that_fail = 4;
  Runner runner(device, {}, 1);
  REQUIRE(runner.start());
  REQUIRE(runner.run(job(100)));
  REQUIRE(runner.finish());
  const profile::Profile& profile = runner.profile();
  REQUIRE(profile.collectives.size() == 2);
  CHECK(profile.collectives[0].gpus == 2);
  CHECK(profile.collectives[1].gpus == 8);
  REQUIRE(profile.skipped.size() == 1);
  CHECK(profile.skipped[0].id == "all-reduce/4gpus");
  CHECK(profile.skipped[0].reason == "no link");
  CHECK(profile.complete);
}

TEST_CASE("one GPU is a reason to time no all-reduce, and a CPU is none to mention it") {
  for (const int gpus : {0, 1}) {
    FakeDevice device;
    device.behaviour.gpus = gpus;
    Runner runner(device, {}, 1);
    REQUIRE(runner.start());
    REQUIRE(runner.run(job(100)));
    CHECK(runner.profile().collectives.empty());
    REQUIRE(runner.profile().skipped.size() == static_cast<std::size_t>(gpus));
    if (gpus == 0) continue;
    CHECK(runner.profile().skipped[0].id == "all-reduce");
    CHECK(runner.profile().skipped[0].reason == "one GPU");
  }
}

TEST_CASE("all-reduce is left out where less than 20 s are left, and points are not") {
  FakeDevice device;
  device.behaviour.gpus = 2;
  RunnerOptions options;
  options.budget_s = 19.0;
  Runner runner(device, options, 1);
  REQUIRE(runner.start());
  REQUIRE(runner.run(job(100)));
  REQUIRE(runner.finish());
  CHECK(runner.profile().collectives.empty());
  REQUIRE(runner.profile().skipped.size() == 1);
  CHECK(runner.profile().skipped[0].reason == "no time left");
  CHECK(runner.profile().attention.size() == 1);
  CHECK_FALSE(runner.profile().complete);
}

}  // namespace
}  // namespace headroom::bench
