// Waiting requests stand in one line per shape. A line whose head did not fit is blocked until
// capacity is freed: equal shapes fail alike. So a pass costs one attempt per placement and one per
// distinct shape, however long the queue is.

#include "sim/policy/ranked_queue.hpp"

#include "sim/core/assert.hpp"

namespace headroom {

void RankedQueue::open_head(ShapeId shape, const Line& line) {
  if (!line.blocked && !line.waiting.empty()) open_.emplace(line.waiting.begin()->first, shape);
}

void RankedQueue::close_head(ShapeId shape, const Line& line) {
  if (!line.blocked && !line.waiting.empty()) open_.erase({line.waiting.begin()->first, shape});
}

void RankedQueue::add(const QueueEntry& entry) {
  HEADROOM_ASSERT(!rules_.needs.declared || entry.declared.has_value(),
                  "a request without a declared duration");
  const Order order{rules_.rank(entry), ++next_order_};
  positions_.emplace(entry.request, Position{entry.shape, order});
  Line& line = lines_[entry.shape];
  close_head(entry.shape, line);
  line.waiting.emplace(order, entry.request);
  open_head(entry.shape, line);
}

void RankedQueue::remove(RequestId request) {
  const auto found = positions_.find(request);
  HEADROOM_ASSERT(found != positions_.end(), "a request that does not wait was removed");
  const auto [shape, order] = found->second;
  positions_.erase(found);
  Line& line = lines_.at(shape);
  close_head(shape, line);
  line.waiting.erase(order);
  open_head(shape, line);
  if (line.waiting.empty() && !line.blocked) lines_.erase(shape);
}

void RankedQueue::pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) {
  if (state.freed) reopen();
  while (!open_.empty()) {
    const auto [order, shape] = *open_.begin();
    if (!rules_.skip && head_blocked(order)) return;
    if (attempt(lines_.at(shape).waiting.at(order)) == TryResult::gone) continue;
    open_.erase({order, shape});
    lines_.at(shape).blocked = true;
    blocked_.insert(shape);
    if (!rules_.skip) return;
  }
}

void RankedQueue::reopen() {
  for (const ShapeId shape : blocked_) {
    Line& line = lines_.at(shape);
    line.blocked = false;
    if (line.waiting.empty()) {
      lines_.erase(shape);
    } else {
      open_head(shape, line);
    }
  }
  blocked_.clear();
}

// Somebody who comes before `order` waits in a blocked line.
bool RankedQueue::head_blocked(const Order& order) const {
  for (const ShapeId shape : blocked_) {
    const Line& line = lines_.at(shape);
    if (!line.waiting.empty() && line.waiting.begin()->first < order) return true;
  }
  return false;
}

}  // namespace headroom
