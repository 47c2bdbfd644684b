#include "sim/core/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace headroom {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
// Far beyond any exponent that leaves a number in range, and safe to add text lengths to.
constexpr std::int64_t kExponentLimit = 1'000'000'000'000'000;

/// (negative ? -1 : 1) x digits x 10^exponent, digits without leading zeros.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads "e[+-]digits" at the start of `text`; a bare "e" is not an exponent.
std::optional<std::int64_t> take_exponent(std::string_view& text) {
  std::size_t at = 1;
  const bool negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t first = at;
  std::int64_t value = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    value = std::min(value * 10 + (text[at] - '0'), kExponentLimit);
  }
  if (at == first) return std::nullopt;
  text.remove_prefix(at);
  return negative ? -value : value;
}

/// Takes a decimal number off the front of `text`; nullopt if there is none.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal out;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    out.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  bool any = false;
  bool fraction = false;
  while (!text.empty() && (is_digit(text[0]) || (text[0] == '.' && !fraction))) {
    if (text[0] == '.') {
      fraction = true;
    } else {
      any = true;
      if (fraction) --out.exponent;
      if (text[0] != '0' || !out.digits.empty()) out.digits += text[0];
    }
    text.remove_prefix(1);
  }
  if (!any) return std::nullopt;
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    const auto exponent = take_exponent(text);
    if (!exponent) return std::nullopt;
    out.exponent += *exponent;
  }
  return out;
}

/// Rounds |decimal| x 10^shift half away from zero; nullopt beyond 10^18 x 9.
std::optional<std::int64_t> rounded(const Decimal& decimal, std::int64_t shift) {
  const auto length = static_cast<std::int64_t>(decimal.digits.size());
  if (length == 0) return 0;
  const std::int64_t point = length + decimal.exponent + shift;  // digits before the point
  if (point < 0) return 0;
  if (point > 19) return std::nullopt;
  std::uint64_t value = 0;
  for (std::int64_t i = 0; i < point; ++i) {
    const char digit = i < length ? decimal.digits[static_cast<std::size_t>(i)] : '0';
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (point < length && decimal.digits[static_cast<std::size_t>(point)] >= '5') ++value;
  if (value > 9'000'000'000'000'000'000U) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

Error time_range_error(const std::string& found) {
  return Error{fmt::format("{} is beyond the longest time read, {} s either way", found,
                           std::chrono::duration_cast<std::chrono::seconds>(kMaxInputTime).count()),
               {},
               {}};
}

/// Quotes what was found, cut short: input can be a whole file.
std::string quoted(std::string_view text) {
  if (text.size() <= 40) return fmt::format("'{}'", text);
  return fmt::format("'{}...'", text.substr(0, 40));
}

struct Unit {
  std::string_view name;
  Bytes bytes;
};

constexpr std::array kUnits{
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"kB", 1'000},
    Unit{"KB", 1'000},
    Unit{"MB", 1'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"TB", 1'000'000'000'000},
    Unit{"PB", 1'000'000'000'000'000},
    Unit{"KiB", Bytes{1} << 10},
    Unit{"Ki", Bytes{1} << 10},
    Unit{"MiB", kMiB},
    Unit{"Mi", kMiB},
    Unit{"GiB", kGiB},
    Unit{"Gi", kGiB},
    Unit{"TiB", Bytes{1} << 40},
    Unit{"Ti", Bytes{1} << 40},
    Unit{"PiB", Bytes{1} << 50},
    Unit{"Pi", Bytes{1} << 50},
};

__extension__ using Wide = unsigned __int128;

/// Rounds |decimal| x unit half away from zero; nullopt beyond int64.
std::optional<Bytes> scaled(const Decimal& decimal, Bytes unit) {
  // 20 digits x 2^50 stay inside 128 bits; what is cut is far below one byte, except in sizes that
  // are out of range anyway.
  std::string digits = decimal.digits;
  std::int64_t exponent = decimal.exponent;
  if (digits.size() > 20) {
    exponent += static_cast<std::int64_t>(digits.size()) - 20;
    digits.resize(20);
  }
  Wide value = 0;
  for (const char digit : digits) value = value * 10 + static_cast<unsigned>(digit - '0');
  value *= static_cast<Wide>(unit);
  if (value == 0 || exponent < -38) return 0;
  constexpr auto kMax = static_cast<Wide>(std::numeric_limits<Bytes>::max());
  for (; exponent > 0; --exponent) {
    if (value > kMax) return std::nullopt;
    value *= 10;
  }
  Wide divisor = 1;
  for (; exponent < 0; ++exponent) divisor *= 10;
  const Wide remainder = value % divisor;
  value = value / divisor + (remainder >= divisor - remainder ? 1 : 0);
  if (value > kMax) return std::nullopt;
  return static_cast<Bytes>(value);
}

}  // namespace

Result<Duration> parse_seconds(std::string_view text) {
  std::string_view rest = text;
  const auto decimal = take_decimal(rest);
  if (!decimal || !rest.empty()) {
    return fail(fmt::format("{} is not a number of seconds", quoted(text)), {},
                "write decimal seconds, such as 12, 0.25 or 1e3");
  }
  const auto nanos = rounded(*decimal, 9);
  if (!nanos || *nanos > kMaxInputTime.count()) {
    return tl::unexpected<Error>(time_range_error(quoted(text)));
  }
  return Duration(decimal->negative ? -*nanos : *nanos);
}

Result<Duration> duration_from_seconds(double seconds) {
  if (!std::isfinite(seconds)) {
    return fail(fmt::format("{} is not a finite number of seconds", seconds));
  }
  constexpr std::int64_t kMaxSeconds = kMaxInputTime.count() / kNanosPerSecond;
  if (std::fabs(seconds) > static_cast<double>(kMaxSeconds)) {
    return tl::unexpected<Error>(time_range_error(fmt::format("{}", seconds)));
  }
  // The fraction is exact, so the whole is rounded once however many seconds there are.
  const double whole = std::trunc(seconds);
  const auto nanos = std::llround((seconds - whole) * static_cast<double>(kNanosPerSecond));
  return Duration(static_cast<std::int64_t>(whole) * kNanosPerSecond + nanos);
}

Result<Bytes> parse_bytes(std::string_view text) {
  std::string_view rest = text;
  const auto decimal = take_decimal(rest);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  const auto* unit =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == rest; });
  if (!decimal || unit == kUnits.end()) {
    return fail(fmt::format("{} is not a size", quoted(text)), {},
                "write bytes or a number with a unit, such as 24GiB, 51.1 GiB or 551MB");
  }
  if (decimal->negative) return fail(fmt::format("{} is a negative size", quoted(text)));
  const auto bytes = scaled(*decimal, unit->bytes);
  if (!bytes) {
    return fail(fmt::format("{} is beyond the largest size, {} bytes", quoted(text),
                            std::numeric_limits<Bytes>::max()));
  }
  return *bytes;
}

double to_seconds(Duration duration) {
  return static_cast<double>(duration.count()) / static_cast<double>(kNanosPerSecond);
}

double to_seconds(SimTime time) { return to_seconds(time.time_since_epoch()); }

double to_gib(Bytes bytes) { return static_cast<double>(bytes) / static_cast<double>(kGiB); }

namespace {

/// |value| as an unsigned number, also for the least int64.
std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

/// "whole.fraction" with `digits` decimals of value/unit, rounded half up.
std::string fixed(std::uint64_t value, std::uint64_t unit, int digits) {
  std::uint64_t scale = 1;
  for (int i = 0; i < digits; ++i) scale *= 10;
  std::uint64_t whole = value / unit;
  std::uint64_t fraction = ((value % unit) * scale + unit / 2) / unit;
  if (fraction == scale) {
    ++whole;
    fraction = 0;
  }
  return digits == 0 ? fmt::format("{}", whole) : fmt::format("{}.{:0{}}", whole, fraction, digits);
}

}  // namespace

std::string seconds_text(Duration duration) {
  const std::uint64_t nanos = magnitude(duration.count());
  const std::uint64_t per_second = static_cast<std::uint64_t>(kNanosPerSecond);
  std::string out = duration.count() < 0 ? "-" : "";
  out += fmt::format("{}", nanos / per_second);
  if (const std::uint64_t fraction = nanos % per_second; fraction != 0) {
    out += fmt::format(".{:09}", fraction);
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out;
}

std::string seconds_text(SimTime time) { return seconds_text(time.time_since_epoch()); }

std::string bytes_text(Bytes bytes) {
  const std::uint64_t size = magnitude(bytes);
  const std::string sign = bytes < 0 ? "-" : "";
  constexpr auto gib = static_cast<std::uint64_t>(kGiB);
  constexpr auto mib = static_cast<std::uint64_t>(kMiB);
  // Below a hundredth of a GiB two decimals of it would say nothing.
  if (size < mib) return fmt::format("{}{} B", sign, size);
  if (size < 10 * mib) return fmt::format("{}{} MiB", sign, fixed(size, mib, 2));
  const bool large = size / gib >= 10 || fixed(size, gib, 2) == "10.00";
  return fmt::format("{}{} GiB", sign, fixed(size, gib, large ? 1 : 2));
}

std::string duration_text(Duration duration) {
  const std::uint64_t nanos = magnitude(duration.count());
  const std::string sign = duration.count() < 0 ? "-" : "";
  const auto trimmed = [&](std::uint64_t unit, const char* name) {
    std::string number = fixed(nanos, unit, 1);
    if (number.ends_with(".0")) number.resize(number.size() - 2);
    return fmt::format("{}{} {}", sign, number, name);
  };
  const auto two = [&](std::uint64_t high, const char* high_name, std::uint64_t low,
                       const char* low_name) {
    std::string out = fmt::format("{}{} {}", sign, high, high_name);
    if (low > 0) out += fmt::format(" {} {}", low, low_name);
    return out;
  };
  if (nanos == 0) return "0 s";
  if (nanos < 1'000) return fmt::format("{}{} ns", sign, nanos);
  if (nanos < 999'950) return trimmed(1'000, "us");
  if (nanos < 999'950'000) return trimmed(1'000'000, "ms");
  if (nanos < 59'950'000'000) return trimmed(1'000'000'000, "s");
  const std::uint64_t seconds = (nanos + 500'000'000) / 1'000'000'000;
  if (seconds < 3'600) return two(seconds / 60, "min", seconds % 60, "s");
  const std::uint64_t minutes = (seconds + 30) / 60;
  if (minutes < 2'880) return two(minutes / 60, "h", minutes % 60, "min");
  const std::uint64_t hours = (minutes + 30) / 60;
  return two(hours / 24, "d", hours % 24, "h");
}

}  // namespace headroom
