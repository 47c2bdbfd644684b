#include "traces/wall_clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

namespace headroom {
namespace {

constexpr std::string_view kPattern = "dddd-dd-dd?dd:dd:dd";
constexpr std::size_t kMostDigits = 9;  // of a second

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool fits_pattern(std::string_view text) {
  if (text.size() < kPattern.size()) return false;
  for (std::size_t i = 0; i < kPattern.size(); ++i) {
    const char c = text[i];
    const char wanted = kPattern[i];
    const bool fits = wanted == 'd'   ? is_digit(c)
                      : wanted == '?' ? c == ' ' || c == 'T'
                                      : c == wanted;
    if (!fits) return false;
  }
  return true;
}

// Digits only: fits_pattern has looked.
int number(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  std::from_chars(text.data() + at, text.data() + at + digits, value);
  return value;
}

// What follows the seconds: nothing, or a point and up to nine digits.
std::optional<Duration> fraction(std::string_view text) {
  if (text.empty()) return Duration::zero();
  text.remove_prefix(text.front() == '.' ? 1 : 0);
  if (text.empty() || text.size() > kMostDigits ||
      !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  std::int64_t nanos = 0;
  for (std::size_t i = 0; i < kMostDigits; ++i) {
    nanos = nanos * 10 + (i < text.size() ? text[i] - '0' : 0);
  }
  return Duration(nanos);
}

tl::unexpected<Error> refuse(std::string_view text) {
  constexpr std::size_t kShown = 40;
  return fail(fmt::format("'{}{}' is not a date and a time of day", text.substr(0, kShown),
                          text.size() > kShown ? "..." : ""),
              {}, "write it as 2023-11-16 18:17:03.97996, from 1970 on");
}

}  // namespace

Result<SimTime> parse_wall_clock(std::string_view text) {
  if (!fits_pattern(text)) return refuse(text);
  namespace chrono = std::chrono;
  const chrono::year_month_day date{chrono::year(number(text, 0, 4)),
                                    chrono::month(static_cast<unsigned>(number(text, 5, 2))),
                                    chrono::day(static_cast<unsigned>(number(text, 8, 2)))};
  const int hour = number(text, 11, 2);
  const int minute = number(text, 14, 2);
  const int second = number(text, 17, 2);
  const auto rest = fraction(text.substr(kPattern.size()));
  const bool point = text.size() == kPattern.size() || text[kPattern.size()] == '.';
  if (!date.ok() || hour > 23 || minute > 59 || second > 59 || !rest || !point) {
    return refuse(text);
  }
  const std::int64_t days = chrono::sys_days(date).time_since_epoch().count();
  constexpr std::int64_t kMostDays = kMaxInputTime / chrono::hours(24);
  if (days < 0 || days >= kMostDays) return refuse(text);
  return SimTime(chrono::hours(24 * days + hour) + chrono::minutes(minute) +
                 chrono::seconds(second) + *rest);
}

}  // namespace headroom
