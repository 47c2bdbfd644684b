#pragma once
// The event queue: what happens next. It knows nothing of jobs or GPUs.
//
// One total order, defined here alone: (time, class, sequence). Classes are the caller's small
// numbers, lower first at one instant; the sequence is the order of pushing. The cost that
// dominates is push and pop on a heap whose size follows what is alive (arrivals are streamed in
// one at a time), so a binary heap is enough: see bench/event_queue_bench.cpp.
//
// Cancelling marks; a cancelled event is dropped when it reaches the top, or when most are
// cancelled.

#include "sim/core/assert.hpp"
#include "sim/core/units.hpp"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace headroom {

/// Where an event stands in the total order.
struct EventKey {
  SimTime time{};
  int event_class = 0;
  std::uint64_t sequence = 0;
  friend auto operator<=>(const EventKey&, const EventKey&) = default;
};

template <class Payload>
class EventQueue {
 public:
  struct Event {
    EventKey key;
    Payload payload;
  };
  /// Names a pushed event for cancelling.
  using Handle = std::uint64_t;

  /// From here on nothing may be pushed before this instant. Precondition: nothing was.
  void start_at(SimTime time) {
    HEADROOM_ASSERT(now_ <= time && (heap_.empty() || heap_.front().key.time >= time),
                    "the clock starts after an event");
    now_ = time;
  }

  /// Precondition: `time` is not before the last event popped, nor before the start.
  Handle push(SimTime time, int event_class, Payload payload) {
    HEADROOM_ASSERT(time >= now_, "an event was scheduled in the past");
    heap_.push_back({{time, event_class, ++sequence_}, std::move(payload)});
    std::push_heap(heap_.begin(), heap_.end(), later);
    return sequence_;
  }

  /// Precondition: the event was pushed, not yet popped, and not cancelled before.
  void cancel(Handle handle) {
    const bool inserted = cancelled_.insert(handle).second;
    HEADROOM_ASSERT(inserted, "an event was cancelled twice");
    drop_cancelled();
    if (cancelled_.size() > kFewCancelled && cancelled_.size() > heap_.size() / 2) sweep();
  }

  /// The earliest event, or nullopt.
  [[nodiscard]] std::optional<Event> pop() {
    if (heap_.empty()) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    now_ = event.key.time;
    drop_cancelled();
    return event;
  }

  /// Key of the earliest event, or nullptr.
  [[nodiscard]] const EventKey* peek() const {
    return heap_.empty() ? nullptr : &heap_.front().key;
  }

  /// Time of the last event popped; of the start before the first.
  [[nodiscard]] SimTime now() const { return now_; }
  /// Events that will still be popped.
  [[nodiscard]] std::size_t size() const { return heap_.size() - cancelled_.size(); }

 private:
  static bool later(const Event& a, const Event& b) { return a.key > b.key; }

  static constexpr std::size_t kFewCancelled = 1024;

  // Memory follows what is alive: once most events are cancelled ones they all go.
  void sweep() {
    std::erase_if(heap_, [&](const Event& e) { return cancelled_.contains(e.key.sequence); });
    cancelled_.clear();
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

  // Keeps the invariant that the top of the heap is never cancelled.
  void drop_cancelled() {
    while (!heap_.empty() && !cancelled_.empty()) {
      const auto found = cancelled_.find(heap_.front().key.sequence);
      if (found == cancelled_.end()) return;
      cancelled_.erase(found);
      std::pop_heap(heap_.begin(), heap_.end(), later);
      heap_.pop_back();
    }
  }

  std::vector<Event> heap_;
  std::unordered_set<std::uint64_t> cancelled_;
  SimTime now_ = SimTime::min();
  std::uint64_t sequence_ = 0;
};

}  // namespace headroom
