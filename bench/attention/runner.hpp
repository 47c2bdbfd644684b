#pragma once
// A sweep as it goes: which points still have time, what they gave, and the profile on disk.

#include "bench/attention/measure.hpp"
#include "study/output_file.hpp"
#include "study/profile/profile.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace headroom::bench {

struct Job {
  Point point;
  Implementation implementation;
};

struct RunnerOptions {
  MeasureOptions measure;
  bool counters = false;          // of about 20 points, spread over the jobs
  double budget_s = 0.0;          // from the start; 0: no limit
  std::filesystem::path out;      // empty: no file
  std::filesystem::path samples;  // likewise: each sample, tab-separated
  bool replace = false;           // files that are there already
  bool progress = false;          // on stderr
};

class Runner {
 public:
  Runner(Device& device, RunnerOptions options, std::size_t jobs);

  /// Looks where files would go. Error: they are there already, or are no plain files.
  [[nodiscard]] Status start();
  /// The job's figures, or why there are none: that is recorded in the profile too. The first job
  /// measures the ceilings in addition.
  [[nodiscard]] tl::expected<Point, NotMeasured> run(const Job& job);
  /// The profile's last state; nothing where nothing was run. Error: it, the samples or an earlier
  /// state could not be written.
  [[nodiscard]] Status finish();

  /// Why points were left out, each reason once.
  [[nodiscard]] const std::set<Left>& left() const { return left_; }
  [[nodiscard]] const profile::Profile& profile() const { return profile_; }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] double elapsed_s() const;
  [[nodiscard]] std::optional<NotMeasured> cut_short(double needed_s = 0.0) const;
  [[nodiscard]] bool is_counted(std::size_t nth) const;
  [[nodiscard]] Status begin();
  [[nodiscard]] tl::expected<Point, NotMeasured> try_to_run(const Job& job,
                                                            const MeasureOptions& options);
  [[nodiscard]] Status write();
  void measure_collectives();
  void look_for_drift(const Job& job, std::size_t every);
  void time_anchor();
  void show_progress() const;

  Device& device_;
  RunnerOptions options_;
  profile::Profile profile_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point written_ = started_;
  std::size_t jobs_;
  std::size_t done_ = 0;
  std::optional<Job> anchor_;
  double anchor_us_ = 0.0;
  std::vector<std::string> since_anchor_;  // points measured since it was timed
  std::optional<OutputFile> samples_;
  std::set<Left> left_;
  bool begun_ = false;
  Status status_;
};

/// Set by the first interrupt; what has not begun then is left out.
[[nodiscard]] bool interrupted();
void stop_on_interrupt();

}  // namespace headroom::bench
