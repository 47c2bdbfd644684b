#pragma once
// Comma-separated trace files with a header line: columns by name, values checked one by one.
//
// Columns may stand in any order and others may stand between them. Fields may be quoted ("" inside
// quotes is one quote); a quoted field ends on its line. Lines of blanks are passed over. A header
// may be a comment: a '#' before its first column is not part of the name. Every error names file,
// line, column (the character the field starts at), the value and the reason.

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

/// As split_csv, for the header: without a '#' at its beginning.
[[nodiscard]] Status split_csv_header(std::string_view line, const SourcePlace& place,
                                      std::vector<CsvField>& fields);
/// Whether a first line is a header with all these columns.
[[nodiscard]] bool has_columns(std::string_view header, std::span<const std::string> wanted);

class CsvReader {
 public:
  /// Reads the header. `format` names what is expected ("openb pods"), `required` its columns.
  /// Error: as LineReader::open, an empty file, a missing or repeated column, over 256 columns.
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
  /// As above, written in thousandths of a second (without an exponent).
  [[nodiscard]] Result<Duration> milliseconds(std::size_t column) const;
  /// A date and a time of day, as parse_wall_clock reads it.
  [[nodiscard]] Result<SimTime> wall_clock(std::size_t column) const;
  /// Decimal GiB as bytes, up to `most`. Error: not a size, or above.
  [[nodiscard]] Result<Bytes> gib(std::size_t column, Bytes most) const;
  [[nodiscard]] bool empty(std::size_t column) const { return field(column).empty(); }

  /// Place of a field of this row, of its line, or of where it begins.
  [[nodiscard]] SourcePlace place(std::size_t column) const;
  [[nodiscard]] SourcePlace place() const { return lines_.place(); }
  [[nodiscard]] SourcePlace row_place() const { return lines_.place(1); }
  /// After an error of next(): whether it was this row's alone, and rows follow.
  [[nodiscard]] bool can_go_on() const { return lines_.can_go_on(); }

 private:
  explicit CsvReader(LineReader lines) : lines_(std::move(lines)) {}
  /// The error of a row with more or fewer fields than there are columns.
  [[nodiscard]] tl::unexpected<Error> wrong_width(std::size_t line_size) const;

  LineReader lines_;
  std::vector<std::string> columns_;
  std::vector<CsvField> fields_;
};

}  // namespace headroom
