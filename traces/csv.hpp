#pragma once
// Comma-separated trace files with a header line: columns by name, values checked one by one.
//
// Columns may stand in any order and others may stand between them. Fields may be quoted ("" inside
// quotes is one quote); a quoted field ends on its line. Lines of blanks are passed over. Every
// error names file, line, column (the character the field starts at), the value and the reason.

#include "sim/core/config.hpp"
#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "traces/line_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

struct CsvField {
  std::string text;
  std::int64_t column = 0;  // 1-based character of the line
};

/// Splits one line into `fields` (reused). Error: a quote that does not close, or text after one.
[[nodiscard]] Status split_csv(std::string_view line, const SourcePlace& place,
                               std::vector<CsvField>& fields);

class CsvReader {
 public:
  /// Reads the header. `format` names what is expected ("openb pods"), `required` its columns.
  /// Error: as LineReader::open, an empty file, a missing or repeated column.
  [[nodiscard]] static Result<CsvReader> open(const std::filesystem::path& file,
                                              std::string_view format,
                                              std::span<const std::string> required);

  /// Moves to the next row; false at the end. Error: a row with more or fewer fields than the
  /// header has columns, or as LineReader::next.
  [[nodiscard]] Result<bool> next();

  /// Number of a column for the calls below. Precondition: it was required.
  [[nodiscard]] std::size_t column(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> find_column(std::string_view name) const;

  // Fields of the current row.
  [[nodiscard]] const std::string& field(std::size_t column) const;
  /// Error: empty.
  [[nodiscard]] Result<std::string> name(std::size_t column) const;
  /// Error: not an integer, or out of range.
  [[nodiscard]] Result<std::int64_t> integer(std::size_t column, IntegerRange range) const;
  /// Decimal seconds. Error: not a number, negative, or beyond kMaxInputTime.
  [[nodiscard]] Result<Duration> seconds(std::size_t column) const;

  /// Place of a field of this row, or of the row.
  [[nodiscard]] SourcePlace place(std::size_t column) const;
  [[nodiscard]] SourcePlace place() const { return lines_.place(); }

 private:
  explicit CsvReader(LineReader lines) : lines_(std::move(lines)) {}

  LineReader lines_;
  std::vector<std::string> columns_;
  std::vector<CsvField> fields_;
};

/// Refuses rows that are not in order of arrival.
class ArrivalOrder {
 public:
  /// Error: `arrival` is before the one of the call before.
  [[nodiscard]] Status check(SimTime arrival, const SourcePlace& place);

 private:
  SimTime last_ = SimTime::min();
};

}  // namespace headroom
