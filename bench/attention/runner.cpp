#include "bench/attention/runner.hpp"

#include "study/output_file.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <headroom_version.hpp>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <utility>

namespace headroom::bench {
namespace {

constexpr std::size_t kAnchorEvery = 50;
constexpr double kMostDrift = 0.02;
constexpr std::size_t kCountedPoints = 20;
constexpr double kAllReduceSeconds = 20.0;  // at most, for one number of GPUs
constexpr std::chrono::seconds kBetweenWrites(1);

volatile std::sig_atomic_t interrupts = 0;

std::string now_in_utc() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

profile::Tool this_tool() {
  profile::Tool tool;
  tool.version = HEADROOM_VERSION;
  tool.revision = HEADROOM_REVISION;
#ifdef NDEBUG
  tool.build = "release";
#else
  tool.build = "debug";
#endif
#ifdef __clang__
  tool.compiler = "clang " __clang_version__;
#else
  tool.compiler = "g++ " __VERSION__;
#endif
  return tool;
}

}  // namespace

bool interrupted() { return interrupts != 0; }

void stop_on_interrupt() {
  std::signal(SIGINT, [](int) {
    interrupts = interrupts + 1;
    std::signal(SIGINT, SIG_DFL);  // a second one ends it at once
  });
}

Runner::Runner(Device& device, RunnerOptions options, std::size_t jobs)
    : device_(device), options_(std::move(options)), jobs_(jobs) {
  profile_.created = now_in_utc();
  profile_.complete = false;
  profile_.tool = this_tool();
  profile_.device = device.facts();
  profile_.libraries = device.libraries();
}

Status Runner::start() {
  profile_.ceilings = device_.measure_ceilings();
  measure_collectives();
  return write();
}

// Between 2, 4, 8 ... GPUs.
void Runner::measure_collectives() {
  const int all = device_.gpus();
  if (all == 1) profile_.skipped.push_back({"all-reduce", "one GPU"});
  for (int gpus = 2; gpus <= all; gpus *= 2) {
    const auto skip = [&](const std::string& reason) {
      profile_.skipped.push_back({fmt::format("all-reduce/{}gpus", gpus), reason});
    };
    if (const auto reason = no_time(kAllReduceSeconds)) {
      skip(*reason);
      continue;
    }
    const auto measured = device_.measure_all_reduce(gpus);
    if (!measured) {
      skip(measured.error().message);
      continue;
    }
    profile_.collectives.insert(profile_.collectives.end(), measured->begin(), measured->end());
  }
}

double Runner::elapsed_s() const {
  return std::chrono::duration<double>(Clock::now() - started_).count();
}

std::optional<std::string> Runner::no_time(double needed_s) const {
  if (interrupted()) return "interrupted";
  if (options_.budget_s > 0.0 && elapsed_s() + needed_s >= options_.budget_s) return "no time left";
  return std::nullopt;
}

// Each n-th one: jobs come in an order of which every stretch is a sample of all.
bool Runner::is_counted(std::size_t nth) const {
  const std::size_t step = std::max<std::size_t>(1, (jobs_ + kCountedPoints - 1) / kCountedPoints);
  return options_.counters && nth % step == 0;
}

Result<Point> Runner::run(const Job& job) {
  show_progress();
  MeasureOptions options = options_.measure;
  options.counters = is_counted(done_++);
  const auto skip = [&](const std::string& reason) {
    profile_.skipped.push_back({id_of(job.point) + "/" + job.implementation.name, reason});
    return fail(reason);
  };
  if (const auto reason = no_time()) return skip(*reason);
  auto measured = measure(device_, job.point, job.implementation, options);
  if (!measured) return skip(measured.error().message);
  profile_.attention.push_back(measured->point);
  if (!options_.samples.empty()) {
    for (const double us : measured->cold_us) {
      samples_ += fmt::format("{}\t{:.3f}\n", measured->point.id, us);
    }
  }
  look_for_drift(job);
  if (Clock::now() - written_ >= kBetweenWrites && status_) status_ = write();
  return profile_.attention.back();
}

// The first point is timed again now and then; what was measured since the last time is in doubt
// where it moved.
void Runner::look_for_drift(const Job& job) {
  const std::size_t measured = profile_.attention.size();
  if (!anchor_) {
    anchor_ = job;
    anchor_us_ = profile_.attention.front().cold->median_us;
    since_anchor_ = measured;
    return;
  }
  if (measured - since_anchor_ < kAnchorEvery) return;
  MeasureOptions options = options_.measure;
  options.checked_rows = 0;
  options.counters = false;
  const auto again = measure(device_, anchor_->point, anchor_->implementation, options);
  const bool moved =
      again && std::abs(again->point.cold->median_us / anchor_us_ - 1.0) > kMostDrift;
  for (; since_anchor_ < measured; ++since_anchor_) {
    if (moved) profile_.attention[since_anchor_].flags.emplace_back("drift");
  }
}

void Runner::show_progress() const {
  if (!options_.progress) return;
  const double spent = elapsed_s();
  const double all =
      done_ == 0 ? 0.0 : spent / static_cast<double>(done_) * static_cast<double>(jobs_);
  const double end = options_.budget_s > 0.0 ? std::min(all, options_.budget_s) : all;
  fmt::print(stderr, "\r\033[K{} of {} points", done_, jobs_);
  if (done_ > 0) fmt::print(stderr, ", about {:.0f} s left", std::max(0.0, end - spent));
  std::fflush(stderr);
}

Status Runner::write() {
  written_ = Clock::now();
  if (options_.out.empty()) return {};
  HEADROOM_TRY(auto file, OutputFile::open(options_.out, true));
  HEADROOM_CHECK(file.write(profile::profile_json(profile_)));
  return file.close();
}

Status Runner::finish() {
  if (options_.progress) fmt::print(stderr, "\r\033[K");
  profile_.complete = !interrupted() && done_ == jobs_;
  for (const profile::Skipped& skipped : profile_.skipped) {
    if (skipped.reason == "no time left") profile_.complete = false;
  }
  if (!options_.samples.empty()) {
    HEADROOM_TRY(auto file, OutputFile::open(options_.samples, true));
    HEADROOM_CHECK(file.write("id\tcold_us\n"));
    HEADROOM_CHECK(file.write(samples_));
    HEADROOM_CHECK(file.close());
  }
  HEADROOM_CHECK(status_);
  return write();
}

}  // namespace headroom::bench
