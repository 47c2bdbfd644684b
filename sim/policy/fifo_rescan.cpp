// fifo-rescan: GPUStack's queue. A new request is tried at once, in order of arrival; one that does
// not fit is left pending, whatever is freed, until a scan every 180 s tries all that have been
// pending for 90 s. Nobody waits for anybody.

#include "sim/core/assert.hpp"
#include "sim/policy/disciplines.hpp"

#include <map>
#include <set>
#include <unordered_map>

namespace headroom {
namespace {

constexpr Duration kScanInterval = std::chrono::seconds(180);
constexpr Duration kPendingFor = std::chrono::seconds(90);

class FifoRescan final : public QueueDiscipline {
 public:
  [[nodiscard]] std::string_view name() const override { return "fifo-rescan"; }
  [[nodiscard]] std::size_t size() const override { return waiting_.size(); }

  void add(const QueueEntry& entry) override {
    const std::uint64_t order = ++next_order_;
    orders_.emplace(entry.request, order);
    waiting_.emplace(order, Waiting{entry.request, entry.shape});
    new_.insert(order);
  }

  void remove(RequestId request) override {
    const auto found = orders_.find(request);
    HEADROOM_ASSERT(found != orders_.end(), "a request that does not wait was removed");
    new_.erase(found->second);
    waiting_.erase(found->second);
    orders_.erase(found);
  }

  void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) override {
    const SimTime now = state.now;
    now_ = now;
    if (state.freed) {
      ++freed_count_;
      worth_a_scan_ = worth_a_scan_ || waiting_.size() > new_.size();
    }
    std::set<std::uint64_t> tried;
    if (now.time_since_epoch() % kScanInterval == Duration(0)) tried = due(now);
    tried.insert(new_.begin(), new_.end());
    std::set<ShapeId> failed;  // equal shapes fail alike within a pass
    for (const std::uint64_t order : tried) {
      const Waiting entry = waiting_.at(order);
      if (!failed.contains(entry.shape) && attempt(entry.request) == TryResult::gone) continue;
      failed.insert(entry.shape);
      new_.erase(order);
      waiting_.at(order).tried = now;
      waiting_.at(order).freed_count = freed_count_;
    }
  }

  // A scan that could only repeat what was answered before is left out: it would keep a run alive
  // for ever.
  [[nodiscard]] std::optional<SimTime> wake_at() const override {
    if (!worth_a_scan_ || waiting_.empty()) return std::nullopt;
    return SimTime((now_.time_since_epoch() / kScanInterval + 1) * kScanInterval);
  }

 private:
  struct Waiting {
    RequestId request{};
    ShapeId shape{};
    SimTime tried{};
    std::uint64_t freed_count = 0;  // when it was tried
  };

  // Those that have been pending for long enough, and for which anything was freed since.
  std::set<std::uint64_t> due(SimTime now) {
    std::set<std::uint64_t> out;
    worth_a_scan_ = false;
    for (const auto& [order, entry] : waiting_) {
      if (new_.contains(order) || entry.freed_count == freed_count_) continue;
      if (now - entry.tried < kPendingFor) {
        worth_a_scan_ = true;
      } else {
        out.insert(order);
      }
    }
    return out;
  }

  std::map<std::uint64_t, Waiting> waiting_;  // by order of arrival
  std::unordered_map<RequestId, std::uint64_t> orders_;
  std::set<std::uint64_t> new_;  // not tried yet
  std::uint64_t next_order_ = 0;
  std::uint64_t freed_count_ = 0;  // passes after which something had been freed
  bool worth_a_scan_ = false;      // something was freed since somebody was last tried
  SimTime now_{};
};

}  // namespace

std::unique_ptr<QueueDiscipline> make_fifo_rescan(const QueueOptions&) {
  return std::make_unique<FifoRescan>();
}

}  // namespace headroom
