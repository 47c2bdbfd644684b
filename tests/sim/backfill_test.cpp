// Backfilling against a reference that looks up every second of every machine.

#include "policies/registry.hpp"
#include "sim/core/random.hpp"
#include "tests/fixtures.hpp"
#include "tests/sim/backfill_reference.hpp"

#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

using namespace headroom;
using namespace headroom::test;

namespace {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(random_stream(seed, "backfill")) {}
  std::int64_t from(std::int64_t low, std::int64_t high) {
    return boost::random::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

 private:
  RandomStream random_;
};

// Busy pools: about as much work as there is room for, or twice that.
std::vector<PoolJob> random_jobs(std::uint64_t seed, std::int64_t machines, bool exact) {
  Draw draw(seed);
  std::vector<PoolJob> jobs;
  std::int64_t now = 0;
  const std::int64_t gap = draw.from(2, 12);
  for (int i = 0; i < 40; ++i) {
    now += draw.from(0, 2) == 0 ? 0 : draw.from(0, gap);
    PoolJob job{now, draw.from(1, machines), draw.from(1, 30), 1};
    if (draw.from(0, 2) > 0) job.gpus = draw.from(1, 1 + machines / 4);
    job.lasts = exact || draw.from(0, 3) == 0 ? job.declared : draw.from(1, job.declared);
    jobs.push_back(job);
  }
  return jobs;
}

/// Stands between the simulation and a discipline, and sees to it that no reservation is ever put
/// off.
class Promises final : public QueueDiscipline {
 public:
  explicit Promises(QueueDiscipline& inner) : inner_(inner) {}

  [[nodiscard]] std::string_view name() const override { return inner_.name(); }
  [[nodiscard]] QueueNeeds needs() const override { return inner_.needs(); }
  [[nodiscard]] std::size_t size() const override { return inner_.size(); }
  void add(const QueueEntry& entry) override { inner_.add(entry); }
  void remove(RequestId request) override { inner_.remove(request); }
  void ended(RequestId request, SimTime now) override { inner_.ended(request, now); }
  void started(const RunningEntry& entry, SimTime now) override {
    keep(entry.request, now);
    promised_.erase(entry.request);
    inner_.started(entry, now);
  }
  void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) override {
    inner_.pass(state, attempt);
    for (const Booking& booking : inner_.memory(state.now).bookings) {
      if (booking.begin > state.now) keep(booking.request, booking.begin);
    }
  }

  int broken = 0;
  int kept = 0;

 private:
  void keep(RequestId request, SimTime begin) {
    const auto [found, is_new] = promised_.emplace(request, begin);
    if (is_new) return;
    ++(begin > found->second ? broken : kept);
    found->second = begin;
  }

  QueueDiscipline& inner_;
  std::map<RequestId, SimTime> promised_;
};

/// When each starts in a run on so many nodes of one GPU.
std::vector<std::int64_t> simulated_starts(const std::vector<PoolJob>& jobs, std::int64_t machines,
                                           QueueDiscipline& queue) {
  World world(cluster_of({{"L4", 1, static_cast<int>(machines)}}));
  std::vector<Request> requests;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    requests.push_back(opaque_request(fmt::format("j{}", i), static_cast<int>(jobs[i].gpus),
                                      jobs[i].arrival, jobs[i].lasts));
    requests.back().declared = std::chrono::seconds(jobs[i].declared);
  }
  const auto placer = make_policy(world, "first-fit");
  ListSource source(requests);
  Recorder recorder;
  SimulationOptions options;
  options.waiting_limit.reset();
  Simulation simulation({world.spec, world.plans, *placer, *placer, queue, source, {&recorder}},
                        options);
  REQUIRE(simulation.run().has_value());
  std::vector<std::int64_t> starts;
  for (const Request& request : requests) {
    const SimTime since = recorder.placements.at(request.name).front().since;
    starts.push_back(since.time_since_epoch() / std::chrono::seconds(1));
  }
  return starts;
}

std::vector<std::int64_t> simulated_starts(const std::vector<PoolJob>& jobs, std::int64_t machines,
                                           const std::string& discipline, bool reserve_machines) {
  const auto queue = require_value(make_queue_discipline(discipline, {reserve_machines}));
  return simulated_starts(jobs, machines, *queue);
}

std::string text_of(const std::vector<PoolJob>& jobs) {
  std::string out;
  for (const PoolJob& job : jobs) {
    out += fmt::format("{{{}, {}, {}, {}}}, ", job.arrival, job.gpus, job.declared, job.lasts);
  }
  return out;
}

}  // namespace

TEST_CASE("backfilling starts every job when a plain reference does") {
  int waited = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const auto machines = static_cast<std::int64_t>(3 + seed % 14);
    const auto jobs = random_jobs(seed, machines, seed % 3 == 0);
    for (const bool conservative : {false, true}) {
      for (const bool reserve_machines : {false, true}) {
        INFO("seed " << seed << (conservative ? ", conservative" : ", easy")
                     << (reserve_machines ? ", machines: " : ", gpus: ") << text_of(jobs));
        const auto wanted = reference_starts(
            jobs, machines, conservative ? Backfilling::conservative : Backfilling::easy,
            reserve_machines ? Reserving::machines : Reserving::gpus);
        CHECK(simulated_starts(jobs, machines, conservative ? "conservative" : "easy",
                               reserve_machines) == wanted);
        for (std::size_t i = 0; i < jobs.size(); ++i) waited += wanted[i] > jobs[i].arrival ? 1 : 0;
      }
    }
  }
  CHECK(waited > 5000);  // of 24,000
}

TEST_CASE("conservative backfilling never puts off what it reserved") {
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto machines = static_cast<std::int64_t>(3 + seed % 14);
    const auto jobs = random_jobs(seed, machines, false);
    for (const bool reserve_machines : {false, true}) {
      INFO("seed " << seed << (reserve_machines ? ", machines: " : ", gpus: ") << text_of(jobs));
      const auto inner = require_value(make_queue_discipline("conservative", {reserve_machines}));
      Promises promises(*inner);
      (void)simulated_starts(jobs, machines, promises);
      CHECK(promises.broken == 0);
      kept += promises.kept;
    }
  }
  CHECK(kept > 5000);
}

TEST_CASE("durations beyond the clock are declared and nothing overflows") {
  constexpr std::int64_t kCentury = 100LL * 365 * 24 * 3600;
  std::vector<PoolJob> jobs(12, PoolJob{0, 2, kCentury, 10});
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].arrival = static_cast<std::int64_t>(i);
  jobs.back().arrival = kCentury;
  for (const std::string discipline : {"sjf", "easy", "conservative"}) {
    INFO(discipline);
    const auto starts = simulated_starts(jobs, 3, discipline, false);
    CHECK(starts.front() == 0);
    CHECK(starts[10] == 100);
    CHECK(starts.back() == kCentury);
    if (discipline != "sjf") CHECK(simulated_starts(jobs, 3, discipline, true) == starts);
  }
}

TEST_CASE("the four ways to backfill differ where they should") {
  // Ten machines, of which six are taken until 100; then a head that needs eight.
  const std::vector<PoolJob> jobs = {
      {0, 6, 100, 100}, {1, 8, 50, 50}, {2, 4, 200, 200}, {3, 2, 300, 300}};
  // EASY: the third would delay the head, the fourth takes the two that are left over then.
  CHECK(simulated_starts(jobs, 10, "easy", false) == std::vector<std::int64_t>{0, 100, 150, 3});
  // Conservative: the third has been promised 150, when the two are free again beside it.
  CHECK(simulated_starts(jobs, 10, "conservative", false) ==
        std::vector<std::int64_t>{0, 100, 150, 3});
  // The fourth delays the third, which only conservative backfilling minds.
  const std::vector<PoolJob> promised = {
      {0, 6, 100, 100}, {1, 8, 50, 50}, {2, 9, 10, 10}, {3, 2, 300, 300}};
  CHECK(simulated_starts(promised, 10, "easy", false) == std::vector<std::int64_t>{0, 100, 303, 3});
  CHECK(simulated_starts(promised, 10, "conservative", false) ==
        std::vector<std::int64_t>{0, 100, 150, 160});
}
