#include "sim/policy/backfill.hpp"

#include "sim/core/assert.hpp"
#include "sim/policy/disciplines.hpp"

#include <algorithm>

namespace headroom {
namespace {

// What takes no time, or runs longer than declared, takes this instant at least.
constexpr Duration kInstant{1};

Duration lasts(const QueueEntry& entry) { return std::max(kInstant, *entry.declared); }

constexpr std::int64_t kMostGpus = 100'000'000;

void recall(const std::vector<int>& /*machines*/, GpuCount& /*on*/) {}
void recall(const std::vector<int>& machines, MachineSet& on) { on = MachineSet(machines); }

}  // namespace

template <class Free>
void Backfill<Free>::add(const QueueEntry& entry) {
  HEADROOM_ASSERT(entry.declared.has_value(), "a request without a declared duration");
  const std::uint64_t order = ++next_order_;
  orders_.emplace(entry.request, order);
  waiting_.emplace(order, Waiting{entry, std::nullopt});
}

template <class Free>
void Backfill<Free>::remove(RequestId request) {
  const auto found = orders_.find(request);
  HEADROOM_ASSERT(found != orders_.end(), "a request that does not wait was removed");
  const auto waiting = waiting_.find(found->second);
  if (waiting->second.slot) {
    give_up(waiting->second);
    if (!starting_) again_ = urgent_ = true;
  }
  waiting_.erase(waiting);
  orders_.erase(found);
}

// The machines that were reserved, or as many of the free ones as there are.
template <class Free>
Free Backfill<Free>::machines_of(const RunningEntry& entry, SimTime now) const {
  if (!timeline_) return Free{};
  if (starting_ && starting_->begin == now && starting_->on.size() == entry.gpus) {
    return starting_->on;
  }
  return timeline_->now().lowest(entry.gpus);
}

template <class Free>
void Backfill<Free>::started(const RunningEntry& entry, SimTime now) {
  if (timeline_) timeline_->advance(now);
  const Slot<Free> slot{now, std::max(now + kInstant, entry.ends), machines_of(entry, now)};
  running_.emplace(entry.request, Running{entry, slot});
  ends_.emplace(slot.end, entry.request);
  gpus_running_ += entry.gpus;
  if (!timeline_) return;
  // Other than it was reserved, it may take from those who come later.
  if (!starting_ || *starting_ != slot) {
    anew_ = anew_ || !timeline_->has(slot);
    again_ = true;
  }
  timeline_->take(slot);
}

template <class Free>
void Backfill<Free>::ended(RequestId request, SimTime now) {
  const auto found = running_.find(request);
  HEADROOM_ASSERT(found != running_.end(), "a request that does not run has ended");
  const Slot<Free> slot = found->second.slot;
  gpus_running_ -= found->second.entry.gpus;
  ends_.erase({slot.end, request});
  running_.erase(found);
  if (!timeline_ || slot.end <= now) return;
  timeline_->advance(now);
  timeline_->give(slot);
  again_ = true;
}

template <class Free>
void Backfill<Free>::give_up(Waiting& waiting) {
  if (waiting.slot) timeline_->give(*waiting.slot);
  waiting.slot.reset();
}

// Of what runs alone.
template <class Free>
void Backfill<Free>::make_timeline(const PassState& state) {
  for (auto& [order, waiting] : waiting_) waiting.slot.reset();
  const bool first = !timeline_;
  timeline_.emplace(state.now, Free(gpus_));
  for (auto& [request, running] : running_) {
    Slot<Free>& slot = running.slot;
    if (first && slot.on.size() == 0) slot.on = timeline_->now().lowest(running.entry.gpus);
    timeline_->take({state.now, std::max(slot.end, state.now + kInstant), slot.on});
  }
}

template <class Free>
bool Backfill<Free>::timeline_wrong(const PassState& state) const {
  if (!timeline_ || anew_ || state.idle_gpus + gpus_running_ != gpus_) return true;
  if (!ends_.empty() && ends_.begin()->first <= state.now) return true;
  return reserve_ == Reserve::all &&
         std::any_of(waiting_.begin(), waiting_.end(), [&](const auto& each) {
           return each.second.slot && each.second.slot->begin < state.now;  // did not fit
         });
}

template <class Free>
void Backfill<Free>::pass(const PassState& state, const Attempt& attempt) {
  if (state.freed) failed_.clear();
  const bool wrong = timeline_wrong(state);
  if (wrong) {
    gpus_ = state.idle_gpus + gpus_running_;
    make_timeline(state);
  } else {
    timeline_->advance(state.now);
  }
  const bool compress = !wrong && again_ && (state.freed || urgent_);
  if (wrong || compress) again_ = false;
  urgent_ = anew_ = false;
  if (reserve_ == Reserve::head) {
    walk_easy(state.now, attempt);
  } else {
    walk_conservative(state.now, compress, attempt);
  }
}

// Its slot is taken; whoever starts gives it back on leaving the queue.
template <class Free>
TryResult Backfill<Free>::try_now(const Waiting& waiting, const Attempt& attempt) {
  const ShapeId shape = waiting.entry.shape;
  if (failed_.contains(shape)) return TryResult::waiting;
  const std::size_t before = running_.size();
  starting_ = waiting.slot.value_or(Slot<Free>());
  const TryResult result = attempt(waiting.entry.request);
  starting_.reset();
  if (result == TryResult::waiting) failed_.insert(shape);
  if (result == TryResult::gone && running_.size() == before) again_ = true;  // it was rejected
  return result;
}

/// Whether it has one: nobody has who needs more than there ever is.
template <class Free>
bool Backfill<Free>::reserve_earliest(Waiting& waiting) {
  waiting.slot = timeline_->earliest(waiting.entry.gpus, lasts(waiting.entry));
  if (waiting.slot) timeline_->take(*waiting.slot);
  return waiting.slot.has_value();
}

// The head may have left: all reservations but that of the head are given up as soon as made.
template <class Free>
void Backfill<Free>::walk_easy(SimTime now, const Attempt& attempt) {
  if (!waiting_.empty()) give_up(waiting_.begin()->second);
  bool head_waits = false;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const std::uint64_t order = next->first;
    Waiting& waiting = next->second;
    if (!head_waits) {
      const bool now_or_never = !reserve_earliest(waiting) || waiting.slot->begin == now;
      head_waits = !now_or_never || try_now(waiting, attempt) == TryResult::waiting;
    } else if (waiting.entry.gpus <= timeline_->now().size()) {
      waiting.slot = timeline_->at_once(waiting.entry.gpus, lasts(waiting.entry));
      if (waiting.slot) {
        timeline_->take(*waiting.slot);
        if (try_now(waiting, attempt) == TryResult::waiting) give_up(waiting);
      }
    }
    next = waiting_.upper_bound(order);
  }
}

template <class Free>
void Backfill<Free>::walk_conservative(SimTime now, bool all, const Attempt& attempt) {
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const std::uint64_t order = next->first;
    Waiting& waiting = next->second;
    if (all && waiting.slot) {
      const Slot<Free> before = *waiting.slot;
      give_up(waiting);
      reserve_earliest(waiting);
      again_ = again_ || waiting.slot != before;
    } else if (!waiting.slot) {
      reserve_earliest(waiting);
    }
    const bool due = !waiting.slot || waiting.slot->begin == now;
    if (due && try_now(waiting, attempt) == TryResult::waiting && waiting.entry.gpus == 0) {
      waiting.slot.reset();  // what takes no whole GPU has nothing to reserve
    }
    next = waiting_.upper_bound(order);
  }
}

template <class Free>
QueueMemory Backfill<Free>::memory(SimTime /*at*/) const {
  QueueMemory out;
  if (!timeline_) return out;
  out.gpus = gpus_;
  out.again = again_;
  out.anew = anew_;
  for (const auto& [order, waiting] : waiting_) {
    if (!waiting.slot) continue;
    out.bookings.push_back(
        {waiting.entry.request, waiting.slot->begin, waiting.slot->on.machines()});
  }
  for (const auto& [request, running] : running_) {
    const std::vector<int> machines = running.slot.on.machines();
    if (!machines.empty()) out.bookings.push_back({request, running.slot.begin, machines});
  }
  return out;
}

template <class Free>
bool Backfill<Free>::resume(const PassState& state, const QueueMemory& memory) {
  if (memory.gpus < 0 || memory.gpus > kMostGpus) return false;
  if (memory.gpus == 0) return true;  // no pass before this one
  gpus_ = memory.gpus;
  again_ = memory.again;
  anew_ = memory.anew;
  std::unordered_map<RequestId, const Booking*> bookings;
  for (const Booking& booking : memory.bookings) {
    const bool known = orders_.contains(booking.request) || running_.contains(booking.request);
    const bool there = std::all_of(booking.machines.begin(), booking.machines.end(),
                                   [&](int machine) { return machine >= 0 && machine < gpus_; });
    if (!known || !there || !bookings.emplace(booking.request, &booking).second) return false;
  }
  for (auto& [request, running] : running_) {
    const auto found = bookings.find(request);
    if (found != bookings.end()) recall(found->second->machines, running.slot.on);
  }
  make_timeline(state);
  bool fits = true;
  for (auto& [order, waiting] : waiting_) {
    const auto found = bookings.find(waiting.entry.request);
    if (found == bookings.end()) continue;
    fits = take_booking(waiting, *found->second) && fits;
    if (reserve_ == Reserve::head) break;
  }
  return fits || timeline_wrong(state);  // then they are made anew
}

template <class Free>
bool Backfill<Free>::take_booking(Waiting& waiting, const Booking& booking) {
  Slot<Free> slot{booking.begin, end_of(booking.begin, lasts(waiting.entry)),
                  Free(waiting.entry.gpus)};
  recall(booking.machines, slot.on);
  const bool fits = slot.on.size() == waiting.entry.gpus && timeline_->has(slot);
  timeline_->take(slot);
  waiting.slot = slot;
  return fits;
}

template class Backfill<GpuCount>;
template class Backfill<MachineSet>;

std::unique_ptr<QueueDiscipline> make_easy_machines() {
  using Easy = Backfill<MachineSet>;
  return std::make_unique<Easy>("easy", Easy::Reserve::head);
}

std::unique_ptr<QueueDiscipline> make_conservative(const QueueOptions& options) {
  using ByMachines = Backfill<MachineSet>;
  using ByCount = Backfill<GpuCount>;
  if (!options.reserve_machines) {
    return std::make_unique<ByCount>("conservative", ByCount::Reserve::all);
  }
  return std::make_unique<ByMachines>("conservative", ByMachines::Reserve::all);
}

}  // namespace headroom
