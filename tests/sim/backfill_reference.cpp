#include "tests/sim/backfill_reference.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

namespace headroom::test {
namespace {

struct Planned {
  std::size_t job = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::uint64_t on = 0;  // a bit a machine
};

class Reference {
 public:
  Reference(const std::vector<PoolJob>& jobs, std::int64_t machines, Backfilling backfilling,
            Reserving reserving)
      : jobs_(jobs),
        machines_(machines),
        backfilling_(backfilling),
        reserving_(reserving),
        starts_(jobs.size(), -1) {}

  std::vector<std::int64_t> run() {
    std::size_t arrived = 0;
    while (arrived < jobs_.size() || !running_.empty()) {
      now_ = next_event(arrived);
      const auto over = std::erase_if(
          running_, [&](const Planned& p) { return p.begin + jobs_[p.job].lasts <= now_; });
      for (; arrived < jobs_.size() && jobs_[arrived].arrival == now_; ++arrived) {
        waiting_.push_back(arrived);
      }
      pass(over > 0);
    }
    return starts_;
  }

 private:
  std::int64_t next_event(std::size_t arrived) const {
    std::int64_t next = arrived < jobs_.size() ? jobs_[arrived].arrival : INT64_MAX;
    for (const Planned& p : running_) next = std::min(next, p.begin + jobs_[p.job].lasts);
    return next;
  }

  std::uint64_t free_at(std::int64_t time) const {
    std::uint64_t out = (std::uint64_t{1} << machines_) - 1;
    for (const auto* list : {&running_, &reserved_}) {
      for (const Planned& p : *list) {
        if (p.begin <= time && p.end > time) out &= ~p.on;
      }
    }
    return out;
  }

  // By number: how many are free is what counts, and which is made up.
  std::int64_t count_free_at(std::int64_t time) const {
    std::int64_t out = machines_;
    for (const auto* list : {&running_, &reserved_}) {
      for (const Planned& p : *list) {
        if (p.begin <= time && p.end > time) out -= jobs_[p.job].gpus;
      }
    }
    return out;
  }

  std::optional<Planned> slot_at(std::size_t job, std::int64_t begin) const {
    Planned out{job, begin, begin + jobs_[job].declared, 0};
    std::uint64_t common = ~std::uint64_t{0};
    for (std::int64_t t = begin; t < out.end; ++t) {
      if (reserving_ == Reserving::gpus && count_free_at(t) < jobs_[job].gpus) return std::nullopt;
      common &= free_at(t);
    }
    if (reserving_ == Reserving::gpus) return out;
    if (std::popcount(common) < jobs_[job].gpus) return std::nullopt;
    for (std::int64_t i = 0; std::popcount(out.on) < jobs_[job].gpus; ++i) {
      out.on |= common & (std::uint64_t{1} << i);
    }
    return out;
  }

  Planned earliest(std::size_t job) const {
    for (std::int64_t begin = now_;; ++begin) {
      if (const auto slot = slot_at(job, begin)) return *slot;
    }
  }

  bool start(std::size_t job, const Planned& slot) {
    if (slot.begin != now_) return false;
    running_.push_back(slot);
    starts_[job] = now_;
    std::erase(waiting_, job);
    return true;
  }

  // By number the head's reservation is a time and what is left over then: see easy.cpp.
  void pass_easy_by_count() {
    std::optional<std::int64_t> reserved;
    std::int64_t extra = 0;
    for (const std::size_t job : std::vector<std::size_t>(waiting_)) {
      const std::int64_t gpus = jobs_[job].gpus;
      std::int64_t free = count_free_at(now_);
      const Planned slot{job, now_, now_ + jobs_[job].declared, 0};
      const bool in_time = !reserved || slot.end <= *reserved;
      if (gpus <= free && (in_time || gpus <= extra)) {
        if (!in_time) extra -= gpus;
        start(job, slot);
      } else if (!reserved) {
        std::vector<Planned> by_end = running_;
        std::sort(by_end.begin(), by_end.end(), [](const Planned& a, const Planned& b) {
          return std::pair(a.end, a.job) < std::pair(b.end, b.job);
        });
        for (std::size_t i = 0; free < gpus; ++i) {
          free += jobs_[by_end[i].job].gpus;
          reserved = by_end[i].end;
        }
        extra = free - gpus;
      }
    }
  }

  void pass(bool something_ended) {
    if (backfilling_ == Backfilling::easy && reserving_ == Reserving::gpus) {
      return pass_easy_by_count();
    }
    if (backfilling_ == Backfilling::easy) reserved_.clear();
    bool head = true;
    for (const std::size_t job : std::vector<std::size_t>(waiting_)) {
      const auto mine = std::find_if(reserved_.begin(), reserved_.end(),
                                     [&](const Planned& p) { return p.job == job; });
      if (mine != reserved_.end()) {
        if (!something_ended) continue;
        reserved_.erase(mine);
      }
      const Planned slot = earliest(job);
      if (start(job, slot)) continue;
      if (backfilling_ == Backfilling::conservative || head) reserved_.push_back(slot);
      head = false;
    }
  }

  const std::vector<PoolJob>& jobs_;
  std::int64_t machines_;
  Backfilling backfilling_;
  Reserving reserving_;
  std::int64_t now_ = 0;
  std::vector<std::size_t> waiting_;
  std::vector<Planned> running_;   // ends as declared
  std::vector<Planned> reserved_;  // of what waits
  std::vector<std::int64_t> starts_;
};

}  // namespace

std::vector<std::int64_t> reference_starts(const std::vector<PoolJob>& jobs, std::int64_t machines,
                                           Backfilling backfilling, Reserving reserving) {
  return Reference(jobs, machines, backfilling, reserving).run();
}

}  // namespace headroom::test
