// Fits of recorded traces: what comes out of them has the trace's figures.

#include "study/trace_fit/arrival_fit.hpp"
#include "study/trace_fit/fit_trace.hpp"
#include "tests/traces/helpers.hpp"
#include "traces/generate/task_generator.hpp"
#include "traces/sorted_tasks.hpp"

#include <cmath>

namespace headroom {

using namespace test;

namespace {

TraceProfile profile_of_file(const std::filesystem::path& file) {
  const TaskFormat* format = require_value(find_task_format(require_value(guess_format(file))));
  const SortedTasks sorted = require_value(open_sorted_tasks(*format, file, {}, {}));
  return require_value(profile_of(*sorted.tasks));
}

void check_fit(const TraceProfile& real, const TraceFitOptions& options) {
  const GeneratorSpec fitted = require_value(fit_trace(real, options));
  // Through its text, as a user has it.
  const GeneratorSpec spec = require_value(parse_generator(generator_text(fitted), "fitted.toml"));
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (const FitFigure& figure :
         compare_profiles(real, require_value(generated_profile(spec, seed)))) {
      INFO("seed " << seed << ", " << figure.name << ": " << figure.real << " in the trace, "
                   << figure.generated << " generated");
      CHECK(figure.ok);
    }
  }
}

std::vector<TraceTask> some_tasks(int count) {
  std::vector<TraceTask> tasks;
  tasks.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    tasks.push_back(task("t", i * i % 977 + i * 300, 60 + i, 1 + i % 3));
  std::sort(tasks.begin(), tasks.end(),
            [](const TraceTask& a, const TraceTask& b) { return a.arrival < b.arrival; });
  return tasks;
}

}  // namespace

TEST_CASE("a profile has the figures of its trace") {
  auto rows = list_reader({task("a", 90'000, 10, 8), task("b", 90'000, 20, 1, 500),
                           task("c", 90'030, 0, 0), task("d", 90'090, 30, 5)});
  const TraceProfile profile = require_value(profile_of(*rows));
  CHECK(profile.tasks == 4);
  CHECK(profile.moments == 3);
  CHECK(profile.batches == std::map<std::int64_t, std::int64_t>{{1, 2}, {2, 1}});
  CHECK(profile.origin == SimTime(std::chrono::hours(24)));
  CHECK(profile.by_hour[1] == 3);
  CHECK(profile.by_day[0] == 3);
  // Gaps 0, 30, 60: mean 30, deviation sqrt(600).
  CHECK(profile.arrivals.variation().value() == Approx(std::sqrt(600.0) / 30.0));
  CHECK(profile.arrivals.zero_share() == Approx(1.0 / 3.0));
  CHECK(profile.gpu_hours() == Approx((80.0 + 10.0 + 150.0) / 3600.0));
  CHECK(profile.offered_gpus() == Approx(240.0 / 90.0));
  CHECK(profile.bands.size() == 3);
  CHECK(profile.count_of({5, 1000}) == 1);
  CHECK(size_band({5, 1000}) == 8);
  CHECK(size_band({8, 1000}) == 8);
  CHECK(size_band({1, 999}) == -1);
}

TEST_CASE("steps of time double when there are too many, and lose nothing") {
  StepCounts steps;
  for (int day = 0; day < 5'000; ++day) steps.add(std::chrono::hours(24 * day));
  CHECK(steps.step_h() == 48);
  const auto counts = steps.counts(96);
  double sum = 0.0;
  for (const double count : counts) sum += count;
  CHECK(sum == 5'000.0);
  CHECK(counts.front() == 4.0);
}

TEST_CASE("an interrupted Poisson process has the coefficient of variation it is made for") {
  ArrivalSpec spec;
  spec.kind = ArrivalKind::mmpp;
  spec.rate_per_h = 100.0;
  spec.states = interrupted_poisson(3.0, spec.rate_per_h);
  ArrivalProcess process(spec, 1);
  Arrivals gaps;
  std::int64_t count = 0;
  SimTime last{};
  for (; count < 200'000; ++count) {
    last = process.next(kMaxInputTime).value().at;
    gaps.add(last);
  }
  CHECK(gaps.variation().value() == Approx(3.0).epsilon(0.05));
  CHECK(to_seconds(last) / 36.0 == Approx(200'000).epsilon(0.05));
}

TEST_CASE("a fit says what it cannot fit") {
  auto few = list_reader(some_tasks(29));
  const auto spec = fit_trace(require_value(profile_of(*few)), {});
  REQUIRE_FALSE(spec.has_value());
  check_holds(spec.error().text(), "29 tasks");
  auto unknown = some_tasks(50);
  for (TraceTask& one : unknown) one.lifetime.reset();
  auto no_lifetimes = list_reader(unknown);
  const auto refused = fit_trace(require_value(profile_of(*no_lifetimes)), {});
  REQUIRE_FALSE(refused.has_value());
  check_holds(refused.error().text(), "says of none of its 50 tasks how long they ran");
  check_holds(refused.error().text(), "column lifetime_s of what 'headroom trace convert");
  unknown[3].lifetime = std::chrono::seconds(60);
  auto one_lifetime = list_reader(unknown);
  check_holds(fit_trace(require_value(profile_of(*one_lifetime)), {}).error().text(),
              "says of 1 of its 50 tasks");
  auto none = list_reader({});
  CHECK_FALSE(fit_trace(require_value(profile_of(*none)), {}).has_value());
}

TEST_CASE("the same trace fits to the same bytes, by every process and distribution") {
  for (const ArrivalKind process : {ArrivalKind::poisson, ArrivalKind::gamma, ArrivalKind::mmpp}) {
    for (const auto lifetimes :
         {TraceFitOptions::Lifetimes::empirical, TraceFitOptions::Lifetimes::lognormal,
          TraceFitOptions::Lifetimes::weibull}) {
      TraceFitOptions options;
      options.process = process;
      options.lifetimes = lifetimes;
      options.cycles_only = process == ArrivalKind::mmpp;
      const auto text = [&] {
        auto rows = list_reader(some_tasks(400));
        return generator_text(require_value(fit_trace(require_value(profile_of(*rows)), options)));
      };
      CHECK(text() == text());
      CHECK(parse_generator(text(), "again.toml").has_value());
    }
  }
}

TEST_CASE("a fit by a distribution has its median, and by quantiles that of the trace") {
  // Log-normal tasks with median 1,000 s and sigma 1, by Weibull and by log-normal.
  const GeneratorSpec made = require_value(parse_generator(
      "requests = 20000\n[arrivals]\nrate_per_h = 60\n[[class]]\ngpus = [1]\nstrata = 1000\n"
      "[class.lifetime]\nmedian_s = 1000\nsigma = 1\n",
      "g.toml"));
  auto tasks = require_value(make_task_generator(made, 1));
  const TraceProfile profile = require_value(profile_of(*tasks));
  TraceFitOptions options;
  options.process = ArrivalKind::poisson;
  options.lifetimes = TraceFitOptions::Lifetimes::lognormal;
  const auto normal =
      std::get<LogNormalLifetime>(require_value(fit_trace(profile, options)).classes[0].lifetime);
  CHECK(normal.median_s == Approx(1000).epsilon(0.01));
  CHECK(normal.sigma == Approx(1.0).epsilon(0.01));
  // ln of a Weibull: sigma = pi / (shape sqrt 6), mean = ln(scale) - 0.5772 / shape.
  options.lifetimes = TraceFitOptions::Lifetimes::weibull;
  const auto weibull =
      std::get<WeibullLifetime>(require_value(fit_trace(profile, options)).classes[0].lifetime);
  CHECK(weibull.shape == Approx(1.2825).epsilon(0.02));
  CHECK(weibull.scale_s == Approx(1000 * std::exp(0.5772 / 1.2825)).epsilon(0.02));
}

TEST_CASE("figures outside their tolerance are told") {
  auto one = list_reader(some_tasks(100));
  auto other = list_reader(some_tasks(150));
  const TraceProfile real = require_value(profile_of(*one));
  for (const FitFigure& figure : compare_profiles(real, real)) CHECK(figure.ok);
  const auto figures = compare_profiles(real, require_value(profile_of(*other)));
  CHECK(figures.front().name == "tasks");
  CHECK(figures.front().difference == Approx(0.5));
  CHECK_FALSE(figures.front().ok);
}

TEST_CASE("ITP 03's fit has its CV, demand and quantiles") {
  const auto file = shared_path("traces/itp2021/cluster03.csv");
  if (!file) return;
  const TraceProfile real = profile_of_file(*file);
  // As published: 3,011 jobs, 165,442 GPU-hours, 140 GPUs on average.
  CHECK(real.tasks == 3'011);
  CHECK(real.gpu_hours() == Approx(165'442).epsilon(0.0001));
  CHECK(real.offered_gpus() == Approx(139.7).epsilon(0.001));
  CHECK(real.arrivals.variation().value() == Approx(5.34).epsilon(0.001));
  check_fit(real, {});
}

TEST_CASE("openb's fit has its CV, demand and quantiles, uneven as its arrivals are") {
  const auto file = shared_path("traces/openb/openb_pod_list_default.csv.gz");
  if (!file) return;
  const TraceProfile real = profile_of_file(*file);
  CHECK(real.tasks == 8'152);
  CHECK(real.arrivals.variation().value() == Approx(21.04).epsilon(0.001));
  check_fit(real, {});
}

TEST_CASE("Philly's fit has its CV, demand and quantiles, though its file is not sorted") {
  const auto file = shared_path("traces/philly/philly.csv.gz");
  if (!file) return;
  const TraceProfile real = profile_of_file(*file);
  CHECK(real.tasks == 82'247);
  CHECK(real.gpu_hours() == Approx(978'078).epsilon(0.0001));
  check_fit(real, {});
}

TEST_CASE("Lingjun's fit has its CV, demand and quantiles") {
  const auto file = shared_path("traces/lingjun2023/crux.csv");
  if (!file) return;
  const TraceProfile real = profile_of_file(*file);
  CHECK(real.tasks == 2'498);
  CHECK(real.gpu_hours() == Approx(313'061).epsilon(0.0001));
  check_fit(real, {});
}

TEST_CASE("batches larger than a generator file may hold count as the largest it may") {
  auto rows = list_reader(some_tasks(400));
  TraceProfile profile = require_value(profile_of(*rows));
  profile.batches[1'100'000] = 1;
  profile.batches[1'200'000] = 2;
  profile.moments += 3;
  TraceFitOptions options;
  options.process = ArrivalKind::poisson;
  const GeneratorSpec spec = require_value(fit_trace(profile, options));
  CHECK(spec.arrivals.batch.sizes.back() == 1'000'000);
  CHECK(spec.arrivals.batch.weights.back() == 3.0);
  CHECK(parse_generator(generator_text(spec), "fitted.toml").has_value());
}

TEST_CASE("a fit that no generator file may hold is refused with the value") {
  std::vector<TraceTask> tasks;
  for (int i = 0; i < 200; ++i) {
    tasks.push_back(task("t", 0, 60, 1));
    tasks.back().arrival = SimTime(Duration(std::int64_t{i} * i * 7 + i * 500));
  }
  auto rows = list_reader(tasks);
  TraceFitOptions options;
  options.process = ArrivalKind::mmpp;
  const std::string error = require_error(fit_trace(require_value(profile_of(*rows)), options));
  check_holds(error, "no generator file can say what fits this trace: 'arrivals.");
  check_holds(error, "must be from");
  check_holds(error, "--process");
}

}  // namespace headroom
