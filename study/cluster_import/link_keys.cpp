#include "study/cluster_import/link_keys.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace headroom {
namespace {

// NVLinks that one GPU has at most: 18 from H100 on, 12 of A100, 6 of V100.
constexpr std::size_t kMostNvlinks = 18;

// The number of NVLinks between every pair, where it is the same for all; else 0.
std::size_t same_nvlinks(const std::vector<std::vector<std::string>>& links) {
  if (links.size() < 2) return 0;
  const std::string& first = links[0][1];
  if (!first.starts_with("NV")) return 0;
  for (std::size_t a = 0; a < links.size(); ++a) {
    for (std::size_t b = 0; b < links.size(); ++b) {
      if (a != b && links[a][b] != first) return 0;
    }
  }
  std::size_t count = 0;
  std::from_chars(first.data() + 2, first.data() + first.size(), count);
  return count;
}

}  // namespace

std::string link_keys(const std::vector<std::vector<std::string>>& links, bool nvlink_known) {
  if (links.empty()) return {};
  if (nvlink_known && (links.size() - 1) * same_nvlinks(links) > kMostNvlinks) {
    return "links = \"nvswitch\"\n";
  }
  std::string out = "links = \"matrix\"\nmatrix = [\n";
  for (const auto& row : links) out += fmt::format("  \"{}\",\n", fmt::join(row, " "));
  return out + "]\n";
}

}  // namespace headroom
