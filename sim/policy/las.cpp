// las, least attained service by tenant: the tenant that has held least GPU-time so far goes first,
// of equal ones the one that came first; of one tenant the oldest. Those that do not fit now are
// passed over. What holds GPUs counts up to now, shares by their share; requests without a tenant
// are one tenant together. Nothing is preempted, so it decides who is next, and takes nothing back.
//
// After L. Kleinrock, "Queueing Systems, Volume II", Wiley, 1976 (foreground-background), by tenant
// instead of by job; J. Gu et al., "Tiresias: A GPU Cluster Manager for Distributed Deep Learning",
// NSDI 2019, orders jobs by attained GPU-time and preempts.

#include "sim/core/assert.hpp"
#include "sim/policy/disciplines.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace headroom {
namespace {

class Las final : public QueueDiscipline {
 public:
  [[nodiscard]] std::string_view name() const override { return "las"; }
  [[nodiscard]] QueueNeeds needs() const override { return {.running = true}; }
  [[nodiscard]] std::size_t size() const override { return positions_.size(); }

  void add(const QueueEntry& entry) override {
    const std::size_t tenant = tenant_of(entry.tenant);
    const std::uint64_t order = ++next_order_;
    positions_.emplace(entry.request, Position{tenant, entry.shape, order});
    tenants_[tenant].lines[entry.shape].emplace(order, entry.request);
  }

  void remove(RequestId request) override {
    const auto found = positions_.find(request);
    HEADROOM_ASSERT(found != positions_.end(), "a request that does not wait was removed");
    const auto [tenant, shape, order] = found->second;
    positions_.erase(found);
    auto& lines = tenants_[tenant].lines;
    lines.at(shape).erase(order);
    if (lines.at(shape).empty()) lines.erase(shape);
  }

  void started(const RunningEntry& entry, SimTime now) override {
    const std::size_t number = tenant_of(entry.tenant);
    Tenant& tenant = tenants_[number];
    tenant.settle(now);
    tenant.held_milli += entry.milli;
    running_.emplace(entry.request, std::pair(number, entry.milli));
  }

  void ended(RequestId request, SimTime now) override {
    const auto found = running_.find(request);
    HEADROOM_ASSERT(found != running_.end(), "a request that does not run has ended");
    const auto [number, milli] = found->second;
    running_.erase(found);
    Tenant& tenant = tenants_[number];
    tenant.settle(now);
    tenant.held_milli -= milli;
  }

  void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) override {
    if (state.freed) failed_.clear();
    std::vector<std::pair<Int128, std::size_t>> order;  // what starts now has held nothing yet
    for (std::size_t i = 0; i < tenants_.size(); ++i) {
      if (!tenants_[i].lines.empty()) order.emplace_back(tenants_[i].attained(state.now), i);
    }
    std::sort(order.begin(), order.end());
    for (const auto& [attained, number] : order) offer(tenants_[number], attempt);
  }

  [[nodiscard]] QueueMemory memory(SimTime at) const override {
    QueueMemory out;
    for (const Tenant& tenant : tenants_) out.tenants.push_back({tenant.name, tenant.attained(at)});
    return out;
  }

  [[nodiscard]] bool resume(const PassState& state, const QueueMemory& memory) override {
    if (!memory.tenants.empty() && !recall(memory)) return false;
    return QueueDiscipline::resume(state, memory);
  }

 private:
  struct Tenant {
    std::string name;
    Int128 settled_milli_ns = 0;  // up to `since`
    std::int64_t held_milli = 0;  // since then
    SimTime since{};
    std::map<ShapeId, std::map<std::uint64_t, RequestId>> lines = {};  // by order of arrival

    [[nodiscard]] Int128 attained(SimTime now) const {
      return settled_milli_ns + static_cast<Int128>(held_milli) * (now - since).count();
    }
    void settle(SimTime now) {
      settled_milli_ns = attained(now);
      since = now;
    }
  };
  struct Position {
    std::size_t tenant;
    ShapeId shape;
    std::uint64_t order;
  };

  std::size_t tenant_of(const std::string& name) {
    const auto [found, is_new] = numbers_.emplace(name, tenants_.size());
    if (is_new) tenants_.push_back({.name = name});
    return found->second;
  }

  // Oldest first; equal shapes fail alike, so only the head of each line is asked.
  void offer(Tenant& tenant, const std::function<TryResult(RequestId)>& attempt) {
    std::set<std::pair<std::uint64_t, ShapeId>> heads;
    for (const auto& [shape, line] : tenant.lines) {
      if (!failed_.contains(shape)) heads.emplace(line.begin()->first, shape);
    }
    while (!heads.empty()) {
      const auto [order, shape] = *heads.begin();
      heads.erase(heads.begin());
      if (attempt(tenant.lines.at(shape).at(order)) == TryResult::waiting) {
        failed_.insert(shape);
        continue;
      }
      const auto line = tenant.lines.find(shape);
      if (line != tenant.lines.end()) heads.emplace(line->second.begin()->first, shape);
    }
  }

  // Tenants in the order of their first arrivals: those of the memory, then those that are new.
  bool recall(const QueueMemory& memory) {
    std::vector<Tenant> known = std::move(tenants_);
    std::map<std::string, std::size_t> before = std::move(numbers_);
    std::vector<std::size_t> moved(known.size());
    tenants_.clear();
    numbers_.clear();
    for (const TenantUse& use : memory.tenants) {
      if (use.milli_ns < 0 || numbers_.contains(use.tenant)) return false;
      tenants_[tenant_of(use.tenant)].settled_milli_ns = use.milli_ns;
    }
    for (std::size_t i = 0; i < known.size(); ++i) {
      moved[i] = tenant_of(known[i].name);
      Tenant& tenant = tenants_[moved[i]];
      tenant.held_milli = known[i].held_milli;
      tenant.since = known[i].since;
      tenant.lines = std::move(known[i].lines);
    }
    for (auto& [request, position] : positions_) position.tenant = moved[position.tenant];
    for (auto& [request, on] : running_) on.first = moved[on.first];
    return true;
  }

  std::vector<Tenant> tenants_;  // by first arrival
  std::map<std::string, std::size_t> numbers_;
  std::unordered_map<RequestId, Position> positions_;
  std::unordered_map<RequestId, std::pair<std::size_t, std::int64_t>> running_;  // tenant, milli
  std::set<ShapeId> failed_;  // did not fit; nothing freed since
  std::uint64_t next_order_ = 0;
};

}  // namespace

std::unique_ptr<QueueDiscipline> make_las(const QueueOptions&) { return std::make_unique<Las>(); }

}  // namespace headroom
