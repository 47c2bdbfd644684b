#pragma once
// The port of queue disciplines: in which order waiting requests are tried, and who may pass whom.
// Any discipline works with any placer.

#include "sim/core/ids.hpp"
#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "sim/policy/queue_memory.hpp"

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
  std::optional<Duration> declared = std::nullopt;
  /// Whole GPUs that it needs, for disciplines that ask (QueueNeeds): as asked; of a deployment the
  /// fewest of any of its valid plans; 0 for shares and CPU tasks.
  std::int64_t gpus = 0;
  std::int64_t share_milli = 0;  // of one GPU, where it shares it; else 0
  std::int64_t cpu_milli = 0;    // of the whole request
  std::int64_t priority = 0;     // higher first
  std::string tenant = {};
};

/// Something placed, for disciplines that are told.
struct RunningEntry {
  RequestId request{};
  std::int64_t gpus = 0;          // whole ones that it gives back
  SimTime ends = SimTime::max();  // as declared; max where nothing is
  std::int64_t milli = 0;         // thousandths of GPUs that it holds
  std::string tenant = {};
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

/// What a discipline goes by, beyond arrivals.
struct QueueNeeds {
  bool declared = false;  // every entry has a declared duration
  bool gpus = false;      // entries say how many GPUs they need
  bool running = false;   // it is told what starts and ends
  friend bool operator==(const QueueNeeds&, const QueueNeeds&) = default;
};

class QueueDiscipline {
 public:
  virtual ~QueueDiscipline() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual QueueNeeds needs() const { return {}; }

  /// Entries come in order of arrival, except those that come back after a refusal.
  virtual void add(const QueueEntry& entry) = 0;
  /// Precondition: it is in the queue.
  virtual void remove(RequestId request) = 0;
  /// Of those that need it: what takes GPUs, inside an attempt too, and what gives them back.
  virtual void started(const RunningEntry& /*entry*/, SimTime /*now*/) {}
  virtual void ended(RequestId /*request*/, SimTime /*now*/) {}
  /// One pass: offers entries to `attempt` in this discipline's order. Unless capacity was freed, a
  /// shape that did not fit is not offered again.
  virtual void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) = 0;
  /// A time at which it wants a pass though nothing happens, or nullopt.
  [[nodiscard]] virtual std::optional<SimTime> wake_at() const { return std::nullopt; }
  [[nodiscard]] virtual std::size_t size() const = 0;

  /// What a run that goes on from `at` has to tell it.
  [[nodiscard]] virtual QueueMemory memory(SimTime /*at*/) const { return {}; }
  /// The run goes on: what runs and what waits was told anew, and nothing that waits fits now.
  /// False: the memory cannot be.
  [[nodiscard]] virtual bool resume(const PassState& state, const QueueMemory& /*memory*/) {
    pass(state, [](RequestId) { return TryResult::waiting; });
    return true;
  }
};

struct QueueOptions {
  /// easy, conservative: reserve particular machines, not a number of GPUs. Made for nodes of one
  /// GPU each, all equal.
  bool reserve_machines = false;
};

/// "fifo-skip": oldest first, those that do not fit now are passed over.
/// "fifo": oldest first, and nobody passes the head.
/// "fifo-rescan": new ones at once, those that did not fit by a scan every 180 s.
/// "priority": highest priority first, then oldest; those that do not fit are passed over.
/// "largest-first": most GPUs first, then oldest; those that do not fit are passed over.
/// "las": the tenant that held least GPU-time first; those that do not fit are passed over.
/// "sjf": shortest declared duration first, and nobody passes the head.
/// "easy": oldest first; what does not delay the head may pass it.
/// "conservative": oldest first; what delays nobody that came before may pass.
/// Error: no such discipline; options that it does not have.
[[nodiscard]] Result<std::unique_ptr<QueueDiscipline>> make_queue_discipline(
    std::string_view name, const QueueOptions& options = {});
[[nodiscard]] std::span<const std::string> queue_discipline_names();

}  // namespace headroom
