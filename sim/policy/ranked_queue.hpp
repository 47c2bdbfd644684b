#pragma once
// What disciplines have in common that try waiting requests in a fixed order: by a rank that does
// not change while a request waits, and then by arrival. Those that do not fit are passed over, or
// nobody passes the head.

#include "sim/policy/queue_discipline.hpp"

#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace headroom {

class RankedQueue final : public QueueDiscipline {
 public:
  /// The lowest is first, compared figure by figure.
  using Rank = std::array<std::int64_t, 3>;

  struct Rules {
    std::string_view name;
    QueueNeeds needs;
    bool skip = true;  // false: nobody passes the head
    Rank (*rank)(const QueueEntry&) = nullptr;
  };

  explicit RankedQueue(const Rules& rules) : rules_(rules) {}

  [[nodiscard]] std::string_view name() const override { return rules_.name; }
  [[nodiscard]] QueueNeeds needs() const override { return rules_.needs; }
  [[nodiscard]] std::size_t size() const override { return positions_.size(); }

  void add(const QueueEntry& entry) override;
  void remove(RequestId request) override;
  void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) override;

 private:
  using Order = std::pair<Rank, std::uint64_t>;  // then by arrival
  struct Position {
    ShapeId shape;
    Order order;
  };
  struct Line {
    std::map<Order, RequestId> waiting;
    bool blocked = false;  // did not fit; nothing freed since
  };

  void open_head(ShapeId shape, const Line& line);
  void close_head(ShapeId shape, const Line& line);
  void reopen();
  [[nodiscard]] bool head_blocked(const Order& order) const;

  Rules rules_;
  std::uint64_t next_order_ = 0;
  std::unordered_map<RequestId, Position> positions_;
  std::unordered_map<ShapeId, Line> lines_;
  std::set<std::pair<Order, ShapeId>> open_;  // head of every line that may be tried
  std::set<ShapeId> blocked_;
};

}  // namespace headroom
