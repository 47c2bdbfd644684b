#include "study/progress.hpp"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <utility>

namespace headroom {
namespace {

constexpr auto kSilent = std::chrono::seconds(2);
constexpr auto kRenewal = std::chrono::milliseconds(500);

}  // namespace

Progress::Progress(bool show_line, std::size_t jobs, std::string what)
    : jobs_(jobs), what_(std::move(what)) {
  if (show_line) thread_ = std::jthread([this](const std::stop_token& stop) { show(stop); });
}

Progress::~Progress() { finish(); }

void Progress::finish() {
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
    fmt::print(stderr, "\r{} of {} {} done", done_.load(), jobs_, what_);
    if (ended_.load() > 0) fmt::print(stderr, ", {} requests ended", ended_.load());
    std::fflush(stderr);
    shown = true;
    wait = kRenewal;
  }
  if (shown) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace headroom
