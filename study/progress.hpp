#pragma once
// A progress line on stderr for what takes over two seconds. Only the wall clock and the terminal
// are touched: results never depend on it.

#include "sim/observe/observer.hpp"

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>
#include <thread>

namespace headroom {

class Progress {
 public:
  /// `what`: how jobs are called. Ended requests are shown once there are any.
  Progress(bool show, std::size_t jobs, std::string what = "runs");
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Takes the line away; so does the end of its life.
  void finish();

  void job_done() { ++done_; }
  void requests_ended(std::uint64_t count) { ended_ += count; }

 private:
  void show(const std::stop_token& stop);

  std::size_t jobs_;
  std::string what_;
  std::atomic<std::size_t> done_{0};
  std::atomic<std::uint64_t> ended_{0};
  std::jthread thread_;
};

/// Counts ended requests in batches, so that runs do not meet at the counter.
class ProgressObserver final : public Observer {
 public:
  explicit ProgressObserver(Progress& progress) : progress_(progress) {}
  void finished(SimTime, const Request&, const InternedShape&, const OutcomeRecord&) override {
    if (++batch_ == 1024) {
      progress_.requests_ended(batch_);
      batch_ = 0;
    }
  }

 private:
  Progress& progress_;
  std::uint64_t batch_ = 0;
};

}  // namespace headroom
