#pragma once
// A sweep as it goes: which points still have time, what they gave, and the profile on disk.

#include "bench/attention/measure.hpp"
#include "study/profile/profile.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
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
  bool progress = false;          // on stderr
};

class Runner {
 public:
  Runner(Device& device, RunnerOptions options, std::size_t jobs);

  /// Measures the ceilings and collectives, and writes the profile for the first time.
  [[nodiscard]] Status start();
  /// The job's figures, or why there are none: that is recorded in the profile too.
  [[nodiscard]] Result<Point> run(const Job& job);
  /// The profile's last state. Error: it, or an earlier state, could not be written.
  [[nodiscard]] Status finish();

  [[nodiscard]] const profile::Profile& profile() const { return profile_; }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] double elapsed_s() const;
  [[nodiscard]] std::optional<std::string> no_time(double needed_s = 0.0) const;
  [[nodiscard]] bool is_counted(std::size_t nth) const;
  [[nodiscard]] Status write();
  void measure_collectives();
  void look_for_drift(const Job& job);
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
  std::size_t since_anchor_ = 0;  // the first point measured since it was looked at
  std::string samples_;
  Status status_;
};

/// Set by the first interrupt; what has not begun then is left out.
[[nodiscard]] bool interrupted();
void stop_on_interrupt();

}  // namespace headroom::bench
