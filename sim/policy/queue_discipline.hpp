#pragma once
// The port of queue disciplines: in which order waiting requests are tried, and who may pass whom.
// Any discipline works with any placer.

#include "sim/core/ids.hpp"
#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

/// A waiting request, as a discipline sees it.
struct QueueEntry {
  RequestId request{};
  ShapeId shape{};
  SimTime arrival{};
  std::optional<Duration> declared;
  /// Whole GPUs that it needs, for disciplines that plan ahead: as asked; of a deployment the
  /// fewest of any of its valid plans; 0 for shares and CPU tasks.
  std::int64_t gpus = 0;
};

/// Something placed, for disciplines that plan ahead.
struct RunningEntry {
  RequestId request{};
  std::int64_t gpus = 0;  // whole ones that it gives back
  SimTime ends{};         // as declared
};

/// When a pass is made, and what was known then.
struct PassState {
  SimTime now{};
  bool freed = false;          // capacity was given back since the last pass
  std::int64_t idle_gpus = 0;  // in service
};

enum class TryResult {
  gone,     // placed or rejected for good: it has left the queue
  waiting,  // did not fit; equal shapes will not fit either until capacity is freed
};

class QueueDiscipline {
 public:
  virtual ~QueueDiscipline() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Whether it counts on declared durations and on GPUs: it is told what starts and ends, and
  /// every entry has a declared duration.
  [[nodiscard]] virtual bool plans_ahead() const { return false; }

  /// Entries come in order of arrival, except those that come back after a refusal.
  virtual void add(const QueueEntry& entry) = 0;
  /// Precondition: it is in the queue.
  virtual void remove(RequestId request) = 0;
  /// Of those that plan ahead: what takes GPUs, inside an attempt too, and what gives them back.
  virtual void started(const RunningEntry& /*entry*/) {}
  virtual void ended(RequestId /*request*/) {}
  /// One pass: offers entries to `attempt` in this discipline's order. Unless capacity was freed, a
  /// shape that did not fit is not offered again.
  virtual void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) = 0;
  /// A time at which it wants a pass though nothing happens, or nullopt.
  [[nodiscard]] virtual std::optional<SimTime> wake_at() const { return std::nullopt; }
  [[nodiscard]] virtual std::size_t size() const = 0;
};

/// "fifo-skip": oldest first, those that do not fit now are passed over.
/// "fifo": oldest first, and nobody passes the head.
/// "fifo-rescan": new ones at once, those that did not fit by a scan every 180 s.
/// "sjf": shortest declared duration first, and nobody passes the head.
/// "easy": oldest first; what does not delay the head may pass it.
[[nodiscard]] Result<std::unique_ptr<QueueDiscipline>> make_queue_discipline(std::string_view name);
[[nodiscard]] std::span<const std::string> queue_discipline_names();

}  // namespace headroom
