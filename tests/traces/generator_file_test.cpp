// The generator file: what is read, what is refused, and that broken ones are errors.

#include "tests/traces/helpers.hpp"
#include "traces/generate/spec.hpp"
#include "traces/generate/task_generator.hpp"

#include <boost/random/uniform_int_distribution.hpp>

#include <cmath>

namespace headroom {

using namespace test;

namespace {

const std::string kWhole = R"(schema = "headroom.generator"
version = 1
name = "whole \"file\""
description = "all keys"
requests = 50
span_s = 86400.5
strata = 8
mix = "m.toml"
[arrivals]
process = "mmpp"
rate_per_h = 12.5
daily = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0.5]
weekly = [1, 1, 1, 1, 1, 0.25, 0]
trend_step_h = 48
trend = [1, 2.5, 0]
[[arrivals.state]]
rate = 1
dwell_s = 3600
[[arrivals.state]]
rate = 9
dwell_s = 600
[arrivals.batch]
share = 0.25
sizes = [2, 7]
weights = [3, 1]
strata = 4
[lifetime]
distribution = "weibull"
shape = 0.5
scale_s = 900
[[class]]
weight = 3
gpus = [1, 1]
gpu_milli = [250, 1000]
weights = [1, 2]
replicas = [1, 3]
replica_weights = [9, 1]
cpu_milli = 4000
ram = "16GiB"
gpu_types = ["L4", "A10", "L4"]
strata = 16
[[class]]
gpus = [8, 16]
[class.lifetime]
distribution = "empirical"
probabilities = [0, 0.5, 1]
quantiles_s = [0, 60, 3600]
[[class]]
gpus = [0]
[class.lifetime]
median_s = 5
sigma = 0
)";

const std::string kLeast = "[arrivals]\nrate_per_h = 60\n[[class]]\ngpus = [1]\n";

std::string error_of(const std::string& toml) {
  const auto spec = parse_generator(toml, "g.toml");
  return spec ? "" : spec.error().text();
}

std::string with_class(const std::string& lines) { return kLeast + lines; }
std::string with_arrivals(const std::string& lines) {
  return "[arrivals]\nrate_per_h = 60\n" + lines + "\n[[class]]\ngpus = [1]\n";
}

}  // namespace

TEST_CASE("a generator file is read whole, and what is written reads back the same") {
  const GeneratorSpec spec = require_value(parse_generator(kWhole, "g.toml"));
  CHECK(spec.name == "whole \"file\"");
  CHECK(spec.requests == 50);
  CHECK(spec.span == std::chrono::milliseconds(86'400'500));
  CHECK(spec.strata == 8);
  CHECK(spec.mix == "m.toml");
  CHECK(spec.arrivals.kind == ArrivalKind::mmpp);
  CHECK(spec.arrivals.states.size() == 2);
  CHECK(spec.arrivals.weekly.size() == 7);
  CHECK(spec.arrivals.trend_step_h == 48);
  CHECK(spec.arrivals.batch.sizes == std::vector<std::int64_t>{2, 7});
  CHECK(spec.arrivals.batch.tasks_per_moment() == Approx(1.0 + 0.25 * (13.0 / 4.0 - 1.0)));
  REQUIRE(spec.classes.size() == 3);
  CHECK(spec.classes[0].sizes == std::vector<TaskSize>{{1, 250}, {1, 1000}});
  CHECK(spec.classes[0].gpu_types == std::vector<std::string>{"A10", "L4"});
  CHECK(spec.classes[0].ram == 16 * kGiB);
  CHECK(std::get<WeibullLifetime>(spec.classes[0].lifetime).shape == 0.5);
  CHECK(std::get<EmpiricalLifetime>(spec.classes[1].lifetime).quantiles_s.size() == 3);
  CHECK(std::get<LogNormalLifetime>(spec.classes[2].lifetime).sigma == 0.0);

  const std::string text = generator_text(spec);
  const GeneratorSpec again = require_value(parse_generator(text, "again.toml"));
  CHECK(generator_text(again) == text);
  auto one = require_value(make_task_generator(spec, 3));
  auto two = require_value(make_task_generator(again, 3));
  const auto first = collect(*one);
  const auto second = collect(*two);
  REQUIRE(first.size() == second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(first[i].arrival == second[i].arrival);
    CHECK(first[i].lifetime == second[i].lifetime);
    CHECK(first[i].name == second[i].name);
    CHECK(first[i].gpus == second[i].gpus);
  }
}

TEST_CASE("bad generator files are refused with what is wrong and where") {
  check_holds(error_of("schema = \"headroom.mix\"\n"), "g.toml:1:10: 'schema' is 'headroom.mix'");
  check_holds(error_of("[arrivals]\nrate_per_h = 60\n"), "no [[class]]");
  check_holds(error_of("[[class]]\ngpus = [1]\n"), "'arrivals.rate_per_h' is missing");
  check_holds(error_of("[arrivals]\nrate_per_h = 0\n"), "g.toml:2:14: 'arrivals.rate_per_h' is 0");
  check_holds(error_of("[arrivals]\nrate_per_h = nan\n"), "'arrivals.rate_per_h' is nan");
  check_holds(error_of(with_arrivals("process = \"gama\"")), "did you mean 'gamma'?");
  check_holds(error_of(with_arrivals("process = \"gamma\"")), "'arrivals.cv' is missing");
  check_holds(error_of(with_arrivals("cv = 2")), "is for process = \"gamma\"");
  check_holds(error_of(with_arrivals("process = \"mmpp\"")), "needs [[arrivals.state]]");
  check_holds(error_of(with_arrivals("[[arrivals.state]]\nrate = 1\ndwell_s = 60")),
              "states are for process = \"mmpp\"");
  check_holds(
      error_of(with_arrivals("process = \"mmpp\"\n[[arrivals.state]]\nrate = 0\ndwell_s = 60")),
      "the rates of all states are 0");
  check_holds(
      error_of(with_arrivals("process = \"mmpp\"\n[[arrivals.state]]\nrate = 1\ndwell_s = 0.01")),
      "less than a thousandth of the mean gap");
  check_holds(error_of(with_arrivals("daily = [1, 2]")), "'daily' has 2 weights, but must have 24");
  check_holds(error_of(with_arrivals("weekly = [0, 0, 0, 0, 0, 0, 0]")), "are all 0");
  check_holds(error_of(with_arrivals("weekly = [1, 1, -1, 1, 1, 1, 1]")),
              "'arrivals.weekly' holds -1");
  check_holds(error_of(with_arrivals("trend = [0]")), "are all 0");
  check_holds(error_of(with_arrivals("[arrivals.batch]\nsizes = [1]")), "from 2 to");
  check_holds(error_of(with_arrivals("[arrivals.batch]\nsizes = [2]\nmean = 3")), "not both");
  check_holds(error_of(with_class("gpu_milli = [500]\nweight = 0\n")), "weights of all classes");
  check_holds(error_of("[arrivals]\nrate_per_h = 1\n[[class]]\ngpus = [2]\ngpu_milli = [500]\n"),
              "'gpu_milli' is 500, but its 'gpus' is 2");
  check_holds(error_of(with_class("gpu_milli = [500, 500]\n")), "2 'gpu_milli' for 1 'gpus'");
  check_holds(error_of(with_class("weights = [1, 1]\n")), "'weights' has 2 weights");
  check_holds(error_of(with_class("replicas = []\n")), "'replicas' is an empty list");
  check_holds(error_of(with_class("wieght = 1\n")), "did you mean 'weight'?");
  check_holds(
      error_of("[arrivals]\nrate_per_h = 1\n[[class]]\ngpus = [100]\nreplicas = [100000]\n"),
      "more than 1000000 GPUs in one group");
  const std::string empirical = "[class.lifetime]\ndistribution = \"empirical\"\n";
  check_holds(error_of(with_class(empirical)), "must ascend from 0 to 1");
  check_holds(
      error_of(with_class(empirical + "probabilities = [0, 0.5, 0.5, 1]\nquantiles_s = [1]\n")),
      "must ascend from 0 to 1");
  check_holds(error_of(with_class(empirical + "probabilities = [0, 1]\nquantiles_s = [1]\n")),
              "1 'quantiles_s' for 2");
  check_holds(error_of(with_class(empirical + "probabilities = [0, 1]\nquantiles_s = [2, 1]\n")),
              "must not descend");
}

TEST_CASE("a generator without an end is refused before it starts") {
  const GeneratorSpec spec = require_value(parse_generator(kLeast, "g.toml"));
  const auto tasks = make_task_generator(spec, 1);
  REQUIRE_FALSE(tasks.has_value());
  check_holds(tasks.error().text(), "does not say when to stop");
}

// Whatever stands in the file: an error or tasks, never a crash, and nothing that does not end.
TEST_CASE("mutated generator files are refused or generate") {
  RandomStream random = random_stream(7, "mutations");
  const auto any = [&](std::size_t most) {
    return boost::random::uniform_int_distribution<std::size_t>(0, most)(random);
  };
  static const std::vector<std::string> pieces = {
      "0",      "-1",  "1e300", "nan", "[",  "]",  "\"",  "inf", "9223372036854775807",
      "1e-9",   "[]",  "{",     "=",   "\n", "[[", "0.5", ",",   "true",
      "[1, 2]", "\xff"};
  int read = 0;
  for (int round = 0; round < 4'000; ++round) {
    std::string text = kWhole;
    for (std::size_t edits = 1 + any(2); edits > 0; --edits) {
      const std::size_t at = any(text.size() - 1);
      const std::size_t length = any(std::min<std::size_t>(6, text.size() - at - 1));
      text.replace(at, length, any(3) == 0 ? std::string() : pieces[any(pieces.size() - 1)]);
    }
    auto spec = parse_generator(text, "g.toml");
    if (!spec) {
      CHECK_FALSE(spec.error().message.empty());
      continue;
    }
    ++read;
    spec->requests = std::min<std::int64_t>(spec->requests.value_or(40), 40);
    auto tasks = require_value(make_task_generator(*spec, 1));
    SimTime last{};
    while (true) {
      const auto task = tasks->next();
      if (!task || !*task) break;
      CHECK((*task)->arrival >= last);
      CHECK((*task)->lifetime >= Duration(0));
      last = (*task)->arrival;
    }
    CHECK(std::isfinite(mean_gpus_asked(*spec)));
  }
  CHECK(read > 100);  // or the mutations leave nothing whole
}

}  // namespace headroom
