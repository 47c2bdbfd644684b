#include "cli/seeds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace headroom::cli {
namespace {

constexpr std::uint64_t kMostSeeds = 10'000;
constexpr std::uint64_t kLargestSeed = 1'000'000'000'000;  // as the scenario's key

tl::unexpected<Error> bad_seeds(std::string message) {
  return fail(std::move(message), {"--seeds"},
              fmt::format("a range such as 1..5, or a list such as 1,2,7: up to {} seeds from 0 "
                          "to {}",
                          kMostSeeds, kLargestSeed));
}

Result<std::uint64_t> parse_seed(std::string_view text) {
  std::uint64_t seed = 0;
  const char* last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, seed);
  if (code != std::errc() || end != last || seed > kLargestSeed) {
    return bad_seeds(fmt::format("'{}' is not a seed", text));
  }
  return seed;
}

}  // namespace

Result<std::vector<std::uint64_t>> parse_seeds(std::string_view text) {
  std::vector<std::uint64_t> seeds;
  if (const auto dots = text.find(".."); dots != std::string_view::npos) {
    HEADROOM_TRY(const std::uint64_t first, parse_seed(text.substr(0, dots)));
    HEADROOM_TRY(const std::uint64_t last, parse_seed(text.substr(dots + 2)));
    if (last < first) return bad_seeds(fmt::format("'{}' ends before it begins", text));
    if (last - first >= kMostSeeds) return bad_seeds(fmt::format("'{}' are too many", text));
    for (std::uint64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
    return seeds;
  }
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    HEADROOM_TRY(const std::uint64_t seed, parse_seed(text.substr(0, comma)));
    if (std::find(seeds.begin(), seeds.end(), seed) != seeds.end()) {
      return bad_seeds(fmt::format("seed {} is named twice", seed));
    }
    seeds.push_back(seed);
    if (seeds.size() > kMostSeeds) return bad_seeds("these are too many");
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return seeds;
}

}  // namespace headroom::cli
