#include "study/profile_fit/served.hpp"

#include "sim/core/quantile.hpp"
#include "sim/cost/serving.hpp"
#include "sim/engine/checkpoints.hpp"
#include "sim/models/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace headroom::profile_fit {
namespace {

using profile::Served;

/// "nvidia/Llama-3.1-8B-Instruct-FP8" as the catalogue may call it: tuned and rounded checkpoints
/// have the shape of what they were made of.
std::vector<std::string> names_of(std::string_view model) {
  std::vector<std::string> out{std::string(model)};
  std::string name(model.substr(model.find('/') + 1));
  out.push_back(name);
  for (const std::string_view ending : {"-FP8", "-Instruct"}) {
    if (!name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    out.push_back(name);
  }
  out.push_back("Meta-" + name);
  return out;
}

Result<std::shared_ptr<const Model>> model_of(const Served& row) {
  for (const std::string& name : names_of(row.model)) {
    const auto found = find_model(name);
    if (!found) continue;
    const bool rounded = row.precision == "fp8" && !(*found)->quantization.quantized();
    return rounded ? as_fp8(**found) : *found;
  }
  return fail(fmt::format("{} is not in the catalogue", row.model));
}

// As the table writes engines.
std::optional<EngineTraits> traits_of(const std::string& engine) {
  return engine_traits(engine == "trtllm" ? "tensorrt-llm" : engine);
}

struct Errors {
  std::vector<double> relative;
  std::int64_t within = 0;

  void add(const Estimate& predicted, const profile::Number& measured_ms) {
    if (!measured_ms) return;
    const double us = 1000.0 * *measured_ms;
    relative.push_back(predicted.us / us - 1.0);
    if (predicted.low_us <= us && us <= predicted.high_us) ++within;
  }
  void add(const Errors& other) {
    relative.insert(relative.end(), other.relative.begin(), other.relative.end());
    within += other.within;
  }
};

struct BothErrors {
  Errors tpot;
  Errors ttft;

  void add(const BothErrors& other) {
    tpot.add(other.tpot);
    ttft.add(other.ttft);
  }
};

Status add_errors(const Served& row, const GpuTimes& times, BothErrors& to, bool& experts) {
  HEADROOM_TRY(const auto found, model_of(row));
  const Model& model = *found;
  if (!StepModel::covers(times, model)) {
    return fail(fmt::format("no fit is of the attention of {}", row.model));
  }
  const auto engine = traits_of(row.engine);
  if (!engine) return fail(fmt::format("nobody has measured the kernels of {}", row.engine));
  if (row.dp > 1 || row.pp > 1) return fail("replicas of the attention, or pipeline stages");
  experts = model.text.has_experts();
  ParallelPlan plan{static_cast<int>(row.tp), 1};
  plan.ep = row.ep > 1;
  const ServingLimits limits;
  const StepModel steps(times, {model, limits, times.gpu(), plan, plain_links(times.gpu(), true)},
                        *engine);
  ClosedLoop load;
  load.requests = static_cast<double>(row.concurrency);
  load.input_tokens = static_cast<double>(row.input_tokens);
  load.output_tokens = static_cast<double>(row.output_tokens);
  const ServingTimes predicted = closed_loop(steps, load);
  to.tpot.add(predicted.tpot, row.tpot_ms);
  to.ttft.add(predicted.ttft, row.ttft_ms);
  return {};
}

ServedErrors errors_of(const Errors& errors) {
  std::vector<double> relative = errors.relative;
  ServedErrors out;
  out.rows = static_cast<std::int64_t>(relative.size());
  if (relative.empty()) return out;
  out.within_percent = 100.0 * static_cast<double>(errors.within) / static_cast<double>(out.rows);
  std::sort(relative.begin(), relative.end());
  out.bias_percent = 100.0 * quantile(relative, 0.5);
  for (double& error : relative) error = std::abs(error);
  std::sort(relative.begin(), relative.end());
  out.median_percent = 100.0 * quantile(relative, 0.5);
  out.p90_percent = 100.0 * quantile(relative, 0.9);
  return out;
}

}  // namespace

std::optional<bool> ServedValidation::held() const {
  if (!bounded || dense.tpot.rows == 0) return std::nullopt;
  return dense.tpot.median_percent <= kServedBoundPercent;
}

ServedValidation validate_served(const std::vector<Served>& served, const GpuTimes& times) {
  struct Group {
    BothErrors errors;
    bool experts = false;
  };
  std::map<std::pair<std::string, std::string>, Group> groups;
  std::map<std::string, std::int64_t> left_out;
  BothErrors dense;
  for (const Served& row : served) {
    BothErrors errors;
    bool experts = false;
    const Status status = add_errors(row, times, errors, experts);
    if (!status) {
      ++left_out[status.error().message];
      continue;
    }
    Group& group = groups[{row.model, row.engine}];
    group.experts = experts;
    group.errors.add(errors);
    if (!experts) dense.add(errors);
  }
  ServedValidation out;
  out.dense = {"", "", false, errors_of(dense.tpot), errors_of(dense.ttft)};
  for (const auto& [name, group] : groups) {
    out.groups.push_back({name.second, name.first, group.experts, errors_of(group.errors.tpot),
                          errors_of(group.errors.ttft)});
  }
  for (const auto& [why, rows] : left_out) out.left_out.push_back({why, rows});
  return out;
}

}  // namespace headroom::profile_fit
