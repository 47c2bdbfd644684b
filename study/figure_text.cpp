#include "study/figure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace headroom {
namespace {

constexpr std::size_t kNameBytes = 60;  // of a request's name

std::string number(const MetricValue& value, double figure) {
  if (value.unit == "%") return fmt::format("{:.2f} %", figure);
  if (value.unit == "GPU-h") {
    if (figure < 100.0) return fmt::format("{:.1f} GPU-h", figure);
    return with_commas(std::llround(figure)) + " GPU-h";
  }
  if (value.unit == "s") return fmt::format("{:.1f} s", figure);
  return with_commas(std::llround(figure));
}

bool all_zero(const FigureRow& row) {
  return std::all_of(row.of_policies.begin(), row.of_policies.end(), [](const Summary& figure) {
    return std::fpclassify(figure.mean.value) == FP_ZERO;
  });
}

// The share of all requests that this rule refused, under each policy.
FigureRow refused_by(const std::string& rule, const Scenario& scenario, const StudyResult& result) {
  FigureRow row{rule, "  " + rule, {}};
  const std::size_t seeds = result.seeds.size();
  for (std::size_t policy = 0; policy < scenario.policies.size(); ++policy) {
    std::vector<double> shares;
    for (std::size_t seed = 0; seed < seeds; ++seed) {
      const RunResult& run = result.runs[policy * seeds + seed];
      const auto found = run.refused_by_rule.find(rule);
      const auto count = found == run.refused_by_rule.end() ? 0.0 : double(found->second);
      const double submitted = run.values.front().value;
      shares.push_back(submitted > 0.0 ? 100.0 * count / submitted : 0.0);
    }
    const auto [mean, half_width] = mean_and_half_width(shares);
    row.of_policies.push_back(
        {scenario.policies[policy], {rule, row.label, "%", mean}, half_width});
  }
  return row;
}

}  // namespace

// 1234567 -> "1,234,567"
std::string with_commas(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::string figure_text(const Summary& row) {
  std::string text = number(row.mean, row.mean.value);
  if (row.half_width) {
    const auto unit = text.rfind(' ');
    const std::string half = number(row.mean, *row.half_width);
    const std::string spread = " ± " + half.substr(0, half.rfind(' '));
    if (row.mean.unit == "1" || unit == std::string::npos) return text + " ± " + half;
    text.insert(unit, spread);
  }
  return text;
}

std::string shown_name(std::string name) {
  if (name.size() > kNameBytes) {
    std::size_t end = kNameBytes - 3;
    while (end > 0 && (name[end] & 0xC0) == 0x80) --end;  // not inside a character
    name = name.substr(0, end) + "...";
  }
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return name;
}

std::vector<Difference> largest_differences(const std::vector<Difference>& rows,
                                            std::size_t of_each_pair) {
  std::vector<Difference> out;
  std::size_t in_pair = 0;
  for (const auto& row : rows) {
    const bool same_pair =
        !out.empty() && out.back().policy_a == row.policy_a && out.back().policy_b == row.policy_b;
    in_pair = same_pair ? in_pair + 1 : 1;
    if (in_pair <= of_each_pair) out.push_back(row);
  }
  return out;
}

std::vector<FigureRow> figure_rows(const Scenario& scenario, const StudyResult& result) {
  std::set<std::string> rules;
  for (const RunResult& run : result.runs) {
    for (const auto& [rule, count] : run.refused_by_rule) rules.insert(rule);
  }
  std::vector<FigureRow> rows;
  const std::size_t policies = scenario.policies.size();
  const std::size_t metrics = result.summary.size() / policies;
  for (std::size_t metric = 0; metric < metrics; ++metric) {
    const MetricValue& value = result.summary[metric].mean;
    FigureRow row{value.key, value.label, {}};
    for (std::size_t policy = 0; policy < policies; ++policy) {
      row.of_policies.push_back(result.summary[policy * metrics + metric]);
    }
    // An outcome nobody met, or groups where there are none, says nothing; nor does the share of
    // something that there was none of.
    const bool optional = value.key.starts_with("outcome.") || value.key.starts_with("groups_") ||
                          value.key == "parallel_efficiency" || value.key == "link_bandwidth" ||
                          value.key == "jct_s.mean" || value.key == "makespan_s";
    if (optional && all_zero(row)) continue;
    rows.push_back(std::move(row));
    if (value.key != "outcome.refused_by_engine") continue;
    for (const std::string& rule : rules) rows.push_back(refused_by(rule, scenario, result));
  }
  return rows;
}

bool has_speeds(const Scenario& scenario, const StudyResult& result) {
  const auto rows = figure_rows(scenario, result);
  return std::any_of(rows.begin(), rows.end(),
                     [](const FigureRow& row) { return row.key == "parallel_efficiency"; });
}

}  // namespace headroom
