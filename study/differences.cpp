#include "study/differences.hpp"

#include "sim/core/assert.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace headroom {
namespace {

constexpr std::size_t kExamples = 3;

struct Cell {
  std::uint64_t requests = 0;
  std::vector<std::size_t> examples;
};

std::vector<Difference> compare_pair(const RunResult& a, const RunResult& b,
                                     std::vector<std::vector<std::size_t>>& examples) {
  const auto& left = a.outcomes.entries();
  const auto& right = b.outcomes.entries();
  HEADROOM_ASSERT(left.size() == right.size(), "two policies saw different numbers of requests");
  std::map<std::pair<std::string, std::string>, Cell> cells;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!left[i].measured) continue;
    if (left[i].outcome == right[i].outcome && left[i].rule == 0 && right[i].rule == 0) continue;
    auto how = std::pair(a.outcomes.text(left[i]), b.outcomes.text(right[i]));
    if (how.first == how.second) continue;
    Cell& cell = cells[std::move(how)];
    ++cell.requests;
    if (cell.examples.size() < kExamples) cell.examples.push_back(i);
  }
  using Item = std::pair<std::pair<std::string, std::string>, Cell>;
  std::vector<Item> by_count(cells.begin(), cells.end());
  std::stable_sort(by_count.begin(), by_count.end(), [](const Item& x, const Item& y) {
    return x.second.requests > y.second.requests;
  });
  std::vector<Difference> rows;
  for (auto& [how, cell] : by_count) {
    rows.push_back({a.policy, b.policy, how.first, how.second, cell.requests, {}});
    examples.push_back(std::move(cell.examples));
  }
  return rows;
}

std::uint64_t count_different(const std::vector<const RunResult*>& runs) {
  std::uint64_t different = 0;
  const auto& first = *runs.front();
  for (std::size_t i = 0; i < first.outcomes.entries().size(); ++i) {
    const auto& entry = first.outcomes.entries()[i];
    if (!entry.measured) continue;
    different += std::any_of(runs.begin(), runs.end(), [&](const RunResult* run) {
      const auto& other = run->outcomes.entries()[i];
      if (other.outcome != entry.outcome) return true;
      // Rules are numbered by each run in its own order.
      return other.rule + entry.rule > 0 && run->outcomes.text(other) != first.outcomes.text(entry);
    });
  }
  return different;
}

// One pass over the requests gives names to the examples.
Status name_examples(RequestSource& requests, const std::vector<std::vector<std::size_t>>& examples,
                     std::vector<Difference>& rows) {
  std::multimap<std::size_t, std::size_t> wanted;  // request -> row
  for (std::size_t row = 0; row < examples.size(); ++row) {
    for (const std::size_t request : examples[row]) wanted.emplace(request, row);
  }
  std::size_t position = 0;
  for (auto it = wanted.begin(); it != wanted.end(); ++position) {
    HEADROOM_TRY(const auto request, requests.next());
    if (!request) return fail("the trace has become shorter while it was read");
    for (; it != wanted.end() && it->first == position; ++it) {
      rows[it->second].examples.push_back(request->name);
    }
  }
  return {};
}

}  // namespace

Result<DifferenceTable> compare_outcomes(const std::vector<const RunResult*>& runs,
                                         RequestSource& requests) {
  DifferenceTable table;
  if (runs.empty()) return table;
  const auto& entries = runs.front()->outcomes.entries();
  table.compared = static_cast<std::uint64_t>(std::count_if(
      entries.begin(), entries.end(), [](const OutcomeLog::Entry& e) { return e.measured; }));
  std::vector<std::vector<std::size_t>> examples;  // by row
  for (std::size_t a = 0; a < runs.size(); ++a) {
    for (std::size_t b = a + 1; b < runs.size(); ++b) {
      auto rows = compare_pair(*runs[a], *runs[b], examples);
      table.rows.insert(table.rows.end(), rows.begin(), rows.end());
    }
  }
  table.ended_differently = count_different(runs);
  HEADROOM_CHECK(name_examples(requests, examples, table.rows));
  return table;
}

}  // namespace headroom
