#include "study/profile/words.hpp"

#include "sim/core/printable.hpp"
#include "study/figure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace headroom::profile {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string plain_text(std::string_view text, std::size_t most) {
  std::size_t end = text.size();
  if (end > most) {
    end = most - 3;
    while (end > 0 && is_continuation(text[end])) --end;  // not inside a character
  }
  const std::string out = printable(text.substr(0, end));
  return end < text.size() ? out + "..." : out;
}

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

std::string implementation_text(std::string_view name) { return plain_text(name, 60); }

std::string types_text(Type type, Type kv_type) {
  const std::string& name = name_of(kTypes, type);
  return kv_type == type ? name : fmt::format("{}/{}", name, name_of(kTypes, kv_type));
}

std::string types_text(const Point& point) { return types_text(point.type, point.kv_type); }

std::string topology_text(const Collective& collective) {
  return collective.topology ? name_of(kTopologies, *collective.topology) : "-";
}

std::string count_or_dash(const Count& count) {
  return count ? fmt::format("{}", *count) : std::string("-");
}

std::string counts_text(const Profile& p) {
  std::string out = fmt::format("{} of attention, {} of collectives",
                                count_text(p.attention.size()), count_text(p.collectives.size()));
  const auto add = [&out](std::size_t count, const char* what) {
    if (count > 0) out += fmt::format(", {} of {}", count_text(count), what);
  };
  add(p.matmuls.size(), "matrix products");
  add(p.latent_attention.size(), "latent attention");
  add(p.served.size(), "deployments");
  return out;
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

std::string counted(std::size_t count, const std::string& what) {
  return fmt::format("{} {}{}", count_text(count), what, count == 1 ? "" : "s");
}

std::vector<std::size_t> spread(std::size_t count, std::size_t most) {
  const std::size_t shown = std::min(count, most);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < shown; ++i) {
    out.push_back(shown == 1 ? 0 : i * (count - 1) / (shown - 1));
  }
  return out;
}

std::string row_text(std::string row) {
  row.erase(row.find_last_not_of(' ') + 1);
  return row + "\n";
}

Rates rates_of(const Point& point) {
  constexpr double kMicro = 1e-6;
  const double seconds = kMicro * (point.cold ? point.cold->median_us : point.hot->median_us);
  return {static_cast<double>(point.bytes) / seconds, static_cast<double>(point.flops) / seconds};
}

// In floating point, as sizes of a file may have products beyond 64 bits.
Rates rates_of(const Matmul& matmul) {
  constexpr double kMicro = 1e-6;
  const double seconds = kMicro * matmul.median_us;
  const auto m = static_cast<double>(matmul.m);
  const auto n = static_cast<double>(matmul.n);
  const auto k = static_cast<double>(matmul.k);
  const double read = (m * k + k * n) * static_cast<double>(type_bytes(matmul.type));
  const double written = m * n * static_cast<double>(type_bytes(Type::bf16));
  return {(read + written) / seconds, 2.0 * m * n * k / seconds};
}

std::optional<double> cache_bytes_per_s(const LatentPoint& point) {
  constexpr double kMicro = 1e-6;
  if (point.op != Op::decode) return std::nullopt;
  const auto values = static_cast<double>((kLatentRank + kLatentRope) * type_bytes(point.kv_type));
  return static_cast<double>(point.batch) * static_cast<double>(point.length) * values /
         (kMicro * point.median_us);
}

}  // namespace headroom::profile
