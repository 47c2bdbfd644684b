// SJF and EASY, worked by hand: a pool of GPUs, entries of so many GPUs and seconds.

#include "sim/core/assert.hpp"
#include "sim/policy/queue_discipline.hpp"
#include "tests/support.hpp"

#include <map>
#include <vector>

using namespace headroom;

namespace {

SimTime at(std::int64_t second) { return SimTime(std::chrono::seconds(second)); }

/// A pool of ten GPUs under a discipline; requests are numbered from 1 in order of arrival.
class Pool {
 public:
  explicit Pool(std::string_view discipline)
      : queue_(test::require_value(make_queue_discipline(discipline))) {}

  void add(std::int64_t gpus, std::int64_t seconds) {
    const std::uint64_t number = jobs_.size() + 1;
    jobs_.push_back({gpus, std::chrono::seconds(seconds)});
    queue_->add({static_cast<RequestId>(number), static_cast<ShapeId>(gpus), SimTime{},
                 jobs_.back().lasts, gpus});
  }

  /// Who starts in a pass at that second, those that are over by then having ended.
  std::vector<std::uint64_t> pass(std::int64_t second) {
    bool freed = false;
    for (auto& [number, ends] : running_) {
      if (ends > at(second)) continue;
      queue_->ended(static_cast<RequestId>(number), at(second));
      idle_ += jobs_[number - 1].gpus;
      freed = true;
    }
    std::erase_if(running_, [&](const auto& each) { return each.second <= at(second); });
    std::vector<std::uint64_t> started;
    queue_->pass({at(second), freed, idle_}, [&](RequestId request) {
      const std::uint64_t number = index(request);
      const Job& job = jobs_[number - 1];
      if (job.gpus > idle_) return TryResult::waiting;
      idle_ -= job.gpus;
      running_[number] = at(second) + job.lasts;
      queue_->remove(request);
      queue_->started({request, job.gpus, running_[number]}, at(second));
      started.push_back(number);
      return TryResult::gone;
    });
    return started;
  }

  [[nodiscard]] std::size_t waiting() const { return queue_->size(); }
  QueueDiscipline& queue() { return *queue_; }

 private:
  struct Job {
    std::int64_t gpus;
    Duration lasts;
  };

  std::unique_ptr<QueueDiscipline> queue_;
  std::vector<Job> jobs_;
  std::map<std::uint64_t, SimTime> running_;
  std::int64_t idle_ = 10;
};

using Started = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("sjf starts the shortest first, of equal ones the oldest") {
  Pool pool("sjf");
  pool.add(4, 30);
  pool.add(4, 10);
  pool.add(2, 10);
  CHECK(pool.pass(0) == Started{2, 3, 1});
}

TEST_CASE("sjf lets nobody pass its head, and a shorter one becomes the head") {
  Pool pool("sjf");
  pool.add(8, 100);
  CHECK(pool.pass(0) == Started{1});
  pool.add(4, 10);
  pool.add(2, 20);
  CHECK(pool.pass(1).empty());  // the head needs four, two are idle
  pool.add(2, 5);
  CHECK(pool.pass(2) == Started{4});
  CHECK(pool.pass(7).empty());
  CHECK(pool.pass(100) == Started{2, 3});
  CHECK(pool.waiting() == 0);
}

TEST_CASE("easy: what ends before the head's reservation passes it") {
  Pool pool("easy");
  pool.add(6, 100);
  CHECK(pool.pass(0) == Started{1});
  pool.add(8, 50);   // the head: reserved at 100, when ten are idle, extra 2
  pool.add(4, 101);  // ends at 101, and takes more than extra
  pool.add(4, 100);  // ends at 100
  CHECK(pool.pass(0) == Started{4});
  CHECK(pool.pass(100) == Started{2});
  CHECK(pool.pass(150) == Started{3});
}

TEST_CASE("easy: what takes no more than is left over passes it, and leaves less over") {
  Pool pool("easy");
  pool.add(6, 100);
  CHECK(pool.pass(0) == Started{1});
  pool.add(7, 50);   // the head: reserved at 100, extra 3
  pool.add(2, 999);  // extra 1
  pool.add(2, 999);  // more than that
  pool.add(1, 999);
  CHECK(pool.pass(0) == Started{3, 5});
  CHECK(pool.pass(100) == Started{2});  // in time
}

TEST_CASE("easy walks what runs by its end") {
  Pool pool("easy");
  pool.add(3, 50);
  pool.add(3, 40);
  pool.add(3, 60);
  CHECK(pool.pass(0) == Started{1, 2, 3});
  pool.add(6, 10);  // one idle, four at 40, seven at 50: reserved then, extra 1
  pool.add(1, 51);
  CHECK(pool.pass(0) == Started{5});
  CHECK(pool.pass(40).empty());
  CHECK(pool.pass(50) == Started{4});
}

TEST_CASE("easy: nobody delays a head that needs more than there is") {
  Pool pool("easy");
  pool.add(11, 10);
  pool.add(4, 1000);
  CHECK(pool.pass(0) == Started{2});
}

TEST_CASE("disciplines say what they go by") {
  const std::map<std::string, QueueNeeds> needs = {
      {"sjf", {.declared = true}},
      {"easy", {.declared = true, .gpus = true, .running = true}},
      {"conservative", {.declared = true, .gpus = true, .running = true}},
      {"largest-first", {.gpus = true}},
      {"las", {.running = true}}};
  for (const std::string& name : queue_discipline_names()) {
    const auto queue = test::require_value(make_queue_discipline(name));
    CHECK(queue->name() == name);
    const auto found = needs.find(name);
    CHECK(queue->needs() == (found == needs.end() ? QueueNeeds{} : found->second));
  }
}
