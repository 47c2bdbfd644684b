// easy: oldest first; those behind a head that does not fit may pass it where they do not delay it.
//
// The head has a reservation (T, extra): walking what runs by (declared end, order of arrival), T
// is the end at which the GPUs idle now and those given back first reach its need, and extra what
// is left over then (without those that others give back at T too). A later request starts if it
// fits now and either ends by T, as declared, or takes no more GPUs than extra, which then shrinks.
// One scan in order of arrival per pass.
//
// Only GPUs are counted, whatever their type and node: on a cluster of several types or of nodes in
// pieces the head may still start later than T. What runs longer than declared counts as ending
// now.
//
// EASY: D. A. Lifka, "The ANL/IBM SP Scheduling System", JSSPP 1995; A. W. Mu'alem and D. G.
// Feitelson, "Utilization, Predictability, Workloads, and User Runtime Estimates in Scheduling the
// IBM SP2 with Backfilling", IEEE TPDS 12(6), 2001.

#include "sim/core/assert.hpp"
#include "sim/policy/disciplines.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

namespace headroom {
namespace {

class Easy final : public QueueDiscipline {
 public:
  [[nodiscard]] std::string_view name() const override { return "easy"; }
  [[nodiscard]] QueueNeeds needs() const override {
    return {.declared = true, .gpus = true, .running = true};
  }
  [[nodiscard]] std::size_t size() const override { return waiting_.size(); }

  void add(const QueueEntry& entry) override {
    HEADROOM_ASSERT(entry.declared.has_value(), "a request without a declared duration");
    const std::uint64_t order = ++next_order_;
    orders_.emplace(entry.request, order);
    waiting_.emplace(order, entry);
  }

  void remove(RequestId request) override {
    const auto found = orders_.find(request);
    HEADROOM_ASSERT(found != orders_.end(), "a request that does not wait was removed");
    waiting_.erase(found->second);
    orders_.erase(found);
  }

  void started(const RunningEntry& entry, SimTime /*now*/) override {
    idle_ -= entry.gpus;
    running_.insert(key_of(entry));
    entries_.emplace(entry.request, entry);
  }

  void ended(RequestId request, SimTime /*now*/) override {
    const auto found = entries_.find(request);
    HEADROOM_ASSERT(found != entries_.end(), "a request that does not run has ended");
    running_.erase(key_of(found->second));
    entries_.erase(found);
  }

  void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) override {
    idle_ = state.idle_gpus;
    if (state.freed) failed_.clear();
    while (!waiting_.empty()) {
      if (gone(waiting_.begin()->second, attempt)) continue;
      backfill(state.now, attempt);
      return;
    }
  }

 private:
  using Key = std::tuple<SimTime, RequestId, std::int64_t>;  // end, order of arrival, GPUs

  struct Reservation {
    SimTime at{};
    std::int64_t extra = 0;
  };

  static Key key_of(const RunningEntry& entry) { return {entry.ends, entry.request, entry.gpus}; }

  [[nodiscard]] Reservation reserve(std::int64_t gpus, SimTime now) const {
    std::int64_t free = idle_;
    SimTime at = now;
    for (const auto& [ends, request, given_back] : running_) {
      if (free >= gpus) break;
      free += given_back;
      at = std::max(now, ends);
    }
    // More than all GPUs: nobody can delay it.
    if (free < gpus) return {SimTime::max(), std::numeric_limits<std::int64_t>::max()};
    return {at, free - gpus};
  }

  // Equal shapes fail alike until something is freed.
  bool gone(const QueueEntry& entry, const std::function<TryResult(RequestId)>& attempt) {
    const ShapeId shape = entry.shape;
    if (failed_.contains(shape)) return false;
    if (attempt(entry.request) == TryResult::gone) return true;
    failed_.insert(shape);
    return false;
  }

  void backfill(SimTime now, const std::function<TryResult(RequestId)>& attempt) {
    const std::uint64_t head_order = waiting_.begin()->first;
    Reservation reserved = reserve(waiting_.begin()->second.gpus, now);
    for (auto next = waiting_.upper_bound(head_order); next != waiting_.end();) {
      const auto [order, entry] = *next;
      const bool in_time = entry.declared <= reserved.at - now;
      const bool may = entry.gpus <= idle_ && (in_time || entry.gpus <= reserved.extra);
      if (may && gone(entry, attempt) && !in_time) reserved.extra -= entry.gpus;
      next = waiting_.upper_bound(order);
    }
  }

  std::map<std::uint64_t, QueueEntry> waiting_;  // by order of arrival
  std::unordered_map<RequestId, std::uint64_t> orders_;
  std::set<Key> running_;
  std::unordered_map<RequestId, RunningEntry> entries_;
  std::int64_t idle_ = 0;     // during a pass
  std::set<ShapeId> failed_;  // did not fit; nothing freed since
  std::uint64_t next_order_ = 0;
};

}  // namespace

std::unique_ptr<QueueDiscipline> make_easy(const QueueOptions& options) {
  if (options.reserve_machines) return make_easy_machines();
  return std::make_unique<Easy>();
}

}  // namespace headroom
