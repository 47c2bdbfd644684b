#include "traces/generator.hpp"

#include "tests/traces/helpers.hpp"
#include "traces/native_writer.hpp"

#include <cmath>
#include <limits>

namespace headroom {

using namespace test;

namespace {

Mix small_mix() {
  return require_value(parse_mix(R"(
    schema = "headroom.mix"
    version = 1
    name = "small"
    [[entry]]
    model = "qwen2.5-0.5b"
    band = "share"
    on = "A10"
    min_u = 0.2
    weight = 5
    [[entry]]
    model = "phi-4"
    band = "2"
    on = "A10"
    weight = 3
    [[entry]]
    model = "qwen2.5-72b"
    band = "8"
    on = "A10"
    weight = 2
  )",
                                 "small.toml"));
}

GeneratorConfig config_of(std::int64_t requests) {
  GeneratorConfig config;
  config.requests = requests;
  config.cluster_gpus = 100;
  return config;
}

std::vector<Request> generate(const GeneratorConfig& config) {
  auto source = require_value(make_generator(small_mix(), config));
  return collect(*source);
}

double gpus_of(const Request& request) {
  const LlmDeployment& llm = request.shape.llm();
  if (llm.shared) return static_cast<double>(llm.limits.utilisation_ppm) / 1e6;
  return llm.model->name == "phi-4" ? 2.0 : 8.0;
}

std::string lines(const GeneratorConfig& config) {
  std::string out;
  for (const Request& request : generate(config)) out += native_line(request) + "\n";
  return out;
}

/// The error for a configuration that `change` spoils.
template <class Change>
std::string error_of(Change change) {
  GeneratorConfig config = config_of(10);
  change(config);
  const auto source = make_generator(small_mix(), config);
  return source ? "" : source.error().text();
}

}  // namespace

TEST_CASE("the mean GPUs of a mix go by weight, with min_u for shares") {
  CHECK(mean_usual_gpus(small_mix()) == Approx(0.5 * 0.2 + 0.3 * 2 + 0.2 * 8));
}

TEST_CASE("generated requests ask for the load that was set") {
  const auto requests = generate(config_of(200'000));
  REQUIRE(requests.size() == 200'000);
  double gpu_seconds = 0.0;
  for (const Request& request : requests) {
    gpu_seconds += gpus_of(request) * to_seconds(request.lifetime);
  }
  CHECK(gpu_seconds / to_seconds(requests.back().arrival) == Approx(90.0).epsilon(0.05));
}

TEST_CASE("gaps between generated arrivals have the coefficient of variation that was set") {
  for (const double cv : {1.0, 4.0}) {
    GeneratorConfig config = config_of(200'000);
    config.arrival_cv = cv;
    double sum = 0.0;
    double squares = 0.0;
    SimTime last{};
    for (const Request& request : generate(config)) {
      const double gap = to_seconds(request.arrival - last);
      last = request.arrival;
      sum += gap;
      squares += gap * gap;
    }
    const double mean = sum / 200'000;
    CHECK(std::sqrt(squares / 200'000 - mean * mean) / mean == Approx(cv).epsilon(0.05));
  }
}

TEST_CASE("generated lifetimes are log-normal around their median") {
  GeneratorConfig config = config_of(100'000);
  config.lifetime_median = std::chrono::seconds(600);
  config.lifetime_sigma = 1.5;
  double sum = 0.0;
  double squares = 0.0;
  for (const Request& request : generate(config)) {
    const double log_ratio = std::log(to_seconds(request.lifetime) / 600.0);
    sum += log_ratio;
    squares += log_ratio * log_ratio;
  }
  CHECK(sum / 100'000 == Approx(0.0).margin(0.02));
  CHECK(std::sqrt(squares / 100'000) == Approx(1.5).epsilon(0.01));
}

TEST_CASE("without spread, gaps and lifetimes are all the same") {
  GeneratorConfig config = config_of(3);
  config.arrival_cv = 0.0;
  config.lifetime_sigma = 0.0;
  config.lifetime_median = std::chrono::seconds(900);
  config.load = 0.5;
  // 2.3 GPUs x 900 s / 50 GPUs = 41.4 s.
  const auto requests = generate(config);
  REQUIRE(requests.size() == 3);
  CHECK(to_seconds(requests[0].arrival) == Approx(41.4));
  CHECK(to_seconds(requests[2].arrival) == Approx(124.2));
  CHECK(requests[2].lifetime == std::chrono::seconds(900));
  CHECK(requests[2].name == "llm-3");
}

TEST_CASE("generated CPU and RAM go by the usual GPUs, and shares are shared deployments") {
  bool share = false;
  bool eight = false;
  for (const Request& request : generate(config_of(100))) {
    const LlmDeployment& llm = request.shape.llm();
    if (llm.model->name == "qwen2.5-0.5b") {
      share = true;
      CHECK(llm.shared);
      CHECK(llm.limits.utilisation_ppm == 200'000);
      CHECK(request.shape.cpu_milli == 1'600);
      CHECK(request.shape.ram == 32 * kGiB / 5);
    }
    if (llm.model->name == "qwen2.5-72b") {
      eight = true;
      CHECK_FALSE(llm.shared);
      CHECK(request.shape.cpu_milli == 64'000);
      CHECK(request.shape.ram == 256 * kGiB);
    }
  }
  CHECK(share);
  CHECK(eight);
}

TEST_CASE("the same seed generates the same bytes, another seed others") {
  GeneratorConfig config = config_of(200);
  const std::string first = lines(config);
  CHECK(first == lines(config));
  config.seed = 2;
  CHECK(first != lines(config));
}

TEST_CASE("a change of lifetimes leaves the models drawn as they are") {
  GeneratorConfig config = config_of(200);
  const auto before = generate(config);
  config.lifetime_sigma = 0.25;
  const auto after = generate(config);
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(before[i].shape.llm().model->name == after[i].shape.llm().model->name);
  }
}

TEST_CASE("bad settings of the generator are refused by name") {
  check_holds(error_of([](GeneratorConfig& c) { c.requests = 0; }), "requests is 0");
  check_holds(error_of([](GeneratorConfig& c) { c.cluster_gpus = 0; }), "cluster_gpus is 0");
  check_holds(error_of([](GeneratorConfig& c) { c.load = 0.0; }), "load is 0");
  check_holds(
      error_of([](GeneratorConfig& c) { c.load = std::numeric_limits<double>::quiet_NaN(); }),
      "load is nan");
  check_holds(error_of([](GeneratorConfig& c) { c.arrival_cv = -1.0; }), "arrival_cv is -1");
  check_holds(error_of([](GeneratorConfig& c) { c.lifetime_median = Duration(0); }),
              "lifetime_median (seconds) is 0");
  check_holds(error_of([](GeneratorConfig& c) { c.lifetime_sigma = 99.0; }),
              "lifetime_sigma is 99");
  check_holds(error_of([](GeneratorConfig& c) { c.ram_per_gpu = -1; }), "ram_per_gpu is -1");
  CHECK_FALSE(make_generator(Mix{}, config_of(1)).has_value());
}

TEST_CASE("a generator whose clock runs out says so and ends") {
  GeneratorConfig config = config_of(1'000'000);
  config.load = 0.001;
  config.cluster_gpus = 1;
  config.lifetime_median = std::chrono::hours(24 * 3'000);
  auto source = require_value(make_generator(small_mix(), config));
  check_holds(first_error(*source), "longest time");
  CHECK_FALSE(require_value(source->next()).has_value());
}

}  // namespace headroom
