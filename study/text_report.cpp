#include "study/text_report.hpp"

#include "study/figure_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <variant>

namespace headroom {
namespace {

constexpr std::size_t kColumns = 120;   // of a terminal
constexpr std::size_t kOfEachPair = 4;  // differences
constexpr std::size_t kUnbounded = ~std::size_t{0};

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

// Lines of at most kColumns, broken at spaces, the later ones set in by `indent`.
std::string wrap(const std::string& text, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (column > indent && column + 1 + width_of(word) > kColumns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (begin > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width_of(word);
    begin = end + 1;
  }
  return out + "\n";
}

// "  workload  ...", wrapped under itself.
std::string described(const std::string& what, const std::string& text) {
  constexpr std::size_t kIndent = 12;
  return fmt::format("  {:<{}}", what, kIndent - 2) +
         wrap(std::string(kIndent, '_') + text, kIndent).substr(kIndent);
}

std::string count_of(std::int64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", with_commas(count), thing, count == 1 ? "" : "s");
}

// "1, 2, 7", or "1..5" for a run of more than three.
std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
  const bool run = seeds.size() > 3 && std::adjacent_find(seeds.begin(), seeds.end(),
                                                          [](std::uint64_t a, std::uint64_t b) {
                                                            return b != a + 1;
                                                          }) == seeds.end();
  if (run) return fmt::format("{}..{}", seeds.front(), seeds.back());
  return fmt::format("{}", fmt::join(seeds, ", "));
}

// Full names, as `headroom explain` takes them: as many as fit, at least one.
std::string examples_text(const std::vector<std::string>& examples, std::size_t columns) {
  std::string out;
  for (const std::string& example : examples) {
    const std::string name = shown_name(example);
    if (!out.empty() && width_of(out) + 2 + width_of(name) > columns) break;
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

// The examples behind each row where all of them fit, else on lines of their own.
std::string with_examples(const std::string& table, const std::vector<Difference>& rows) {
  constexpr std::size_t kIndent = 12;  // under the first policy
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < table.size();) {
    const std::size_t end = table.find('\n', begin);
    lines.push_back(table.substr(begin, end - begin));
    begin = end + 1;
  }
  std::size_t widest = 0;
  for (const auto& line : lines) widest = std::max(widest, width_of(line));
  const bool beside = std::all_of(rows.begin(), rows.end(), [&](const Difference& row) {
    return widest + 2 + width_of(examples_text(row.examples, kUnbounded)) <= kColumns;
  });
  std::string out = beside ? pad(lines[0], widest, false) + "  examples\n" : lines[0] + "\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string& line = lines[i + 1];
    const auto& examples = rows[i].examples;
    out += beside ? fmt::format("{}  {}\n", pad(line, widest, false),
                                examples_text(examples, kUnbounded))
                  : fmt::format("{}\n{:{}}for example {}\n", line, "", kIndent,
                                examples_text(examples, kColumns - 2 * kIndent));
  }
  return out;
}

std::string of_tokens(const std::optional<TokenProfile>& tokens) {
  return tokens ? fmt::format(", lengths and concurrency of {}", tokens->name) : std::string();
}

std::string describe_generator(const TaskGeneratorWorkload& made) {
  std::string out = fmt::format("a trace made up by {}", made.file.filename().string());
  if (made.as_llm) out += fmt::format(", as LLM deployments of the mix '{}'", made.mix->name);
  out += of_tokens(made.tokens);
  if (made.load) out += fmt::format(", at load {}", *made.load);
  return out + fmt::format(": {:.4g} arrivals an hour", made.spec.arrivals.rate_per_h);
}

std::string queue_text(const Scenario& scenario) {
  std::string out = scenario.queue;
  if (scenario.simulation.exact_durations) out += ", told how long each request takes";
  if (scenario.queue_options.reserve_machines) out += ", reserving machines";
  return out;
}

std::string describe_workload(const Scenario& scenario, const StudyResult& result) {
  if (const auto* trace = std::get_if<TraceWorkload>(&scenario.workload)) {
    std::string out = fmt::format("{} ({})", trace->file.filename().string(), trace->format);
    if (trace->as_llm) out += fmt::format(", as LLM deployments of the mix '{}'", trace->mix->name);
    out += of_tokens(trace->tokens);
    if (result.load_scale) {
      out += fmt::format(", at load {}: each arrival stands k = {} times, lifetimes x f = {:.3f}",
                         *trace->load, result.load_scale->copies, result.load_scale->stretch());
    }
    return out;
  }
  if (const auto* generated = std::get_if<GeneratedWorkload>(&scenario.workload)) {
    return fmt::format(
        "{} of the mix '{}' at load {}, arrivals Gamma with CV {}, lifetimes log-normal with "
        "median {}",
        count_of(generated->config.requests, "made-up deployment"), generated->mix.name,
        generated->config.load, generated->config.arrival_cv,
        duration_text(generated->config.lifetime_median));
  }
  if (const auto* made = std::get_if<TaskGeneratorWorkload>(&scenario.workload)) {
    return describe_generator(*made);
  }
  const auto& listed = std::get<ListedWorkload>(scenario.workload).requests;
  return count_of(static_cast<std::int64_t>(listed.size()), "request") + " listed in the scenario";
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
  out += described(
      "cluster",
      fmt::format("{}, {}: {}", count_of(static_cast<std::int64_t>(cluster.nodes.size()), "node"),
                  count_of(cluster.gpu_count(), "GPU"), types));
  out += described("workload", describe_workload(scenario, result));
  if (scenario.queue != kUsualQueue) out += described("queue", queue_text(scenario));
  out += described("seeds", seeds_text(result.seeds));
  if (has_speeds(scenario, result)) {
    for (const SpeedSource& speeds :
         speed_sources(scenario.cost, scenario.engine, cluster.gpu_types)) {
      out += described("speeds",
                       fmt::format("of {}: {}", fmt::join(speeds.gpus, ", "), speeds.source));
    }
  }
  for (const auto& assumption : cluster.assumptions) out += described("assumed", assumption);
  return out;
}

std::string policy_table(const Scenario& scenario, const StudyResult& result) {
  std::vector<std::vector<std::string>> rows;
  rows.push_back({""});
  rows.front().insert(rows.front().end(), scenario.policies.begin(), scenario.policies.end());
  for (const FigureRow& figure : figure_rows(scenario, result)) {
    std::vector<std::string> row = {figure.label};
    for (const Summary& of_policy : figure.of_policies) row.push_back(figure_text(of_policy));
    rows.push_back(std::move(row));
  }
  return layout(rows, 1);
}

std::string difference_table(const StudyResult& result) {
  if (result.runs.size() < 2 || result.compared == 0) return "";
  const auto count = [](std::uint64_t n) { return with_commas(static_cast<std::int64_t>(n)); };
  if (result.differences.empty()) {
    return fmt::format(
        "{} ended the same under every policy (seed {}).\n",
        result.compared == 1 ? "The one request" : "All " + count(result.compared) + " requests",
        result.seeds.front());
  }
  const std::string title = fmt::format(
      "Of all {} {} ({:.1f} %) ended differently (seed {}):\n",
      count_of(static_cast<std::int64_t>(result.compared), "request"),
      count(result.ended_differently),
      100.0 * static_cast<double>(result.ended_differently) / static_cast<double>(result.compared),
      result.seeds.front());
  const std::vector<Difference> shown = largest_differences(result.differences, kOfEachPair);
  std::vector<std::vector<std::string>> rows = {
      {"requests", "one policy", "ended", "the other", "ended"}};
  for (const auto& row : shown) {
    rows.push_back({pad(count(row.requests), rows.front().front().size(), true), row.policy_a,
                    row.outcome_a, row.policy_b, row.outcome_b});
  }
  std::string out = title + with_examples(layout(rows, rows.front().size()), shown);
  if (shown.size() < result.differences.size()) {
    out += fmt::format("  and {} smaller rows: all of them are in result.json\n",
                       result.differences.size() - shown.size());
  }
  return out;
}

}  // namespace headroom
