#pragma once
// The port of queue disciplines: in which order waiting requests are tried, and who may pass whom.
// Any discipline works with any placer.

#include "sim/core/ids.hpp"
#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

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
};

enum class TryResult {
  gone,     // placed or rejected for good: it has left the queue
  waiting,  // did not fit; equal shapes will not fit either until capacity is freed
};

class QueueDiscipline {
 public:
  virtual ~QueueDiscipline() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Entries come in order of arrival, except those that come back after a refusal.
  virtual void add(const QueueEntry& entry) = 0;
  /// Precondition: it is in the queue.
  virtual void remove(RequestId request) = 0;
  /// One pass, at `now`: offers entries to `attempt` in this discipline's order. `freed` tells
  /// whether capacity was given back since the last pass; without it, a shape that did not fit is
  /// not offered again.
  virtual void pass(SimTime now, bool freed,
                    const std::function<TryResult(RequestId)>& attempt) = 0;
  /// A time at which it wants a pass though nothing happens, or nullopt.
  [[nodiscard]] virtual std::optional<SimTime> wake_at() const { return std::nullopt; }
  [[nodiscard]] virtual std::size_t size() const = 0;
};

/// "fifo-skip": oldest first, those that do not fit now are passed over.
/// "fifo": oldest first, and nobody passes the head.
/// "fifo-rescan": new ones at once, those that did not fit by a scan every 180 s.
[[nodiscard]] Result<std::unique_ptr<QueueDiscipline>> make_queue_discipline(std::string_view name);
[[nodiscard]] std::span<const std::string> queue_discipline_names();

}  // namespace headroom
