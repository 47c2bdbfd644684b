#include "sim/core/event_queue.hpp"

#include "sim/core/random.hpp"
#include "tests/catch.hpp"

#include <boost/random/uniform_int_distribution.hpp>

#include <map>
#include <string>
#include <tuple>
#include <vector>

using namespace headroom;

namespace {

SimTime at(std::int64_t ns) { return SimTime(Duration(ns)); }

std::vector<std::string> drain(EventQueue<std::string>& queue) {
  std::vector<std::string> out;
  while (auto event = queue.pop()) out.push_back(event->payload);
  return out;
}

}  // namespace

TEST_CASE("events come by time, then by class, then in the order of pushing") {
  EventQueue<std::string> queue;
  queue.push(at(20), 0, "late");
  queue.push(at(10), 2, "pass");
  queue.push(at(10), 1, "first arrival");
  queue.push(at(10), 1, "second arrival");
  queue.push(at(10), 0, "end");
  queue.push(at(-5), 9, "early");
  CHECK(queue.size() == 6);
  CHECK(queue.peek()->time == at(-5));
  CHECK(drain(queue) == std::vector<std::string>{"early", "end", "first arrival", "second arrival",
                                                 "pass", "late"});
  CHECK(queue.size() == 0);
  CHECK(queue.peek() == nullptr);
  CHECK(queue.now() == at(20));
}

TEST_CASE("an event may be pushed for the instant that is being handled") {
  EventQueue<std::string> queue;
  queue.push(at(10), 3, "limit");
  queue.push(at(10), 1, "arrival");
  CHECK(queue.pop()->payload == "arrival");
  queue.push(at(10), 0, "end");  // a lower class than the last one: it comes next all the same
  CHECK(drain(queue) == std::vector<std::string>{"end", "limit"});
}

TEST_CASE("a cancelled event does not come, wherever it stands") {
  EventQueue<std::string> queue;
  const auto first = queue.push(at(1), 0, "first");
  queue.push(at(2), 0, "second");
  const auto third = queue.push(at(3), 0, "third");
  queue.push(at(4), 0, "fourth");
  queue.cancel(third);
  CHECK(queue.size() == 3);
  queue.cancel(first);
  CHECK(queue.size() == 2);
  CHECK(queue.peek()->time == at(2));  // the top is never a cancelled one
  CHECK(drain(queue) == std::vector<std::string>{"second", "fourth"});
}

TEST_CASE("an empty queue after cancelling the last event pops nothing") {
  EventQueue<std::string> queue;
  queue.cancel(queue.push(at(1), 0, "only"));
  CHECK(queue.size() == 0);
  CHECK(queue.peek() == nullptr);
  CHECK_FALSE(queue.pop().has_value());
}

TEST_CASE("pushing into the past and cancelling twice are faults") {
  EventQueue<std::string> queue;
  queue.push(at(5), 0, "five");
  const auto seven = queue.push(at(7), 0, "seven");
  queue.push(at(6), 0, "six");
  CHECK(queue.pop()->payload == "five");
  CHECK_THROWS_AS(queue.push(at(4), 0, "four"), Fault);
  queue.cancel(seven);
  CHECK_THROWS_AS(queue.cancel(seven), Fault);
}

TEST_CASE("random pushes, pops and cancels agree with a sorted map") {
  RandomStream random = random_stream(7, "event queue test");
  const auto draw = [&](std::int64_t low, std::int64_t high) {
    return boost::random::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  using Key = std::tuple<SimTime, int, std::uint64_t>;
  for (int round = 0; round < 20; ++round) {
    EventQueue<std::uint64_t> queue;
    std::multimap<Key, std::uint64_t> model;  // payload = handle
    std::uint64_t pushed = 0;
    SimTime now = at(0);
    for (int step = 0; step < 1000; ++step) {
      const std::int64_t action = draw(0, 9);
      if (action < 5) {
        // Few distinct times and classes, so that ties are common.
        const SimTime time = now + Duration(draw(0, 5));
        const int event_class = static_cast<int>(draw(0, 3));
        const auto handle = queue.push(time, event_class, pushed);
        model.emplace(Key(time, event_class, handle), pushed++);
      } else if (action < 7 && !model.empty()) {
        auto victim = std::next(model.begin(), draw(0, std::ssize(model) - 1));
        queue.cancel(std::get<2>(victim->first));
        model.erase(victim);
      } else if (const auto event = queue.pop()) {
        REQUIRE_FALSE(model.empty());
        REQUIRE(event->payload == model.begin()->second);
        REQUIRE(event->key.time == std::get<0>(model.begin()->first));
        REQUIRE(event->key.event_class == std::get<1>(model.begin()->first));
        now = event->key.time;
        model.erase(model.begin());
      }
      REQUIRE(queue.size() == model.size());
      REQUIRE((queue.peek() == nullptr) == model.empty());
    }
  }
}

TEST_CASE("nothing is pushed before the instant at which the clock starts") {
  EventQueue<std::string> queue;
  queue.push(at(30), 0, "later");
  queue.start_at(at(20));
  CHECK(queue.now() == at(20));
  CHECK_THROWS_AS(queue.push(at(19), 0, "past"), Fault);
  queue.push(at(20), 0, "now");
  CHECK(drain(queue) == std::vector<std::string>{"now", "later"});
  CHECK_THROWS_AS(queue.start_at(at(29)), Fault);  // back from 30
}
