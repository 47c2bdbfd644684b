#include "study/markdown_report.hpp"

#include "study/figure_text.hpp"
#include "study/text_report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

// A cell holds no line ends, and a bar would end it.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '`' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

std::string figures(const Scenario& scenario, const StudyResult& result) {
  std::string out = "| |";
  for (const std::string& policy : scenario.policies) out += fmt::format(" {} |", cell(policy));
  out += "\n| --- |";
  for (std::size_t i = 0; i < scenario.policies.size(); ++i) out += " ---: |";
  out += "\n";
  for (const FigureRow& row : figure_rows(scenario, result)) {
    const bool part = row.label.starts_with("  ");
    out += fmt::format("| {}{} |", part ? "of these " : "", cell(row.label.substr(part ? 2 : 0)));
    for (const Summary& figure : row.of_policies) out += fmt::format(" {} |", figure_text(figure));
    out += "\n";
  }
  return out;
}

std::string difference_row(const Difference& row) {
  const std::string example = row.examples.empty() ? "" : cell(shown_name(row.examples.front()));
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n",
                     with_commas(static_cast<std::int64_t>(row.requests)), cell(row.policy_a),
                     cell(row.outcome_a), cell(row.policy_b), cell(row.outcome_b), example);
}

std::string differences(const StudyResult& result, std::size_t most) {
  const auto count = [](std::uint64_t n) { return with_commas(static_cast<std::int64_t>(n)); };
  std::string out =
      fmt::format("{} of {} requests ended differently under some policies (seed {}).\n",
                  count(result.ended_differently), count(result.compared), result.seeds.front());
  const std::vector<Difference> shown = largest_differences(result.differences, most);
  if (shown.empty()) return out;
  out += "\n| requests | one policy | ended | the other | ended | for example |\n";
  out += "| ---: | --- | --- | --- | --- | --- |\n";
  for (const Difference& row : shown) out += difference_row(row);
  if (shown.size() < result.differences.size()) {
    out +=
        fmt::format("\n{} smaller rows are left out.\n", result.differences.size() - shown.size());
  }
  return out;
}

}  // namespace

std::string markdown_report(const Scenario& scenario, const StudyResult& result,
                            std::size_t most_differences) {
  std::string out = "```\n" + describe_scenario(scenario, result) + "```\n\n";
  out += figures(scenario, result);
  if (scenario.policies.size() > 1) out += "\n" + differences(result, most_differences);
  return out;
}

}  // namespace headroom
