// sjf: shortest declared duration first, of equal ones the oldest; nobody passes the head.

#include "sim/core/assert.hpp"
#include "sim/policy/disciplines.hpp"

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace headroom {
namespace {

class Sjf final : public QueueDiscipline {
 public:
  [[nodiscard]] std::string_view name() const override { return "sjf"; }
  [[nodiscard]] bool plans_ahead() const override { return true; }
  [[nodiscard]] std::size_t size() const override { return waiting_.size(); }

  void add(const QueueEntry& entry) override {
    HEADROOM_ASSERT(entry.declared.has_value(), "a request without a declared duration");
    const Key key{*entry.declared, ++next_order_};
    keys_.emplace(entry.request, key);
    waiting_.emplace(key, entry.request);
  }

  void remove(RequestId request) override {
    const auto found = keys_.find(request);
    HEADROOM_ASSERT(found != keys_.end(), "a request that does not wait was removed");
    waiting_.erase(found->second);
    keys_.erase(found);
    if (blocked_ == request) blocked_.reset();
  }

  void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) override {
    if (state.freed) blocked_.reset();
    while (!waiting_.empty()) {
      const RequestId head = waiting_.begin()->second;
      if (blocked_ == head) return;
      if (attempt(head) == TryResult::gone) continue;
      blocked_ = head;
      return;
    }
  }

 private:
  using Key = std::pair<Duration, std::uint64_t>;  // then in order of arrival

  std::map<Key, RequestId> waiting_;
  std::unordered_map<RequestId, Key> keys_;
  std::uint64_t next_order_ = 0;
  std::optional<RequestId> blocked_;  // the head that did not fit; nothing freed since
};

}  // namespace

std::unique_ptr<QueueDiscipline> make_sjf() { return std::make_unique<Sjf>(); }

}  // namespace headroom
