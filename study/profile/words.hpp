#pragma once
// Figures of profiles as tables have them.

#include "study/profile/profile.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::profile {

/// Text of a file as a terminal and a table can take it: of at most so many bytes, with '?' for
/// control characters.
[[nodiscard]] std::string plain_text(std::string_view text, std::size_t most = 200);
/// "GPU (CUDA)", "cpu: not a GPU".
[[nodiscard]] std::string kind_words(const Device& device);
/// "10.09", "1234.5", "123,457".
[[nodiscard]] std::string us_text(double us);
/// Implementations as tables and headings name them.
[[nodiscard]] std::string implementation_text(std::string_view name);
/// "bf16", or "bf16/fp8" where keys and values are of another type.
[[nodiscard]] std::string types_text(Type type, Type kv_type);
[[nodiscard]] std::string types_text(const Point& point);
/// "nvswitch"; "-" where it is not known.
[[nodiscard]] std::string topology_text(const Collective& collective);
/// A count, or "-" where it is not known.
[[nodiscard]] std::string count_or_dash(const Count& count);
/// "2 of attention, 1 of collectives", and what else there is.
[[nodiscard]] std::string counts_text(const Profile& profile);
/// Counts with commas.
[[nodiscard]] std::string count_text(std::size_t count);
/// "12.3k", "4.57M", "1.20G".
[[nodiscard]] std::string si_text(double value);
/// "64.1 %" of the ceiling; "-" where there is none.
[[nodiscard]] std::string share_text(double value, const Number& ceiling);
/// "1 point", "1,200 points".
[[nodiscard]] std::string counted(std::size_t count, const std::string& what);
/// "  ... and 12 more WHAT" on a line; nothing where all are shown.
[[nodiscard]] std::string left_out(std::size_t all, std::size_t shown, const std::string& what);
/// Up to `most` of so many rows, the first and the last among them and the others at even
/// distances.
[[nodiscard]] std::vector<std::size_t> spread(std::size_t count, std::size_t most);
/// The row without blanks at its end, and a line end.
[[nodiscard]] std::string row_text(std::string row);

inline constexpr std::size_t kTableRows = 40;  // of a table, unless all are asked for

/// Counted work over the cold median; over the hot one where there is no cold one.
struct Rates {
  double bytes_per_s = 0.0;
  double flop_per_s = 0.0;
};
[[nodiscard]] Rates rates_of(const Point& point);
/// Both factors read once, and the product written once in 16 bits.
[[nodiscard]] Rates rates_of(const Matmul& matmul);
/// Cached values of all tokens read once; none for prefill, which reads none.
[[nodiscard]] std::optional<double> cache_bytes_per_s(const LatentPoint& point);

}  // namespace headroom::profile
