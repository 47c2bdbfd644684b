#include "traces/generate/spec.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace headroom {
namespace {

constexpr std::size_t kItemsPerLine = 12;
constexpr auto kReplace = nlohmann::json::error_handler_t::replace;

/// The shortest decimal that reads back equal, as TOML takes it.
std::string number(double value) { return fmt::format("{}", value); }
std::string number(std::int64_t value) { return fmt::format("{}", value); }
std::string number(int value) { return fmt::format("{}", value); }

/// A JSON string is one of TOML too, but for DEL. Bytes that are not UTF-8 are replaced.
std::string toml_text(std::string_view text) {
  std::string out;
  for (const char c : nlohmann::json(text).dump(-1, ' ', false, kReplace)) {
    if (c == 0x7f) {
      out += "\\u007F";
    } else {
      out += c;
    }
  }
  return out;
}

template <class T>
std::string list(const char* key, const std::vector<T>& values) {
  std::string out = fmt::format("{} = [", key);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += i % kItemsPerLine == 0 ? ",\n  " : ", ";
    out += number(values[i]);
  }
  return out + "]\n";
}

std::string strata_line(std::int64_t strata) {
  return strata == 1 ? std::string() : fmt::format("strata = {}\n", strata);
}

std::string text_of(const LogNormalLifetime& spec) {
  return fmt::format("distribution = \"lognormal\"\nmedian_s = {}\nsigma = {}\n",
                     number(spec.median_s), number(spec.sigma));
}

std::string text_of(const WeibullLifetime& spec) {
  return fmt::format("distribution = \"weibull\"\nshape = {}\nscale_s = {}\n", number(spec.shape),
                     number(spec.scale_s));
}

std::string text_of(const EmpiricalLifetime& spec) {
  return "distribution = \"empirical\"\n" + list("probabilities", spec.probabilities) +
         list("quantiles_s", spec.quantiles_s);
}

std::string arrivals_text(const ArrivalSpec& spec) {
  static constexpr std::string_view names[] = {"poisson", "gamma", "mmpp"};
  std::string out = fmt::format("\n[arrivals]\nprocess = \"{}\"\nrate_per_h = {}\n",
                                names[static_cast<int>(spec.kind)], number(spec.rate_per_h));
  if (spec.kind == ArrivalKind::gamma) out += fmt::format("cv = {}\n", number(spec.cv));
  if (!spec.daily.empty()) out += list("daily", spec.daily);
  if (!spec.weekly.empty()) out += list("weekly", spec.weekly);
  if (!spec.trend.empty()) {
    out += fmt::format("trend_step_h = {}\n", spec.trend_step_h) + list("trend", spec.trend);
  }
  for (const ModulatedState& state : spec.states) {
    out += fmt::format("\n[[arrivals.state]]\nrate = {}\ndwell_s = {}\n", number(state.rate),
                       number(state.dwell_s));
  }
  const BatchSpec& batch = spec.batch;
  if (batch.share <= 0.0) return out;
  out += fmt::format("\n[arrivals.batch]\nshare = {}\n", number(batch.share));
  out += strata_line(batch.strata);
  if (batch.sizes.empty()) return out + fmt::format("mean = {}\n", number(batch.mean));
  return out + list("sizes", batch.sizes) + list("weights", batch.weights);
}

std::string class_text(const TaskClass& one) {
  std::vector<int> gpus;
  std::vector<int> milli;
  for (const TaskSize& size : one.sizes) {
    gpus.push_back(size.gpus);
    milli.push_back(size.milli);
  }
  std::string out = fmt::format("\n[[class]]\nweight = {}\n", number(one.weight));
  out += list("gpus", gpus);
  if (std::any_of(milli.begin(), milli.end(), [](int value) { return value != 1000; })) {
    out += list("gpu_milli", milli);
  }
  if (one.sizes.size() > 1) out += list("weights", one.size_weights);
  if (one.replicas != std::vector{1}) {
    out += list("replicas", one.replicas) + list("replica_weights", one.replica_weights);
  }
  if (one.cpu_milli > 0) out += fmt::format("cpu_milli = {}\n", one.cpu_milli);
  if (one.ram > 0) out += fmt::format("ram = {}\n", one.ram);
  if (!one.gpu_types.empty()) {
    out += "gpu_types = [";
    for (std::size_t i = 0; i < one.gpu_types.size(); ++i) {
      out += (i == 0 ? "" : ", ") + toml_text(one.gpu_types[i]);
    }
    out += "]\n";
  }
  out += strata_line(one.strata) + "[class.lifetime]\n";
  return out +
         std::visit([](const auto& distribution) { return text_of(distribution); }, one.lifetime);
}

}  // namespace

std::string generator_text(const GeneratorSpec& spec) {
  std::string out = fmt::format("schema = \"{}\"\nversion = 1\nname = {}\n", kGeneratorSchema,
                                toml_text(spec.name));
  if (!spec.description.empty()) out += "description = " + toml_text(spec.description) + "\n";
  if (spec.mix) out += "mix = " + toml_text(*spec.mix) + "\n";
  if (spec.requests) out += fmt::format("requests = {}\n", *spec.requests);
  if (spec.span) out += fmt::format("span_s = {}\n", seconds_text(*spec.span));
  out += strata_line(spec.strata);
  out += arrivals_text(spec.arrivals);
  for (const TaskClass& one : spec.classes) out += class_text(one);
  return out;
}

}  // namespace headroom
