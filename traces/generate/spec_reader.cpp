#include "traces/generate/limits.hpp"
#include "traces/generate/spec.hpp"
#include "traces/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace headroom {
namespace {

constexpr NumberRange kWeights{0.0, kMostWeight};
constexpr std::int64_t kMostReplicas = 100'000;

/// Weights as many as `count`, not all 0; `fallback` where the key is absent.
std::vector<double> weights_of(const ConfigTable& table, const char* key, std::size_t count,
                               std::vector<double> fallback) {
  if (!table.has(key)) return fallback;
  std::vector<double> weights = table.numbers_or(key, kWeights, {});
  if (!table.status()) return fallback;
  if (weights.size() != count) {
    table.reject(key,
                 fmt::format("'{}' has {} weights, but must have {}", key, weights.size(), count));
    return fallback;
  }
  if (std::accumulate(weights.begin(), weights.end(), 0.0) <= 0.0) {
    table.reject(key, fmt::format("the weights of '{}' are all 0", key),
                 "at least one must not be");
    return fallback;
  }
  return weights;
}

std::int64_t strata_of(const ConfigTable& table) {
  return table.integer_or("strata", {1, kMaxStrata}, 1);
}

BatchSpec read_batch(const ConfigTable& table) {
  BatchSpec batch;
  batch.share = table.number_or("share", {0.0, 1.0}, batch.share);
  batch.strata = strata_of(table);
  batch.sizes = table.integers_or("sizes", {2, kMostOfBatch}, {});
  batch.mean = table.number_or("mean", {2.0, 10'000.0}, batch.mean);
  if (table.has("sizes") && table.has("mean")) {
    table.reject("mean", "a batch has 'sizes' with 'weights', or a 'mean', not both");
  }
  batch.weights = weights_of(table, "weights", batch.sizes.size(),
                             std::vector<double>(batch.sizes.size(), 1.0));
  return batch;
}

void read_states(const ConfigTable& table, ArrivalSpec& arrivals) {
  double most = 0.0;
  for (const ConfigTable& entry : table.tables("state")) {
    ModulatedState state;
    state.rate = entry.number("rate", kWeights);
    state.dwell_s = entry.number("dwell_s", {1e-3, kMostLifetime});
    most = std::max(most, state.rate);
    if (state.dwell_s * arrivals.rate_per_h / 3600.0 < kLeastMomentsPerDwell) {
      entry.reject("dwell_s",
                   fmt::format("'dwell_s' is {}, less than a thousandth of the mean gap of {} s",
                               state.dwell_s, 3600.0 / arrivals.rate_per_h),
                   "states that change so fast are one state");
    }
    arrivals.states.push_back(state);
  }
  if (arrivals.kind != ArrivalKind::mmpp) {
    if (!arrivals.states.empty()) table.reject("state", "states are for process = \"mmpp\"");
  } else if (arrivals.states.empty()) {
    table.reject("process", "process = \"mmpp\" needs [[arrivals.state]] tables",
                 "each with a rate against the others' and a dwell_s");
  } else if (most <= 0.0) {
    table.reject("state", "the rates of all states are 0");
  }
}

ArrivalSpec read_arrivals(const ConfigTable& table) {
  static const std::array<std::string, 3> kinds = {"poisson", "gamma", "mmpp"};
  ArrivalSpec arrivals;
  const std::string kind = table.choice_or("process", kinds, kinds[0]);
  arrivals.kind = kind == kinds[1]   ? ArrivalKind::gamma
                  : kind == kinds[2] ? ArrivalKind::mmpp
                                     : ArrivalKind::poisson;
  arrivals.rate_per_h = table.number("rate_per_h", {kLeastRate, kMostRate});
  if (arrivals.kind == ArrivalKind::gamma) {
    arrivals.cv = table.number("cv", {0.01, 100.0});
  } else if (table.has("cv")) {
    table.reject("cv", "'cv' is for process = \"gamma\"",
                 "a Poisson process has 1, a modulated one what its states make it");
  }
  read_states(table, arrivals);
  arrivals.daily = weights_of(table, "daily", 24, {});
  arrivals.weekly = weights_of(table, "weekly", 7, {});
  const std::size_t steps = table.numbers_or("trend", kWeights, {}).size();
  arrivals.trend = weights_of(table, "trend", steps, {});
  arrivals.trend_step_h =
      table.integer_or("trend_step_h", {1, std::int64_t{24} * 3650}, arrivals.trend_step_h);
  arrivals.batch = read_batch(table.table("batch"));
  return arrivals;
}

EmpiricalLifetime read_quantiles(const ConfigTable& table) {
  EmpiricalLifetime out;
  out.probabilities = table.numbers_or("probabilities", {0.0, 1.0}, {});
  out.quantiles_s = table.numbers_or("quantiles_s", {0.0, to_seconds(kMaxInputTime)}, {});
  if (!table.status()) return out;
  const auto& p = out.probabilities;
  const auto& q = out.quantiles_s;
  if (p.size() < 2 || p.front() != 0.0 || p.back() != 1.0 ||
      std::adjacent_find(p.begin(), p.end(), std::greater_equal<>()) != p.end()) {
    table.reject("probabilities", "'probabilities' must ascend from 0 to 1",
                 "for example [0, 0.5, 0.9, 1]");
  } else if (q.size() != p.size()) {
    table.reject("quantiles_s", fmt::format("there are {} 'quantiles_s' for {} 'probabilities'",
                                            q.size(), p.size()));
  } else if (!std::is_sorted(q.begin(), q.end())) {
    table.reject("quantiles_s", "'quantiles_s' must not descend");
  }
  return out;
}

LifetimeSpec read_lifetime(const ConfigTable& table) {
  static const std::array<std::string, 3> kinds = {"lognormal", "weibull", "empirical"};
  LifetimeSpec spec;
  const std::string kind = table.choice_or("distribution", kinds, kinds[0]);
  const NumberRange times{kLeastLifetime, kMostLifetime};
  if (kind == kinds[2]) {
    spec = read_quantiles(table);
  } else if (kind == kinds[1]) {
    WeibullLifetime weibull;
    weibull.shape = table.number("shape", {0.1, 100.0});
    weibull.scale_s = table.number("scale_s", times);
    spec = weibull;
  } else {
    LogNormalLifetime normal;
    normal.median_s = table.number_or("median_s", times, normal.median_s);
    normal.sigma = table.number_or("sigma", {0.0, 4.0}, normal.sigma);
    spec = normal;
  }
  return spec;
}

void read_sizes(const ConfigTable& table, TaskClass& one) {
  const auto gpus = table.integers_or("gpus", {0, kMaxTaskGpus}, {1});
  const auto milli =
      table.integers_or("gpu_milli", {1, 1000}, std::vector<std::int64_t>(gpus.size(), 1000));
  if (!table.status()) return;
  if (gpus.empty()) table.reject("gpus", "'gpus' is an empty list", "[0] is a task without GPUs");
  if (milli.size() != gpus.size()) {
    table.reject("gpu_milli",
                 fmt::format("there are {} 'gpu_milli' for {} 'gpus'", milli.size(), gpus.size()));
    return;
  }
  one.sizes.clear();
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (gpus[i] != 1 && milli[i] != 1000) {
      table.reject("gpu_milli",
                   fmt::format("'gpu_milli' is {}, but its 'gpus' is {}", milli[i], gpus[i]),
                   "only a task of one GPU can ask for a share of it");
    }
    one.sizes.push_back({static_cast<int>(gpus[i]), static_cast<int>(milli[i])});
  }
  one.size_weights =
      weights_of(table, "weights", gpus.size(), std::vector<double>(gpus.size(), 1.0));
}

/// Mapped to deployments, a group has up to one request a GPU.
void check_group(const ConfigTable& table, const TaskClass& one) {
  if (!table.status()) return;
  const auto most = std::max_element(one.sizes.begin(), one.sizes.end())->gpus;
  const auto replicas = *std::max_element(one.replicas.begin(), one.replicas.end());
  if (std::int64_t{most} * replicas <= kMaxTaskGpus) return;
  table.reject("replicas", fmt::format("{} replicas of {} GPUs are more than {} GPUs in one group",
                                       replicas, most, kMaxTaskGpus));
}

TaskClass read_class(const ConfigTable& table, const LifetimeSpec& usual) {
  TaskClass one;
  one.weight = table.number_or("weight", kWeights, one.weight);
  read_sizes(table, one);
  const auto replicas = table.integers_or("replicas", {1, kMostReplicas}, {1});
  if (replicas.empty()) table.reject("replicas", "'replicas' is an empty list");
  one.replicas.assign(replicas.begin(), replicas.end());
  one.replica_weights = weights_of(table, "replica_weights", replicas.size(),
                                   std::vector<double>(replicas.size(), 1.0));
  check_group(table, one);
  one.cpu_milli = table.integer_or("cpu_milli", {0, kMaxCpuMilli}, 0);
  one.ram = table.bytes_or("ram", 0);
  if (one.ram > kMaxRam) {
    table.reject("ram", fmt::format("'ram' is {} bytes, but may be at most {}", one.ram, kMaxRam));
  }
  one.gpu_types = table.texts_or("gpu_types", {});
  std::sort(one.gpu_types.begin(), one.gpu_types.end());
  one.gpu_types.erase(std::unique(one.gpu_types.begin(), one.gpu_types.end()), one.gpu_types.end());
  one.lifetime = table.has("lifetime") ? read_lifetime(table.table("lifetime")) : usual;
  one.strata = strata_of(table);
  return one;
}

Result<GeneratorSpec> read_spec(const ConfigTable& table) {
  GeneratorSpec spec;
  if (const std::string schema = table.text_or("schema", kGeneratorSchema);
      schema != kGeneratorSchema) {
    table.reject("schema",
                 fmt::format("'schema' is '{}', but must be '{}'", schema, kGeneratorSchema));
  }
  (void)table.integer_or("version", {1, 1}, 1);
  spec.name = table.text_or("name", "generated");
  spec.description = table.text_or("description", "");
  if (table.has("requests")) spec.requests = table.integer("requests", {1, kMostGenerated});
  if (table.has("span_s")) spec.span = table.seconds_or("span_s", Duration(0));
  if (table.has("mix")) spec.mix = table.text("mix");
  spec.strata = strata_of(table);
  HEADROOM_CHECK(table.status());
  spec.arrivals = read_arrivals(table.table("arrivals"));
  const LifetimeSpec usual = read_lifetime(table.table("lifetime"));
  double weights = 0.0;
  for (const ConfigTable& entry : table.tables("class")) {
    spec.classes.push_back(read_class(entry, usual));
    weights += spec.classes.back().weight;
    HEADROOM_CHECK(table.status());
  }
  HEADROOM_CHECK(table.finish());
  if (spec.classes.empty()) {
    return fail("this generator has no [[class]]", table.place(), "[[class]] gpus = [1] is enough");
  }
  if (weights <= 0.0) return fail("the weights of all classes are 0", table.place("class"));
  return spec;
}

}  // namespace

Result<GeneratorSpec> read_generator(const std::filesystem::path& file) {
  HEADROOM_TRY(const auto table, ConfigTable::read(file));
  return read_spec(table);
}

Result<GeneratorSpec> parse_generator(std::string_view toml, const std::string& where) {
  HEADROOM_TRY(const auto table, ConfigTable::parse(toml, where));
  return read_spec(table);
}

}  // namespace headroom
