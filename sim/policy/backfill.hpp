#pragma once
// Backfilling: oldest first, and what waits has a reservation, the earliest slot of a timeline in
// which its GPUs are free for as long as it declares. Under EASY only the head has one (easy.cpp is
// the same for counted GPUs, and faster); under conservative backfilling everybody has, in order of
// arrival, so that nobody is delayed by what came later.
//
// What runs is expected to end as declared. When something ends earlier, conservative reservations
// are compressed: in order of arrival each is given up and made again, at the earliest slot that
// the others leave, so never later than it was. They are made anew from nothing where the timeline
// was wrong: what runs longer than declared (it is taken to end now), GPUs that come or go, a
// reservation that came due and did not fit.
//
// A reservation is a number of GPUs, whatever their type and node: on a cluster of several types or
// of nodes in pieces it may come due and not fit. It then keeps its claim and is tried again. Or it
// is a set of machines, numbered by this queue: the free ones with the lowest numbers. On nodes of
// one GPU each, all equal, it is no matter which node stands for which number.
//
// EASY: D. A. Lifka, "The ANL/IBM SP Scheduling System", JSSPP 1995. Conservative: A. W. Mu'alem
// and D. G. Feitelson, "Utilization, Predictability, Workloads, and User Runtime Estimates in
// Scheduling the IBM SP2 with Backfilling", IEEE TPDS 12(6), 2001.

#include "sim/policy/queue_discipline.hpp"
#include "sim/policy/timeline.hpp"

#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace headroom {

template <class Free>
class Backfill final : public QueueDiscipline {
 public:
  enum class Reserve { head, all };

  Backfill(std::string_view name, Reserve reserve) : name_(name), reserve_(reserve) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] QueueNeeds needs() const override {
    return {.declared = true, .gpus = true, .running = true};
  }
  [[nodiscard]] std::size_t size() const override { return waiting_.size(); }

  void add(const QueueEntry& entry) override;
  void remove(RequestId request) override;
  void started(const RunningEntry& entry, SimTime now) override;
  void ended(RequestId request, SimTime now) override;
  void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) override;
  [[nodiscard]] QueueMemory memory(SimTime at) const override;
  [[nodiscard]] bool resume(const PassState& state, const QueueMemory& memory) override;

 private:
  using Attempt = std::function<TryResult(RequestId)>;

  struct Waiting {
    QueueEntry entry;
    std::optional<Slot<Free>> slot;
  };
  struct Running {
    RunningEntry entry;
    Slot<Free> slot;
  };

  void make_timeline(const PassState& state);
  [[nodiscard]] bool timeline_wrong(const PassState& state) const;
  void give_up(Waiting& waiting);
  void walk_easy(SimTime now, const Attempt& attempt);
  void walk_conservative(SimTime now, bool all, const Attempt& attempt);
  bool reserve_earliest(Waiting& waiting);
  TryResult try_now(const Waiting& waiting, const Attempt& attempt);
  bool take_booking(Waiting& waiting, const Booking& booking);
  [[nodiscard]] Free machines_of(const RunningEntry& entry, SimTime now) const;

  std::string_view name_;
  Reserve reserve_;
  std::map<std::uint64_t, Waiting> waiting_;  // by order of arrival
  std::unordered_map<RequestId, std::uint64_t> orders_;
  std::map<RequestId, Running> running_;
  std::set<std::pair<SimTime, RequestId>> ends_;  // of what runs
  std::int64_t gpus_running_ = 0;
  std::int64_t gpus_ = 0;                   // idle or running, at the last pass
  std::optional<Timeline<Free>> timeline_;  // of what runs and what is reserved
  std::optional<Slot<Free>> starting_;      // during an attempt
  std::set<ShapeId> failed_;                // did not fit; nothing freed since
  std::uint64_t next_order_ = 0;
  bool again_ = false;   // reservations may still move
  bool urgent_ = false;  // at once: somebody left the queue
  bool anew_ = false;
};

}  // namespace headroom
