// What generated traces are like: gaps, cycles, batches, lifetimes, groups, demand.

#include "traces/generate/task_generator.hpp"

#include "tests/traces/helpers.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace headroom {

using namespace test;

namespace {

GeneratorSpec spec_of(const std::string& toml) {
  return require_value(parse_generator(toml, "g.toml"));
}

std::vector<TraceTask> generate(const std::string& toml, std::uint64_t seed = 1) {
  auto tasks = require_value(make_task_generator(spec_of(toml), seed));
  return collect(*tasks);
}

double cv_of_gaps(const std::vector<TraceTask>& tasks) {
  double sum = 0.0;
  double squares = 0.0;
  for (std::size_t i = 1; i < tasks.size(); ++i) {
    const double gap = to_seconds(tasks[i].arrival - tasks[i - 1].arrival);
    sum += gap;
    squares += gap * gap;
  }
  const auto n = static_cast<double>(tasks.size() - 1);
  return std::sqrt(squares / n - sum / n * (sum / n)) / (sum / n);
}

double quantile(std::vector<TraceTask> tasks, double q) {
  std::sort(tasks.begin(), tasks.end(),
            [](const TraceTask& a, const TraceTask& b) { return a.lifetime < b.lifetime; });
  return to_seconds(
      *tasks[static_cast<std::size_t>(q * static_cast<double>(tasks.size()))].lifetime);
}

double mean_lifetime_of(const std::vector<TraceTask>& tasks) {
  double sum = 0.0;
  for (const TraceTask& task : tasks) sum += to_seconds(*task.lifetime);
  return sum / static_cast<double>(tasks.size());
}

const std::string kClass = "[[class]]\ngpus = [1]\n";

std::string arrivals(const std::string& lines, int requests = 100'000) {
  return "requests = " + std::to_string(requests) + "\n[arrivals]\nrate_per_h = 60\n" + lines +
         "\n";
}

}  // namespace

TEST_CASE("gaps of each process have the spread that was set, and the mean") {
  const auto of = [](const std::string& lines) { return generate(arrivals(lines) + kClass); };
  const auto poisson = of("");
  CHECK(cv_of_gaps(poisson) == Approx(1.0).epsilon(0.02));
  CHECK(to_seconds(poisson.back().arrival) == Approx(6e6).epsilon(0.02));
  const auto gamma = of("process = \"gamma\"\ncv = 3");
  CHECK(cv_of_gaps(gamma) == Approx(3.0).epsilon(0.05));
  CHECK(to_seconds(gamma.back().arrival) == Approx(6e6).epsilon(0.05));
  // An interrupted Poisson process: hyperexponential gaps, of which the CV is known. On for 600 s
  // on average, off for 5400 s, so 10 a minute while on: P(off before the next) = 1 / 101.
  const auto mmpp =
      of("process = \"mmpp\"\n[[arrivals.state]]\nrate = 1\ndwell_s = 600\n"
         "[[arrivals.state]]\nrate = 0\ndwell_s = 5400");
  const double on = 10.0 / 60.0;
  const double stop = 1.0 / 600.0;
  const double start = 1.0 / 5400.0;
  // E[X] = 1/on x (1 + stop/start); E[X^2] from the first-step equations of the two states.
  const double mean = (1.0 + stop / start) / on;
  const double off_mean = 1.0 / start + mean;
  const double off_square_add = 2.0 / start * off_mean;
  const double square =
      (2.0 * mean / (on + stop) + stop / (on + stop) * off_square_add) * ((on + stop) / on);
  const double cv = std::sqrt(square / (mean * mean) - 1.0);
  CHECK(mean == Approx(60.0));
  CHECK(cv_of_gaps(mmpp) == Approx(cv).epsilon(0.05));
  // About a thousand bursts: their number scatters by some percent.
  CHECK(to_seconds(mmpp.back().arrival) == Approx(6e6).epsilon(0.1));
}

TEST_CASE("arrivals follow the hours of the day, the days of the week and the trend") {
  const auto tasks = generate(
      arrivals("daily = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3]\n"
               "weekly = [2, 2, 2, 2, 2, 1, 0]\ntrend_step_h = 336\ntrend = [1, 4]") +
      kClass);
  std::map<std::int64_t, double> by_hour;
  std::map<std::int64_t, double> by_day;
  std::map<std::int64_t, double> by_step;
  for (const TraceTask& task : tasks) {
    const auto hour = task.arrival.time_since_epoch() / std::chrono::hours(1);
    if (hour >= 8 * 168) continue;  // whole weeks and whole turns of the trend alone
    ++by_hour[hour % 24];
    ++by_day[hour / 24 % 7];
    ++by_step[hour / 336 % 2];
  }
  CHECK(by_hour.begin()->first == 12);
  CHECK(by_hour[20] / by_hour[14] == Approx(3.0).epsilon(0.05));
  CHECK(by_day.rbegin()->first == 5);
  CHECK(by_day[0] / by_day[5] == Approx(2.0).epsilon(0.1));
  CHECK(by_step[1] / by_step[0] == Approx(4.0).epsilon(0.2));
  // The mean rate is that of the file: 100,000 tasks at 60 an hour.
  CHECK(to_seconds(tasks.back().arrival) == Approx(6e6).epsilon(0.1));
}

TEST_CASE("batches are tasks of one moment, by listed sizes or geometric") {
  const auto sizes_of = [](const std::vector<TraceTask>& tasks) {
    std::map<SimTime, std::int64_t> at;
    for (const TraceTask& task : tasks) ++at[task.arrival];
    std::map<std::int64_t, double> out;
    for (const auto& [when, count] : at) out[count] += 1.0 / static_cast<double>(at.size());
    return out;
  };
  auto listed = sizes_of(generate(
      arrivals("[arrivals.batch]\nshare = 0.2\nsizes = [3, 9]\nweights = [3, 1]") + kClass));
  CHECK(listed[1] == Approx(0.8).epsilon(0.02));
  CHECK(listed[3] == Approx(0.15).epsilon(0.05));
  CHECK(listed[9] == Approx(0.05).epsilon(0.05));
  auto geometric = sizes_of(generate(arrivals("[arrivals.batch]\nshare = 0.5\nmean = 4") + kClass));
  // From 2 on, the mean is 4, so one third of the batches end at each size.
  CHECK(geometric[1] == Approx(0.5).epsilon(0.02));
  CHECK(geometric[2] == Approx(0.5 / 3).epsilon(0.05));
  CHECK(geometric[3] == Approx(0.5 / 3 * 2 / 3).epsilon(0.05));
}

TEST_CASE("moments are never the same nanosecond, however uneven the gaps") {
  const auto tasks = generate(arrivals("process = \"gamma\"\ncv = 20", 20'000) + kClass);
  std::set<SimTime> times;
  for (const TraceTask& task : tasks) times.insert(task.arrival);
  CHECK(times.size() == tasks.size());
}

TEST_CASE("lifetimes follow each distribution, its quantiles and its exact mean") {
  const auto of = [](const std::string& lifetime) {
    return arrivals("") + kClass + "strata = 1000\n[class.lifetime]\n" + lifetime;
  };
  const std::string normal = "distribution = \"lognormal\"\nmedian_s = 600\nsigma = 1.5\n";
  CHECK(quantile(generate(of(normal)), 0.5) == Approx(600).epsilon(0.02));
  CHECK(quantile(generate(of(normal)), 0.8413) == Approx(600 * std::exp(1.5)).epsilon(0.02));
  const std::string weibull = "distribution = \"weibull\"\nshape = 0.5\nscale_s = 1000\n";
  CHECK(quantile(generate(of(weibull)), 1.0 - std::exp(-1.0)) == Approx(1000).epsilon(0.02));
  CHECK(mean_lifetime(spec_of(of(weibull)).classes[0].lifetime) == Approx(2000));
  const std::string empirical =
      "distribution = \"empirical\"\nprobabilities = [0, 0.2, 0.5, 0.9, 1]\n"
      "quantiles_s = [0, 10, 10, 1000, 1000]\n";
  const auto tasks = generate(of(empirical));
  CHECK(quantile(tasks, 0.1) == Approx(5).epsilon(0.02));
  CHECK(quantile(tasks, 0.4) == Approx(10));
  CHECK(quantile(tasks, 0.7) == Approx(100).epsilon(0.02));
  CHECK(quantile(tasks, 0.95) == Approx(1000));
  for (const std::string& lifetime : {normal, weibull, empirical}) {
    CHECK(mean_lifetime_of(generate(of(lifetime))) ==
          Approx(mean_lifetime(spec_of(of(lifetime)).classes[0].lifetime)).epsilon(0.02));
  }
}

TEST_CASE("stratified draws hit every part once a block and are no less uniform") {
  Stratified draws(random_stream(1, "x"), 50);
  for (int block = 0; block < 4; ++block) {
    std::set<int> parts;
    for (int i = 0; i < 50; ++i) {
      const double u = draws.next();
      CHECK((u > 0.0 && u < 1.0));
      parts.insert(static_cast<int>(u * 50));
    }
    CHECK(parts.size() == 50);
  }
  CHECK(pick(summed({1, 0, 3}), 0.2) == 0);
  CHECK(pick(summed({1, 0, 3}), 0.25) == 2);
  CHECK(pick(summed({1, 3, 0}), 1.0 - 0x1p-53) == 1);
}

TEST_CASE("replicas are equal tasks of one group that is never cut") {
  const std::string toml =
      "requests = 50\n[arrivals]\nrate_per_h = 60\n[[class]]\ngpus = [2]\nreplicas = [3]\n";
  const auto tasks = generate(toml);
  REQUIRE(tasks.size() == 48);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const TraceTask& first = tasks[i - i % 3];
    CHECK(tasks[i].group == "task-" + std::to_string(i / 3 + 1));
    CHECK(tasks[i].group_size == 3);
    CHECK(tasks[i].name == tasks[i].group + "/" + std::to_string(i % 3 + 1));
    CHECK(tasks[i].arrival == first.arrival);
    CHECK(tasks[i].lifetime == first.lifetime);
  }
}

TEST_CASE("nothing follows the end of a generated trace") {
  const auto tasks = require_value(make_task_generator(
      spec_of(
          "requests = 50\n[arrivals]\nrate_per_h = 60\n[[class]]\ngpus = [2]\nreplicas = [3]\n"),
      1));
  CHECK(collect(*tasks).size() == 48);  // the last group would pass 50
  for (int i = 0; i < 5; ++i) CHECK_FALSE(require_value(tasks->next()).has_value());
}

TEST_CASE("the demand that is worked out is the one that is generated, and follows the load") {
  const std::string toml = arrivals("[arrivals.batch]\nshare = 0.5\nmean = 3") +
                           "[[class]]\nweight = 3\ngpus = [1, 8]\nweights = [3, 1]\nstrata = 500\n"
                           "[class.lifetime]\nmedian_s = 600\nsigma = 1\n"
                           "[[class]]\ngpus = [1]\ngpu_milli = [250]\nreplicas = [2]\n"
                           "[class.lifetime]\nmedian_s = 900\nsigma = 0\n";
  const auto asked = [](const GeneratorSpec& spec) {
    auto source = require_value(make_task_generator(spec, 1));
    double sum = 0.0;
    const auto tasks = collect(*source);
    for (const TraceTask& task : tasks) {
      sum += task.gpus * task.milli / 1000.0 * to_seconds(*task.lifetime);
    }
    return sum / to_seconds(tasks.back().arrival);
  };
  GeneratorSpec spec = spec_of(toml);
  CHECK(asked(spec) == Approx(mean_gpus_asked(spec)).epsilon(0.03));
  spec = require_value(at_load(spec, 0.5, 400));
  CHECK(mean_gpus_asked(spec) == Approx(200.0));
  CHECK(asked(spec) == Approx(200.0).epsilon(0.03));
  // CPU tasks alone have no load to set.
  CHECK_FALSE(at_load(spec_of(arrivals("") + "[[class]]\ngpus = [0]\n"), 0.5, 400).has_value());
}

TEST_CASE("one seed gives one trace, and a change of lifetimes moves no arrival") {
  const std::string toml = arrivals("process = \"gamma\"\ncv = 4", 500) + kClass;
  const auto one = generate(toml);
  const auto same = generate(toml);
  const auto other = generate(toml, 2);
  const auto longer = generate(toml + "[class.lifetime]\nmedian_s = 9\n");
  REQUIRE(one.size() == 500);
  bool differs = false;
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK(one[i].arrival == same[i].arrival);
    CHECK(one[i].lifetime == same[i].lifetime);
    CHECK(one[i].arrival == longer[i].arrival);
    differs = differs || one[i].arrival != other[i].arrival;
  }
  CHECK(differs);
}

TEST_CASE("a generator whose clock runs out says so") {
  auto tasks = require_value(
      make_task_generator(spec_of("requests = 10\n[arrivals]\nrate_per_h = 1e-6\n" + kClass), 1));
  check_holds(first_error(*tasks), "longest time");
}

}  // namespace headroom
