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
#include <sstream>
#include <string>
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
#ifdef HEADROOM_CUDA_COMPILER
  tool.cuda_compiler = HEADROOM_CUDA_COMPILER;
  std::istringstream list(HEADROOM_CUDA_ARCHITECTURES);
  tool.cuda_architectures.emplace();
  for (std::string one; std::getline(list, one, ',');) tool.cuda_architectures->push_back(one);
#endif
  return tool;
}

}  // namespace

namespace {

// A device, a pipe or a folder is never replaced, and a file only where that was asked for.
Status may_be_written(const std::filesystem::path& file, bool replace) {
  std::error_code code;
  if (file.empty() || !std::filesystem::exists(file, code)) return {};
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(file, code))) {
    return fail("is no plain file, and is not replaced", {file.string()});
  }
  if (replace) return {};
  return fail("is there already", {file.string()}, "--force replaces it");
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
  HEADROOM_CHECK(may_be_written(options_.out, options_.replace));
  HEADROOM_CHECK(may_be_written(options_.samples, options_.replace));
  return {};
}

// Between 2, 4, 8 ... GPUs.
void Runner::measure_collectives() {
  const int all = device_.gpus();
  if (all == 1) profile_.skipped.push_back({"all-reduce", "one GPU"});
  for (int gpus = 2; gpus <= all; gpus *= 2) {
    const auto skip = [&](const std::string& reason) {
      profile_.skipped.push_back({fmt::format("all-reduce/{}gpus", gpus), reason});
    };
    if (const auto reason = cut_short(kAllReduceSeconds)) {
      left_.insert(reason->why);
      skip(reason->reason);
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

std::optional<NotMeasured> Runner::cut_short(double needed_s) const {
  if (interrupted()) return NotMeasured{Left::interrupted, "interrupted"};
  const bool late = options_.budget_s > 0.0 && elapsed_s() + needed_s >= options_.budget_s;
  if (late) return NotMeasured{Left::no_time, "no time left"};
  return std::nullopt;
}

// What the first point needs in addition.
Status Runner::begin() {
  if (begun_) return {};
  begun_ = true;
  HEADROOM_TRY(profile_.ceilings, device_.measure_ceilings());
  measure_collectives();
  if (options_.samples.empty()) return {};
  HEADROOM_TRY(samples_, OutputFile::open(options_.samples, true));
  return samples_->write("id\tcold_us\n");
}

// Each n-th one: jobs come in an order of which every stretch is a sample of all.
bool Runner::is_counted(std::size_t nth) const {
  const std::size_t step = std::max<std::size_t>(1, (jobs_ + kCountedPoints - 1) / kCountedPoints);
  return options_.counters && nth % step == 0;
}

tl::expected<Point, NotMeasured> Runner::run(const Job& job) {
  show_progress();
  MeasureOptions options = options_.measure;
  options.counters = is_counted(done_++);
  auto out = try_to_run(job, options);
  if (options_.progress) fmt::print(stderr, "\r\033[K");
  const std::string id = id_of(job.point) + "/" + job.implementation.name;
  // Measured again: the newest counts.
  std::erase_if(profile_.attention, [&](const Point& point) { return point.id == id; });
  std::erase_if(profile_.skipped, [&](const profile::Skipped& each) { return each.id == id; });
  if (!out) {
    left_.insert(out.error().why);
    profile_.skipped.push_back({id, out.error().reason});
    return out;
  }
  profile_.attention.push_back(*out);
  look_for_drift(job, kAnchorEvery);
  if (Clock::now() - written_ >= kBetweenWrites && status_) status_ = write();
  return profile_.attention.back();
}

tl::expected<Point, NotMeasured> Runner::try_to_run(const Job& job, const MeasureOptions& options) {
  if (auto reason = cut_short()) return tl::unexpected(*std::move(reason));
  if (Status begun = begin(); !begun) {
    status_ = begun;
    return tl::unexpected(NotMeasured{Left::unsupported, begun.error().message});
  }
  if (auto reason = cut_short()) return tl::unexpected(*std::move(reason));
  auto measured = measure(device_, job.point, job.implementation, options);
  if (!measured) return tl::unexpected(std::move(measured).error());
  if (samples_ && status_) {
    std::string lines;
    for (const double us : measured->cold_us) {
      lines += fmt::format("{}\t{:.3f}\n", measured->point.id, us);
    }
    status_ = samples_->write(lines);
  }
  return std::move(measured->point);
}

// The first point is timed again now and then; what was measured since the last time is in doubt
// where it moved, or could not be timed.
void Runner::look_for_drift(const Job& job, std::size_t every) {
  if (!anchor_) {
    anchor_ = job;
    anchor_us_ = profile_.attention.back().cold->median_us;
    since_anchor_.clear();
    return;
  }
  since_anchor_.push_back(profile_.attention.back().id);
  if (since_anchor_.size() >= every) time_anchor();
}

void Runner::time_anchor() {
  MeasureOptions options = options_.measure;
  options.checked_rows = 0;
  options.counters = false;
  const auto again = measure(device_, anchor_->point, anchor_->implementation, options);
  const bool moved =
      !again || std::abs(again->point.cold->median_us / anchor_us_ - 1.0) > kMostDrift;
  for (Point& point : profile_.attention) {
    const bool since =
        std::find(since_anchor_.begin(), since_anchor_.end(), point.id) != since_anchor_.end();
    if (moved && since) point.flags.emplace_back("drift");
  }
  since_anchor_.clear();
}

void Runner::show_progress() const {
  if (!options_.progress) return;
  const double spent = elapsed_s();
  const double all =
      done_ == 0 ? 0.0 : spent / static_cast<double>(done_) * static_cast<double>(jobs_);
  const double end = options_.budget_s > 0.0 ? std::min(all, options_.budget_s) : all;
  fmt::print(stderr, "\r\033[K{} of up to {} points", done_, jobs_);
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
  if (!begun_) return {};
  if (!since_anchor_.empty() && !interrupted()) time_anchor();
  profile_.complete = left_.count(Left::no_time) + left_.count(Left::interrupted) == 0;
  Status written = write();
  if (samples_) HEADROOM_CHECK(samples_->close());
  HEADROOM_CHECK(status_);
  return written;
}

}  // namespace headroom::bench
