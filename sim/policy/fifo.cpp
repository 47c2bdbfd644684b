// FIFO and FIFO-skip. Waiting requests are kept by shape, so that a pass costs by distinct shapes
// that wait, not by requests: once one did not fit, its equals are not tried until capacity is
// freed.

#include "sim/core/assert.hpp"
#include "sim/policy/disciplines.hpp"

#include <map>
#include <set>
#include <unordered_map>
#include <vector>

namespace headroom {
namespace {

class Fifo final : public QueueDiscipline {
 public:
  explicit Fifo(bool skip) : skip_(skip) {}

  [[nodiscard]] std::string_view name() const override { return skip_ ? "fifo-skip" : "fifo"; }
  [[nodiscard]] std::size_t size() const override { return order_.size(); }

  void add(const QueueEntry& entry) override {
    const std::uint64_t order = ++next_order_;
    order_.emplace(entry.request, Position{entry.shape, order});
    Line& line = lines_[entry.shape];
    line.waiting.emplace(order, entry.request);
    if (!line.blocked && line.waiting.size() == 1) open_.emplace(order, entry.shape);
  }

  void remove(RequestId request) override {
    const auto found = order_.find(request);
    HEADROOM_ASSERT(found != order_.end(), "a request that does not wait was removed");
    const Position position = found->second;
    Line& line = lines_.at(position.shape);
    if (!line.blocked && line.waiting.begin()->first == position.order) {
      open_.erase({position.order, position.shape});
      line.waiting.erase(position.order);
      if (!line.waiting.empty()) open_.emplace(line.waiting.begin()->first, position.shape);
    } else {
      line.waiting.erase(position.order);
    }
    order_.erase(found);
    if (line.waiting.empty() && !line.blocked) lines_.erase(position.shape);
  }

  void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) override {
    if (state.freed) reopen();
    while (!open_.empty()) {
      const auto [order, shape] = *open_.begin();
      if (!skip_ && head_blocked(order)) return;
      if (attempt(lines_.at(shape).waiting.at(order)) == TryResult::gone) continue;
      open_.erase({order, shape});
      lines_.at(shape).blocked = true;
      blocked_.insert(shape);
      if (!skip_) return;
    }
  }

 private:
  struct Position {
    ShapeId shape;
    std::uint64_t order;
  };
  struct Line {
    std::map<std::uint64_t, RequestId> waiting;  // by order of arrival
    bool blocked = false;                        // did not fit; nothing freed since
  };

  void reopen() {
    for (const ShapeId shape : blocked_) {
      Line& line = lines_.at(shape);
      line.blocked = false;
      if (line.waiting.empty()) {
        lines_.erase(shape);
      } else {
        open_.emplace(line.waiting.begin()->first, shape);
      }
    }
    blocked_.clear();
  }

  // Strict FIFO: somebody who arrived before `order` waits in a blocked line.
  [[nodiscard]] bool head_blocked(std::uint64_t order) const {
    for (const ShapeId shape : blocked_) {
      const Line& line = lines_.at(shape);
      if (!line.waiting.empty() && line.waiting.begin()->first < order) return true;
    }
    return false;
  }

  bool skip_;
  std::uint64_t next_order_ = 0;
  std::unordered_map<RequestId, Position> order_;
  std::unordered_map<ShapeId, Line> lines_;
  std::set<std::pair<std::uint64_t, ShapeId>> open_;  // head of every line that may be tried
  std::set<ShapeId> blocked_;
};

}  // namespace

std::unique_ptr<QueueDiscipline> make_fifo() { return std::make_unique<Fifo>(false); }
std::unique_ptr<QueueDiscipline> make_fifo_skip() { return std::make_unique<Fifo>(true); }

}  // namespace headroom
