// The event queue under the hold model: pop the earliest event, push one later, with a fixed number
// pending (Jones, "An empirical comparison of priority-queue and event-set implementations", CACM
// 1986). And the same with a limit pushed and cancelled beside every event, as each request's
// waiting limit is.

#include "sim/core/event_queue.hpp"
#include "sim/core/random.hpp"

#include <benchmark/benchmark.h>
#include <boost/random/exponential_distribution.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace headroom {
namespace {

using Queue = EventQueue<std::uint64_t>;

// Drawn once, so that random numbers are not what is measured; a power of two of them.
const std::vector<Duration>& delays() {
  static const std::vector<Duration> all = [] {
    auto random = random_stream(1, "event-queue-bench");
    boost::random::exponential_distribution<double> seconds(1.0 / 3600.0);
    std::vector<Duration> out(std::size_t{1} << 16U);
    for (auto& delay : out) delay = Duration(std::llround(seconds(random) * 1e9) + 1);
    return out;
  }();
  return all;
}

Duration delay(std::uint64_t i) { return delays()[i & (delays().size() - 1)]; }

void hold(benchmark::State& state) {
  const auto pending = static_cast<std::uint64_t>(state.range(0));
  Queue queue;
  for (std::uint64_t i = 0; i < pending; ++i) queue.push(SimTime(delay(i)), 0, i);
  std::uint64_t i = 0;
  for (auto _ : state) {
    auto event = queue.pop();
    queue.push(event->key.time + delay(i++), 0, event->payload);
  }
  state.counters["holds/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(hold)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

// As many cancelled events lie in the heap as live ones, which is where this mix settles: limits
// stand one mean delay away and are cancelled soon after they were pushed.
void hold_and_cancel(benchmark::State& state) {
  constexpr std::size_t kUncancelled = 16;
  constexpr Duration kLimit = std::chrono::hours(1);
  const auto pending = static_cast<std::uint64_t>(state.range(0));
  Queue queue;
  for (std::uint64_t i = 0; i < pending; ++i) {
    queue.push(SimTime(delay(i)), 0, i);
    queue.cancel(queue.push(
        SimTime(kLimit * static_cast<std::int64_t>(i + 1) / static_cast<std::int64_t>(pending)), 1,
        i));
  }
  std::vector<Queue::Handle> limits(kUncancelled);
  for (auto& limit : limits) limit = queue.push(SimTime(kLimit), 1, 0);
  std::uint64_t i = 0;
  for (auto _ : state) {
    auto event = queue.pop();
    queue.push(event->key.time + delay(i), 0, event->payload);
    Queue::Handle& limit = limits[i % kUncancelled];
    queue.cancel(limit);
    limit = queue.push(event->key.time + kLimit, 1, 0);
    ++i;
  }
  state.counters["holds/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(hold_and_cancel)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

}  // namespace
}  // namespace headroom
