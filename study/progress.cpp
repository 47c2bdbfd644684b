#include "study/progress.hpp"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>

namespace headroom {
namespace {

constexpr auto kSilent = std::chrono::seconds(2);
constexpr auto kRenewal = std::chrono::milliseconds(500);

}  // namespace

Progress::Progress(bool show_line, std::size_t jobs) : jobs_(jobs) {
  if (show_line) thread_ = std::jthread([this](const std::stop_token& stop) { show(stop); });
}

Progress::~Progress() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
}

void Progress::show(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  bool shown = false;
  auto wait = std::chrono::milliseconds(kSilent);
  while (!condition.wait_for(lock, stop, wait, [] { return false; }) && !stop.stop_requested()) {
    fmt::print(stderr, "\r{} of {} runs done, {} requests ended", done_.load(), jobs_,
               ended_.load());
    std::fflush(stderr);
    shown = true;
    wait = kRenewal;
  }
  if (shown) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace headroom
