#include "study/profile/words.hpp"

#include "study/figure_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace headroom::profile {

std::string kind_words(const Device& device) {
  return device.kind == DeviceKind::cpu ? "cpu: not a GPU" : "GPU (CUDA)";
}

std::string us_text(double us) {
  constexpr double kTwoDigits = 999.995;
  constexpr double kOneDigit = 99'999.95;
  if (us < kTwoDigits) return fmt::format("{:.2f}", us);
  if (us < kOneDigit) return fmt::format("{:.1f}", us);
  return us < 1e15 ? with_commas(std::llround(us)) : fmt::format("{:.3g}", us);
}

std::string types_text(const Point& point) {
  const std::string& type = name_of(kTypes, point.type);
  if (point.kv_type == point.type) return type;
  return fmt::format("{}/{}", type, name_of(kTypes, point.kv_type));
}

std::string count_text(std::size_t count) { return with_commas(static_cast<std::int64_t>(count)); }

std::string si_text(double value) {
  static constexpr std::array<const char*, 6> kPrefixes = {"", "k", "M", "G", "T", "P"};
  std::size_t power = 0;
  while (value >= 999.5 && power + 1 < kPrefixes.size()) {
    value /= 1e3;
    ++power;
  }
  const int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}{}", value, digits, kPrefixes[power]);
}

std::string share_text(double value, const Number& ceiling) {
  if (!ceiling || *ceiling <= 0.0) return "-";
  return fmt::format("{:.1f} %", 100.0 * value / *ceiling);
}

std::string left_out(std::size_t all, std::size_t shown, const std::string& what) {
  if (all <= shown) return "";
  return fmt::format("  ... and {} more {}\n", count_text(all - shown), what);
}

Rates rates_of(const Point& point) {
  constexpr double kMicro = 1e-6;
  const double seconds = kMicro * (point.cold ? point.cold->median_us : point.hot->median_us);
  return {static_cast<double>(point.bytes) / seconds, static_cast<double>(point.flops) / seconds};
}

}  // namespace headroom::profile
