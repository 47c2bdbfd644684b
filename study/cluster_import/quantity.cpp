#include "study/cluster_import/quantity.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace headroom {
namespace {

struct Suffix {
  std::string_view text;
  long double factor;
};

constexpr std::array<Suffix, 16> kSuffixes{{{"Ki", 1024.0L},
                                            {"Mi", 1048576.0L},
                                            {"Gi", 1073741824.0L},
                                            {"Ti", 1099511627776.0L},
                                            {"Pi", 1125899906842624.0L},
                                            {"Ei", 1152921504606846976.0L},
                                            {"n", 1e-9L},
                                            {"u", 1e-6L},
                                            {"m", 1e-3L},
                                            {"k", 1e3L},
                                            {"M", 1e6L},
                                            {"G", 1e9L},
                                            {"T", 1e12L},
                                            {"P", 1e15L},
                                            {"E", 1e18L},
                                            {"", 1.0L}}};

}  // namespace

std::optional<std::int64_t> parse_quantity_milli(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  long double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Suffix& suffix : kSuffixes) {
    if (rest != suffix.text) continue;
    const long double milli = std::ceil(number * suffix.factor * 1000.0L);
    if (milli > static_cast<long double>(std::int64_t{1} << 60U)) return std::nullopt;
    return static_cast<std::int64_t>(milli);
  }
  return std::nullopt;
}

}  // namespace headroom
