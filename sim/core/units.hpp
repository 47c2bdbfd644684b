#pragma once
// Time and bytes: the units every part shares, and their text forms.
//
// Simulated time is int64 nanoseconds from the start of the trace (range: 292 years). Files carry
// decimal seconds, because JSON readers lose integers above 2^53. Memory is int64 bytes.

#include "sim/core/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace headroom {

/// The simulated clock: it has no now(), so that no code can read wall time by mistake.
struct SimClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<SimClock>;
  static constexpr bool is_steady = true;
};

using Duration = SimClock::duration;
using SimTime = SimClock::time_point;
using Bytes = std::int64_t;

inline constexpr Bytes kMiB = Bytes{1} << 20;
inline constexpr Bytes kGiB = Bytes{1} << 30;

/// Longest time accepted from any input: 100 years. Sums of two stay inside int64.
inline constexpr Duration kMaxInputTime = std::chrono::hours{24 * 365 * 100};

/// Exact decimal seconds ("12", "0.25", "1e3") to nanoseconds; digits past the ninth are rounded
/// half away from zero. Error: not a number, not finite, or beyond kMaxInputTime either way.
[[nodiscard]] Result<Duration> parse_seconds(std::string_view text);
/// Rounds once to nanoseconds. Error as for parse_seconds.
[[nodiscard]] Result<Duration> duration_from_seconds(double seconds);

/// "51.1 GiB", "24GiB", "551MB", "1024" (bytes); decimal and binary prefixes. Error: not a size.
[[nodiscard]] Result<Bytes> parse_bytes(std::string_view text);

/// For arithmetic that is rounded afterwards, and for printing.
[[nodiscard]] double to_seconds(Duration duration);
[[nodiscard]] double to_seconds(SimTime time);
[[nodiscard]] double to_gib(Bytes bytes);

/// Shortest decimal seconds that read back to the same nanoseconds: "12", "0.25".
[[nodiscard]] std::string seconds_text(Duration duration);
[[nodiscard]] std::string seconds_text(SimTime time);
/// "51.1 GiB": for people; one decimal from 10 GiB, two below.
[[nodiscard]] std::string bytes_text(Bytes bytes);
/// "3 h 20 min", "15 s": for people.
[[nodiscard]] std::string duration_text(Duration duration);

}  // namespace headroom
