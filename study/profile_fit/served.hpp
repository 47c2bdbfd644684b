#pragma once
// Deployments as they were served, against what the cost model says of them. Nothing is fitted to
// these figures.

#include "sim/cost/gpu_times.hpp"
#include "study/profile/profile.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headroom::profile_fit {

/// Errors are |predicted / measured - 1| in percent; `bias` is the median with its sign.
struct ServedErrors {
  std::int64_t rows = 0;
  double median_percent = 0.0;
  double p90_percent = 0.0;
  double bias_percent = 0.0;
  double within_percent = 0.0;  // of the measurements: inside of the prediction's interval
};

struct ServedGroup {
  std::string engine;  // "" for all of them together
  std::string model;
  bool experts = false;
  ServedErrors tpot;
  ServedErrors ttft;
};

/// What is not predicted, with its rows.
struct ServedLeftOut {
  std::string why;
  std::int64_t rows = 0;
};

/// Of the median of TPOT over dense models.
inline constexpr double kServedBoundPercent = 15.0;

struct ServedValidation {
  ServedGroup dense;  // all models without routed experts
  std::vector<ServedGroup> groups;
  std::vector<ServedLeftOut> left_out;
  bool bounded = false;  // whether kServedBoundPercent applies, where there are dense rows

  /// Whether the bound is held; nothing where none applies.
  [[nodiscard]] std::optional<bool> held() const;
  /// Whether no bound is broken.
  [[nodiscard]] bool ok() const { return held().value_or(true); }
};

/// Each deployment on one node, its links those of the GPU type, nothing else on it.
[[nodiscard]] ServedValidation validate_served(const std::vector<profile::Served>& served,
                                               const GpuTimes& times);

[[nodiscard]] std::string served_text(const ServedValidation& served);
[[nodiscard]] nlohmann::ordered_json served_json(const ServedValidation& served);

}  // namespace headroom::profile_fit
