#pragma once
// What is free of a pool from now on: a list of steps in time, each with what is free until the
// next. The free part is a number of GPUs or a set of machines; both plan alike.

#include "sim/core/units.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

namespace headroom {

/// So many GPUs, whichever they are. Below 0 where more is planned than there is.
class GpuCount {
 public:
  explicit GpuCount(std::int64_t count = 0) : count_(count) {}
  [[nodiscard]] std::int64_t size() const { return count_; }
  [[nodiscard]] GpuCount lowest(std::int64_t count) const { return GpuCount(count); }
  void keep_common(const GpuCount& other) { count_ = std::min(count_, other.count_); }
  void take(const GpuCount& other) { count_ -= other.count_; }
  void give(const GpuCount& other) { count_ += other.count_; }
  [[nodiscard]] bool has(const GpuCount& other) const { return count_ >= other.count_; }
  [[nodiscard]] std::vector<int> machines() const { return {}; }
  friend bool operator==(const GpuCount&, const GpuCount&) = default;

 private:
  std::int64_t count_;
};

/// Particular machines, numbered from 0.
class MachineSet {
 public:
  /// The first `count` of them.
  explicit MachineSet(std::int64_t count = 0);
  /// Precondition: none is negative.
  explicit MachineSet(const std::vector<int>& machines);
  [[nodiscard]] std::int64_t size() const { return size_; }
  /// Those with the lowest numbers; all where there are fewer.
  [[nodiscard]] MachineSet lowest(std::int64_t count) const;
  void keep_common(const MachineSet& other);
  void take(const MachineSet& other);
  void give(const MachineSet& other);
  [[nodiscard]] bool has(const MachineSet& other) const;
  [[nodiscard]] std::vector<int> machines() const;
  friend bool operator==(const MachineSet& a, const MachineSet& b);

 private:
  std::vector<std::uint64_t> words_;  // without zeros at the end
  std::int64_t size_ = 0;

  void tidy();
};

/// A part of the pool, from `begin` to `end`.
template <class Free>
struct Slot {
  SimTime begin{};
  SimTime end{};
  Free on = Free(0);
  friend bool operator==(const Slot&, const Slot&) = default;
};

/// The end of something that begins then; SimTime::max() where that is beyond the clock.
[[nodiscard]] inline SimTime end_of(SimTime begin, Duration lasts) {
  return lasts > SimTime::max() - begin ? SimTime::max() : begin + lasts;
}

template <class Free>
class Timeline {
 public:
  explicit Timeline(SimTime now = {}, Free all = Free{}) : steps_{{now, std::move(all)}} {}

  /// Forgets what is before. Precondition: `now` is not before the first step.
  void advance(SimTime now) {
    const auto first = std::prev(after(now));
    steps_.erase(steps_.begin(), first);
    steps_.front().begin = now;
  }

  [[nodiscard]] const Free& now() const { return steps_.front().free; }

  /// The earliest slot in which so many GPUs are free for so long, on the lowest machines of those
  /// that are; it begins at a step. nullopt: there never are so many.
  [[nodiscard]] std::optional<Slot<Free>> earliest(std::int64_t gpus, Duration lasts) const {
    std::size_t next = 0;
    for (std::size_t i = 0; i < steps_.size(); i = next) {
      if (auto slot = slot_at(i, gpus, lasts, next)) return slot;
    }
    return std::nullopt;
  }

  /// The same, if it begins now.
  [[nodiscard]] std::optional<Slot<Free>> at_once(std::int64_t gpus, Duration lasts) const {
    std::size_t next = 0;
    return slot_at(0, gpus, lasts, next);
  }

  void take(const Slot<Free>& slot) {
    change(slot, [&](Free& free) { free.take(slot.on); });
  }
  void give(const Slot<Free>& slot) {
    change(slot, [&](Free& free) { free.give(slot.on); });
  }

  /// Whether all of it is free.
  [[nodiscard]] bool has(const Slot<Free>& slot) const {
    auto step = std::prev(after(std::max(slot.begin, steps_.front().begin)));
    for (; step != steps_.end() && step->begin < slot.end; ++step) {
      if (!step->free.has(slot.on)) return false;
    }
    return true;
  }

 private:
  struct Step {
    SimTime begin;
    Free free;
  };

  [[nodiscard]] typename std::vector<Step>::iterator after(SimTime time) {
    return std::upper_bound(steps_.begin(), steps_.end(), time,
                            [](SimTime t, const Step& step) { return t < step.begin; });
  }
  [[nodiscard]] typename std::vector<Step>::const_iterator after(SimTime time) const {
    return std::upper_bound(steps_.begin(), steps_.end(), time,
                            [](SimTime t, const Step& step) { return t < step.begin; });
  }

  // Where there is none, `next` is the next step at which one may begin: whatever begins before a
  // step with too few lasts into it.
  [[nodiscard]] std::optional<Slot<Free>> slot_at(std::size_t first, std::int64_t gpus,
                                                  Duration lasts, std::size_t& next) const {
    const SimTime begin = steps_[first].begin;
    const SimTime end = end_of(begin, lasts);
    next = first + 1;
    if (steps_[first].free.size() < gpus) return std::nullopt;
    Free common = steps_[first].free;
    for (std::size_t i = first + 1; i < steps_.size() && steps_[i].begin < end; ++i) {
      common.keep_common(steps_[i].free);
      if (common.size() >= gpus) continue;
      if (steps_[i].free.size() < gpus) next = i + 1;
      return std::nullopt;
    }
    return Slot<Free>{begin, end, common.lowest(gpus)};
  }

  /// Makes a step begin at `time` and returns its place.
  std::size_t split(SimTime time) {
    const auto next = after(time);
    const auto step = std::prev(next);
    const auto place = static_cast<std::size_t>(next - steps_.begin());
    if (step->begin == time) return place - 1;
    steps_.insert(next, {time, step->free});
    return place;
  }

  /// Two steps with the same free part are one.
  void join(std::size_t place) {
    if (place == 0 || place >= steps_.size()) return;
    const auto step = steps_.begin() + static_cast<std::ptrdiff_t>(place);
    if (step->free == std::prev(step)->free) steps_.erase(step);
  }

  // What is before the first step is over.
  template <class Change>
  void change(const Slot<Free>& slot, const Change& change_free) {
    const SimTime begin = std::max(slot.begin, steps_.front().begin);
    if (slot.end <= begin || slot.on.size() == 0) return;
    const std::size_t first = split(begin);
    const std::size_t last = slot.end == SimTime::max() ? steps_.size() : split(slot.end);
    for (std::size_t i = first; i < last; ++i) change_free(steps_[i].free);
    join(last);
    join(first);
  }

  std::vector<Step> steps_;  // by begin, never empty; the last one lasts for ever
};

}  // namespace headroom
