#include "sim/core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace headroom {
namespace {

constexpr std::size_t kMostNamesListed = 12;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view name, std::span<const std::string> known) {
  const std::string wanted = lower(name);
  const std::string* best = nullptr;
  std::size_t best_distance = 0;
  for (const std::string& candidate : known) {
    const std::size_t limit = std::max<std::size_t>(1, candidate.size() / 3);
    const std::size_t longer = std::max(candidate.size(), wanted.size());
    // Lengths alone rule most out, and bound the work for a name that is a whole file.
    if (longer - std::min(candidate.size(), wanted.size()) > limit) continue;
    const std::string other = lower(candidate);
    const std::size_t distance = edit_distance(wanted, other);
    if (distance > limit || wanted.find_first_of(other) == std::string::npos) continue;
    if (best == nullptr || distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? std::string() : *best;
}

std::string suggest(std::string_view name, std::span<const std::string> known) {
  if (const std::string near = nearest_name(name, known); !near.empty()) {
    return fmt::format("did you mean '{}'?", near);
  }
  if (known.empty()) return "none are known";
  std::string out = "known: ";
  const std::size_t shown = std::min(known.size(), kMostNamesListed);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += ", ";
    out += known[i];
  }
  if (shown < known.size()) out += fmt::format(" and {} more", known.size() - shown);
  return out;
}

}  // namespace headroom
