// headroom-attention-bench: what each way of sharding attention is worth on this machine.

#include "bench/attention/device.hpp"
#include "bench/attention/runner.hpp"
#include "bench/attention/shapes.hpp"
#include "bench/attention/sweep.hpp"

#include <CLI/CLI.hpp>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace headroom::bench {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kBadInput = 2;
constexpr int kInterrupted = 130;

struct Arguments {
  std::string device = "auto";
  std::string shapes;
  std::string out;
  std::string samples;
  std::string type = "bf16";
  std::vector<std::string> implementations;
  bool list = false;
  bool quick = false;
  bool unverified = false;
  bool no_check = false;
  bool force = false;
  bool counters = false;
  double budget_s = 0.0;
  int threads = 0;
};

int report(const Error& error) {
  fmt::print(stderr, "headroom-attention-bench: {}\n", error.text());
  return kBadInput;
}

void add_options(CLI::App& app, Arguments& arguments) {
  app.add_option("--device", arguments.device, "What is measured; auto: a GPU where there is one")
      ->check(CLI::IsMember({"auto", "cuda", "cpu"}))
      ->capture_default_str();
  app.add_option(
         "--shapes", arguments.shapes,
         "Measure the shards of this file, which `headroom profile shapes` made; else those "
         "of seven models")
      ->type_name("FILE");
  app.add_option("--out", arguments.out, "Write the profile here, as it goes (docs/profile.md)")
      ->type_name("FILE");
  app.add_option("--samples", arguments.samples, "Write each sample here, tab-separated")
      ->type_name("FILE");
  app.add_option("--type", arguments.type, "Of queries, keys, values and outputs")
      ->check(CLI::IsMember({"bf16", "fp16"}))
      ->capture_default_str();
  app.add_option("--implementation", arguments.implementations,
                 "Measure this one (repeat for more); else the fastest for each point");
  app.add_flag("--unverified", arguments.unverified,
               "Allow implementations that have never run on a device of this kind");
  app.add_flag("--list", arguments.list, "Print the implementations, tab-separated, and stop");
  app.add_flag("--quick", arguments.quick, "A small part of the sweep");
  app.add_option("--budget-s", arguments.budget_s,
                 "Begin no point after so many seconds; what was measured is still of all kinds")
      ->check(CLI::Range(0.1, 1e6))
      ->type_name("S");
  app.add_option("--threads", arguments.threads, "Of a CPU; all of them by default")
      ->check(CLI::Range(1, std::max(1, static_cast<int>(std::thread::hardware_concurrency()))))
      ->type_name("N");
  app.add_flag("--force", arguments.force, "Replace files that are there already");
  app.add_flag("--counters", arguments.counters,
               "Count bytes and tensor activity of about 20 points, after their times");
  app.add_flag("--no-check", arguments.no_check, "Do not compare outputs with the reference");
}

void list(const Device& device) {
  fmt::print("implementation\tverified\tdefault\tdescription\n");
  for (const Implementation& each : device.implementations()) {
    fmt::print("{}\t{}\t{}\t{}\n", each.name, each.verified ? "yes" : "no",
               each.by_default ? "yes" : "no", each.about);
  }
}

Result<std::vector<Implementation>> chosen(const Device& device, const Arguments& arguments) {
  std::vector<Implementation> out;
  const std::vector<Implementation> all = device.implementations();
  if (arguments.implementations.empty()) {
    std::copy_if(all.begin(), all.end(), std::back_inserter(out),
                 [](const Implementation& each) { return each.by_default; });
    return out;
  }
  for (const std::string& name : arguments.implementations) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Implementation& each) { return each.name == name; });
    if (found == all.end()) {
      return fail(fmt::format("there is no implementation '{}' on this device", name), {},
                  "headroom-attention-bench --list names them");
    }
    if (!found->verified && !arguments.unverified) {
      return fail(fmt::format("'{}' has never been run on a device of this kind", name), {},
                  "--unverified measures it all the same");
    }
    const bool twice = std::any_of(out.begin(), out.end(),
                                   [&](const Implementation& each) { return each.name == name; });
    if (!twice) out.push_back(*found);
  }
  return out;
}

Result<std::vector<Job>> jobs_of(const Device& device, const Arguments& arguments) {
  std::vector<profile::UsedShape> shapes = built_in_shapes();
  if (!arguments.shapes.empty()) {
    HEADROOM_TRY(shapes, profile::read_shapes(arguments.shapes));
  }
  HEADROOM_TRY(const auto implementations, chosen(device, arguments));
  const bool cpu = device.facts().kind == profile::DeviceKind::cpu;
  // On a CPU the built-in shards are there to try the bench with.
  constexpr std::size_t kQuick[] = {60, 9};
  constexpr std::size_t kCpuPoints = 30;
  std::size_t most = arguments.quick ? kQuick[cpu ? 1 : 0] : SIZE_MAX;
  if (cpu && !arguments.quick && arguments.shapes.empty()) most = kCpuPoints;
  const Type type = arguments.type == "bf16" ? Type::bf16 : Type::fp16;
  std::vector<Job> jobs;
  for (const Point& point : sweep(shapes, type, cpu ? Loads::cpu : Loads::gpu, most)) {
    for (const Implementation& each : implementations) {
      const auto& ops = each.ops;
      if (std::find(ops.begin(), ops.end(), point.op) != ops.end()) jobs.push_back({point, each});
    }
  }
  return jobs;
}

// The sampler stops by its own rule: Google Benchmark sees its median as one iteration.
void measure_in(benchmark::State& state, Runner& runner, const Job& job) {
  for (auto _ : state) {
    const auto measured = runner.run(job);
    if (!measured) {
      state.SkipWithError(measured.error().reason.c_str());
      return;
    }
    const double seconds = measured->cold->median_us * 1e-6;
    state.SetIterationTime(seconds);
    state.counters["hot_us"] = measured->hot->median_us;
    state.counters["GB/s"] = static_cast<double>(measured->bytes) / seconds * 1e-9;
    state.counters["GFLOP/s"] = static_cast<double>(measured->flops) / seconds * 1e-9;
  }
}

void describe(const Runner& runner) {
  const profile::Profile& profile = runner.profile();
  benchmark::AddCustomContext("device", profile.device.name);
  benchmark::AddCustomContext(
      "kind", profile.device.kind == profile::DeviceKind::cpu ? "cpu: not a GPU" : "cuda");
}

Result<std::unique_ptr<Device>> open(const Arguments& arguments) {
  if (arguments.device == "cpu") return open_cpu(arguments.threads);
  auto gpu = open_cuda();
  if (gpu || arguments.device == "cuda") return gpu;
  fmt::print(stderr, "headroom-attention-bench: no GPU is measured ({}): the CPU is\n",
             gpu.error().message);
  return open_cpu(arguments.threads);
}

Result<int> run(const Arguments& arguments) {
  HEADROOM_TRY(const auto device, open(arguments));
  if (arguments.list) {
    list(*device);
    return kDone;
  }
  HEADROOM_TRY(const std::vector<Job> jobs, jobs_of(*device, arguments));
  RunnerOptions options;
  options.measure.checked_rows = arguments.no_check ? 0 : options.measure.checked_rows;
  options.counters = arguments.counters;
  options.budget_s = arguments.budget_s;
  options.out = arguments.out;
  options.samples = arguments.samples;
  options.replace = arguments.force;
  options.progress = ::isatty(STDERR_FILENO) != 0;
  Runner runner(*device, options, jobs.size());
  HEADROOM_CHECK(runner.start());
  describe(runner);
  for (const Job& job : jobs) {
    const std::string name = id_of(job.point) + "/" + job.implementation.name;
    benchmark::RegisterBenchmark(
        name.c_str(), [&runner, &job](benchmark::State& state) { measure_in(state, runner, job); })
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
  stop_on_interrupt();
  if (benchmark::RunSpecifiedBenchmarks() == 0) return fail("no point matches --benchmark_filter");
  HEADROOM_CHECK(runner.finish());
  if (interrupted()) return kInterrupted;
  const bool some = !runner.profile().attention.empty();
  const bool none_asked = runner.profile().skipped.empty() && !some;  // they were only listed
  return runner.left().count(Left::wrong) == 0 && (some || none_asked) ? kDone : kFailed;
}

// Google Benchmark's own options go to it; all others are ours.
int main_of(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Measures sharded attention on this machine, and writes a profile.",
               "headroom-attention-bench");
  add_options(app, arguments);
  app.footer(
      "Also takes Google Benchmark's options: --benchmark_filter=REGEX, --benchmark_format=json.");
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kBadInput;
  }
  if (!std::isfinite(arguments.budget_s)) {
    return report({"--budget-s must be a number of seconds", {}, {}});
  }
  std::vector<std::string> rest = app.remaining();
  std::vector<char*> passed{argv[0]};
  for (std::string& each : rest) passed.push_back(each.data());
  int count = static_cast<int>(passed.size());
  passed.push_back(nullptr);
  benchmark::Initialize(&count, passed.data());
  if (benchmark::ReportUnrecognizedArguments(count, passed.data())) return kBadInput;
  const Result<int> code = run(arguments);
  return code ? *code : report(code.error());
}

}  // namespace
}  // namespace headroom::bench

int main(int argc, char** argv) {
  try {
    return headroom::bench::main_of(argc, argv);
  } catch (const std::exception& error) {  // no memory, no threads
    fmt::print(stderr, "headroom-attention-bench: {}\n", error.what());
    return 3;
  }
}
