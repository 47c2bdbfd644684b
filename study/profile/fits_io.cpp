#include "study/profile/fits_io.hpp"

#include "study/profile/fit_words.hpp"
#include "study/profile/profile.hpp"
#include "study/profile/shape_use.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace headroom::profile {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDigitKnots = 4;  // that a hexadecimal digit tells of
constexpr const char* kDigits = "0123456789abcdef";
constexpr double kMostReal = 1e18;
// Of one coefficient at least: with less a time is 0 for every purpose.
constexpr double kLeastCoefficient = 1e-6;

bool is_collective(headroom::Kernel kernel) { return kernel >= headroom::Kernel::all_reduce; }

std::string measured_text(const std::vector<bool>& measured) {
  std::string out;
  for (std::size_t i = 0; i < measured.size(); i += kDigitKnots) {
    unsigned digit = 0;
    for (std::size_t j = i; j < i + kDigitKnots; ++j) {
      digit = 2 * digit + (j < measured.size() && measured[j] ? 1U : 0U);
    }
    out += kDigits[digit];
  }
  return out;
}

std::vector<bool> read_measured(const JsonFields& f, std::size_t knots) {
  const std::string text = f.text("measured");
  const std::size_t digits = (knots + kDigitKnots - 1) / kDigitKnots;
  std::vector<bool> out(digits * kDigitKnots);
  bool good = text.size() == digits;
  for (std::size_t i = 0; good && i < digits; ++i) {
    const std::size_t digit = std::string(kDigits).find(text[i]);
    good = digit != std::string::npos;
    for (std::size_t j = 0; good && j < kDigitKnots; ++j) {
      out[i * kDigitKnots + j] = (digit >> (kDigitKnots - 1 - j) & 1U) != 0;
    }
  }
  for (std::size_t i = knots; good && i < out.size(); ++i) good = !out[i];
  if (!good) f.reject("measured", fmt::format("{} hexadecimal digits of {} knots", digits, knots));
  out.resize(knots);
  return out;
}

void read_links(const JsonFields& f, FitKey& to) {
  for (const char* key : {"topology", "gpus_per_node"}) {
    if (!f.known(key) || is_collective(to.kernel)) continue;
    f.reject(key, "null, as the kernel runs on one GPU");
    return;
  }
  if (f.known("topology")) to.topology = static_cast<Topology>(f.choice("topology", kTopologies));
  if (f.known("gpus_per_node")) to.gpus_per_node = f.number("gpus_per_node", 1, kMost);
}

FitKey read_key(const JsonFields& f) {
  FitKey out;
  out.kernel = static_cast<headroom::Kernel>(f.choice("kernel", kKernels));
  out.type = static_cast<ElementType>(f.choice("type", kTypes));
  // Key by key: what does not apply to the kernel is null.
  if (reads_cache(out.kernel)) {
    out.kv_type = static_cast<ElementType>(f.choice("kv_type", kTypes));
  } else if (f.known("kv_type")) {
    f.reject("kv_type", "null, as the kernel reads no KV cache");
  }
  if (has_heads(out.kernel)) {
    out.head_dim = f.number("head_dim", 1, kMost);
  } else if (f.known("head_dim")) {
    f.reject("head_dim", "null, as the kernel has no heads of several sizes");
  }
  read_links(f, out);
  return out;
}

Json form_json(const TimeForm& form) {
  return {{"launch_us", form.launch_us}, {"flops", form.flops},           {"bytes", form.bytes},
          {"exps", form.exps},           {"wire_bytes", form.wire_bytes}, {"hop_us", form.hop_us}};
}

/// Whether each load of the kernel has work that this coefficient is of.
bool is_work(std::string_view coefficient, headroom::Kernel kernel) {
  if (coefficient == "launch_us") return true;
  if (coefficient == "wire_bytes" || coefficient == "hop_us") return is_collective(kernel);
  if (coefficient == "exps") return reads_cache(kernel);
  return !is_collective(kernel);
}

TimeForm read_form(const JsonFields& fit, headroom::Kernel kernel) {
  const JsonFields f = fit.object("form");
  std::vector<std::string> work;
  double largest = 0.0;
  const auto coefficient = [&](const char* key) {
    const double value = f.real(key, 0.0, kMostCoefficient);
    if (is_work(key, kernel)) {
      work.emplace_back(key);
      largest = std::max(largest, value);
    }
    return value;
  };
  const TimeForm out = {coefficient("launch_us"), coefficient("flops"),      coefficient("bytes"),
                        coefficient("exps"),      coefficient("wire_bytes"), coefficient("hop_us")};
  if (largest < kLeastCoefficient) {
    fit.reject("form",
               fmt::format("coefficients with {:g} or more for one of {}: {} has no other "
                           "work",
                           kLeastCoefficient, fmt::join(work, ", "), name_of(kKernels, kernel)));
  }
  return out;
}

Json axes_json(const LogGrid& grid) {
  Json out = Json::array();
  for (const LogGrid::Axis& axis : grid.axes()) {
    out.push_back({{"name", axis.name}, {"knots", axis.knots}});
  }
  return out;
}

LogGrid read_grid(const JsonFields& f, headroom::Kernel kernel) {
  std::vector<LogGrid::Axis> axes;
  std::vector<std::string> names;
  for (const JsonFields& axis : f.objects("axes")) {
    names.push_back(axis.text("name"));
    axes.push_back({names.back(), axis.reals("knots", 0.0, kMostReal)});
  }
  const std::span<const std::string> wanted = axis_names(kernel);
  if (!std::equal(names.begin(), names.end(), wanted.begin(), wanted.end())) {
    f.reject("axes",
             fmt::format("those of {}: {}", name_of(kKernels, kernel), fmt::join(wanted, ", ")));
    return {};
  }
  Result<LogGrid> grid = LogGrid::make(std::move(axes));
  if (grid) return std::move(*grid);
  f.reject("axes", fmt::format("axes of a grid, not {}", grid.error().message));
  return {};
}

Json spread_json(const Spread& spread) { return {spread.low, spread.high}; }

Spread read_spread(const JsonFields& f, const char* key) {
  const std::vector<double> ends = f.reals(key, 0.0, kMostCoefficient);
  const bool good = ends.size() == 2 && 0.0 < ends[0] && ends[0] <= 1.0 && 1.0 <= ends[1];
  if (good) return {ends[0], ends[1]};
  f.reject(key, "two factors above 0, the first at most 1 and the second at least 1");
  return {};
}

void read_spreads(const JsonFields& f, FittedTime& to) {
  to.inside = read_spread(f, "inside");
  to.outside = read_spread(f, "outside");
  if (to.outside.low <= to.inside.low && to.inside.high <= to.outside.high) return;
  f.reject("outside", "two factors with those of inside between them");
}

FitErrors read_errors(const JsonFields& f) {
  return {f.number("points", 1, kMost),          f.number("shapes", 1, kMost),
          f.number("folds", 1, kMost),           f.real("median_percent", 0.0, kMostReal),
          f.real("p90_percent", 0.0, kMostReal), f.real("bias_percent", -100.0, kMostReal)};
}

/// Numbers in lines that an editor can show.
std::string correction_text(const std::vector<std::int16_t>& correction) {
  constexpr std::size_t kWidth = 96;
  std::string out;
  std::string line;
  for (std::size_t i = 0; i < correction.size(); ++i) {
    const std::string number =
        fmt::format("{}{}", correction[i], i + 1 == correction.size() ? "" : ",");
    if (line.size() + number.size() > kWidth) {
      out += "\n      " + line;
      line.clear();
    }
    line += number;
  }
  return "[" + out + "\n      " + line + "]";
}

std::vector<std::int16_t> read_correction(const JsonFields& f, std::size_t knots) {
  std::vector<std::int16_t> out;
  for (const int value : f.small_numbers("correction", -kMostCorrection, kMostCorrection)) {
    out.push_back(static_cast<std::int16_t>(value));
  }
  if (out.size() != knots) f.reject("correction", fmt::format("{} numbers, one a knot", knots));
  out.resize(knots);
  return out;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string fit_text(const FittedTime& fit) {
  Json key = key_json(fit.key);
  key["implementation"] = fit.implementation;
  key["fitted_to"] = fit.fitted_to;
  std::string out = dump(key);
  out.pop_back();  // its brace
  const auto add = [&](const char* name, const Json& value) {
    out += fmt::format(",\n     \"{}\": {}", name, dump(value));
  };
  add("form", form_json(fit.form));
  add("errors", errors_json(fit.errors));
  add("inside", spread_json(fit.inside));
  add("outside", spread_json(fit.outside));
  add("axes", axes_json(fit.grid));
  add("measured", measured_text(fit.measured));
  return out + ",\n     \"correction\": " + correction_text(fit.correction) + "}";
}

FittedTime read_fit(const JsonFields& f) {
  FittedTime out;
  out.key = read_key(f);
  out.implementation = some_text(f, "implementation");
  out.fitted_to = some_text(f, "fitted_to");
  out.form = read_form(f, out.key.kernel);
  out.errors = read_errors(f.object("errors"));
  read_spreads(f, out);
  out.grid = read_grid(f, out.key.kernel);
  out.measured = read_measured(f, out.grid.size());
  out.correction = read_correction(f, out.grid.size());
  return out;
}

}  // namespace

Json key_json(const FitKey& key) {
  const auto if_above_0 = [](std::int64_t value) { return value > 0 ? Json(value) : Json(); };
  return {{"kernel", name_of(kKernels, key.kernel)},
          {"type", name_of(kTypes, key.type)},
          {"kv_type", reads_cache(key.kernel) ? Json(name_of(kTypes, key.kv_type)) : Json()},
          {"head_dim", if_above_0(key.head_dim)},
          {"topology", key.topology ? Json(name_of(kTopologies, *key.topology)) : Json()},
          {"gpus_per_node", if_above_0(key.gpus_per_node)}};
}

Json errors_json(const FitErrors& e) {
  return {{"points", e.points},
          {"shapes", e.shapes},
          {"folds", e.folds},
          {"median_percent", e.median_percent},
          {"p90_percent", e.p90_percent},
          {"bias_percent", e.bias_percent}};
}

std::string fits_text(std::span<const FittedTime> fits) {
  std::string out;
  for (const FittedTime& fit : fits) out += (out.empty() ? "\n    " : ",\n    ") + fit_text(fit);
  return out;
}

std::vector<FittedTime> read_fits(const JsonFields& fields) {
  std::vector<FittedTime> out;
  std::set<std::pair<FitKey, std::string>> known;
  for (const JsonFields& fit : fields.objects("fits")) {
    out.push_back(read_fit(fit));
    const FittedTime& last = out.back();
    if (known.emplace(last.key, last.implementation).second) continue;
    fit.reject("implementation",
               fmt::format("unique among fits of {}: '{}' stands twice", key_text(last.key),
                           plain_text(last.implementation, 120)));
  }
  return out;
}

}  // namespace headroom::profile
