#pragma once
// What readers of CSV traces share: one row of the file is one row of the trace.

#include "traces/csv.hpp"
#include "traces/rows.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace headroom {

/// `Port` is TaskReader or TokenReader, `Row` what its next() gives. A format derives from it and
/// fills in a row; bad rows and the order are seen to here.
template <class Port, class Row>
class CsvRows : public Port {
 public:
  /// `arrival` is the column that stamps a row (one of those required), for the place of an error.
  CsvRows(CsvReader rows, std::string_view arrival, const RowRules& rules, bool wall_clock = false)
      : rows_(std::move(rows)),
        rules_(rules),
        order_(rules.order, wall_clock, Port::kUnsortedHint),
        arrival_(rows_.column(arrival)) {}

  [[nodiscard]] Result<std::optional<Row>> next() final {
    while (true) {
      auto row = next_row();
      if (row || !rules_.pass_over(row.error(), rows_.can_go_on())) return row;
    }
  }

  [[nodiscard]] SourcePlace place() const final { return rows_.row_place(); }

 protected:
  /// Fills in the current row; `row.arrival` is its stamp. Error: a bad value.
  [[nodiscard]] virtual Status read(const CsvReader& from, Row& row) = 0;

  /// Number of a required column.
  [[nodiscard]] std::size_t column(std::string_view name) const { return rows_.column(name); }
  [[nodiscard]] std::optional<std::size_t> find_column(std::string_view name) const {
    return rows_.find_column(name);
  }

 private:
  Result<std::optional<Row>> next_row() {
    HEADROOM_TRY(const bool more, rows_.next());
    if (!more) return std::nullopt;
    Row row;
    HEADROOM_CHECK(read(rows_, row));
    HEADROOM_TRY(row.arrival, order_.take(row.arrival, rows_.place(arrival_)));
    return row;
  }

  CsvReader rows_;
  RowRules rules_;
  ArrivalOrder order_;
  std::size_t arrival_;
};

}  // namespace headroom
