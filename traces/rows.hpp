#pragma once
// What every reader does with its rows: their order, the zero of their clock, and bad ones.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace headroom {

enum class RowOrder {
  by_arrival,  // a row before the one above is a bad row; wall clocks count from the first row
  any,         // as the file has them; wall clocks count from 1970
};

/// Bad rows that were passed over: how many, and the first few.
struct SkippedRows {
  static constexpr std::size_t kListed = 10;
  std::uint64_t count = 0;
  std::vector<Error> first;

  void add(Error error);
};

/// How a file is read. Copies share what is skipped.
struct RowRules {
  RowOrder order = RowOrder::by_arrival;
  std::shared_ptr<SkippedRows> skipped;  // null = the first bad row is an error

  /// For the loop of a reader's next(): whether this error was one row's, and is passed over.
  /// `more` = rows may follow (a broken file is never passed over).
  [[nodiscard]] bool pass_over(const Error& error, bool more) const;
};

/// Holds the rows of one file to their order.
class ArrivalOrder {
 public:
  /// `hint` says what to do about an unsorted file, and has to outlive it.
  explicit ArrivalOrder(RowOrder order = RowOrder::by_arrival, bool wall_clock = false,
                        std::string_view hint = kConvertHint)
      : order_(order), wall_clock_(wall_clock), hint_(hint) {}

  static constexpr std::string_view kConvertHint =
      "sort the file by arrival first: headroom trace convert FILE --to native --out SORTED";

  /// The arrival of a row with this stamp. Error: it is before the one of the call before.
  [[nodiscard]] Result<SimTime> take(SimTime stamp, const SourcePlace& place);

 private:
  RowOrder order_;
  bool wall_clock_;
  std::string_view hint_;
  std::optional<SimTime> last_;
  Duration origin_{};
};

}  // namespace headroom
