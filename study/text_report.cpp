#include "study/text_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <variant>

namespace headroom {
namespace {

// 1234567 -> "1,234,567"
std::string with_commas(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::string number(const MetricValue& value, double figure) {
  if (value.unit == "%") return fmt::format("{:.2f} %", figure);
  if (value.unit == "GPU-h") return with_commas(std::llround(figure)) + " GPU-h";
  if (value.unit == "s") return fmt::format("{:.1f} s", figure);
  return with_commas(std::llround(figure));
}

std::string cell(const Summary& row) {
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

// Columns are padded by characters, not bytes: "±" is one character of two bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string pad(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return right ? space + text : text + space;
}

std::string layout(const std::vector<std::vector<std::string>>& rows, std::size_t left_columns) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += "  " + pad(row[i], widths[i], i >= left_columns);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string describe_workload(const Scenario& scenario, const StudyResult& result) {
  if (const auto* trace = std::get_if<TraceWorkload>(&scenario.workload)) {
    std::string out = fmt::format("{} ({})", trace->file.filename().string(), trace->format);
    if (trace->as_llm) out += fmt::format(", as LLM deployments of the mix '{}'", trace->mix->name);
    if (result.load_scale) {
      out += fmt::format(", at load {}: each arrival stands k = {} times, lifetimes x f = {:.3f}",
                         *trace->load, result.load_scale->copies, result.load_scale->stretch());
    }
    return out;
  }
  if (const auto* generated = std::get_if<GeneratedWorkload>(&scenario.workload)) {
    return fmt::format(
        "{} made-up deployments of the mix '{}' at load {}, arrivals Gamma with "
        "CV {}, lifetimes log-normal with median {}",
        with_commas(generated->config.requests), generated->mix.name, generated->config.load,
        generated->config.arrival_cv, duration_text(generated->config.lifetime_median));
  }
  return fmt::format("{} requests listed in the scenario",
                     std::get<ListedWorkload>(scenario.workload).requests.size());
}

}  // namespace

std::string describe_scenario(const Scenario& scenario, const StudyResult& result) {
  const ClusterSpec& cluster = scenario.cluster;
  std::string types;
  for (std::size_t i = 0; i < cluster.gpu_types.size(); ++i) {
    types += fmt::format("{}{} {}", i == 0 ? "" : ", ",
                         with_commas(cluster.gpu_count(static_cast<GpuTypeId>(i))),
                         cluster.gpu_types[i].name);
  }
  std::string out = fmt::format("{}\n", scenario.name);
  out += fmt::format("  cluster   {} nodes, {} GPUs: {}\n",
                     with_commas(static_cast<std::int64_t>(cluster.nodes.size())),
                     with_commas(cluster.gpu_count()), types);
  out += fmt::format("  workload  {}\n", describe_workload(scenario, result));
  out += fmt::format("  seeds     {}\n", fmt::join(result.seeds, ", "));
  for (const auto& assumption : cluster.assumptions) {
    out += fmt::format("  assumed   {}\n", assumption);
  }
  return out;
}

std::string policy_table(const Scenario& scenario, const StudyResult& result) {
  std::vector<std::vector<std::string>> rows;
  rows.push_back({""});
  rows.front().insert(rows.front().end(), scenario.policies.begin(), scenario.policies.end());
  const std::size_t metrics = result.summary.size() / scenario.policies.size();
  for (std::size_t metric = 0; metric < metrics; ++metric) {
    const MetricValue& value = result.summary[metric].mean;
    std::vector<std::string> row = {value.label};
    bool all_zero = true;
    for (std::size_t policy = 0; policy < scenario.policies.size(); ++policy) {
      const Summary& figure = result.summary[policy * metrics + metric];
      all_zero = all_zero && std::fpclassify(figure.mean.value) == FP_ZERO;
      row.push_back(cell(figure));
    }
    // An outcome nobody met, or groups where there are none, says nothing.
    const bool optional = value.key.starts_with("outcome.") || value.key.starts_with("groups_");
    if (!(all_zero && optional)) rows.push_back(std::move(row));
  }
  return layout(rows, 1);
}

std::string difference_table(const StudyResult& result) {
  if (result.runs.size() < 2 || result.compared == 0) return "";
  std::string out = fmt::format(
      "Of {} requests {} ({:.1f} %) ended differently (seed {}):\n",
      with_commas(static_cast<std::int64_t>(result.compared)),
      with_commas(static_cast<std::int64_t>(result.ended_differently)),
      100.0 * static_cast<double>(result.ended_differently) / static_cast<double>(result.compared),
      result.seeds.front());
  if (result.differences.empty()) return out;
  std::vector<std::vector<std::string>> rows = {
      {"one policy", "ended", "the other", "ended", "examples", "requests"}};
  for (const auto& row : result.differences) {
    rows.push_back({row.policy_a, row.outcome_a, row.policy_b, row.outcome_b,
                    fmt::format("{}", fmt::join(row.examples, ", ")),
                    with_commas(static_cast<std::int64_t>(row.requests))});
  }
  return out + layout(rows, 5);
}

}  // namespace headroom
