#include "traces/csv.hpp"

#include "sim/core/assert.hpp"
#include "traces/shown.hpp"
#include "traces/wall_clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace headroom {
namespace {

constexpr std::size_t kMostColumns = 256;  // finding one looks at all

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

SourcePlace at(SourcePlace place, std::size_t index) {
  place.column = static_cast<std::int64_t>(index) + 1;
  return place;
}

/// Reads the quoted field that starts at `begin` and returns the index of the comma after it.
Result<std::size_t> take_quoted(std::string_view line, std::size_t begin, const SourcePlace& place,
                                std::string& out) {
  for (std::size_t i = begin + 1; i < line.size(); ++i) {
    if (line[i] != '"') {
      out += line[i];
    } else if (i + 1 < line.size() && line[i + 1] == '"') {
      out += line[i++];
    } else {
      const std::size_t comma = std::min(line.find(',', i), line.size());
      if (!trimmed(line.substr(i + 1, comma - i - 1)).empty()) {
        return fail(
            fmt::format("'{}' follows a closing quote", shown(line.substr(i + 1, comma - i - 1))),
            at(place, i + 1), "write a quote inside a quoted field twice");
      }
      return comma;
    }
  }
  return fail("a quote opens here and does not close on this line", at(place, begin));
}

}  // namespace

Status split_csv(std::string_view line, const SourcePlace& place, std::vector<CsvField>& fields) {
  std::size_t count = 0;
  std::size_t begin = 0;
  while (true) {
    if (count == fields.size()) fields.emplace_back();
    CsvField& field = fields[count++];
    field.text.clear();
    const std::size_t first = std::min(line.find_first_not_of(" \t", begin), line.size());
    std::size_t comma = 0;
    if (first < line.size() && line[first] == '"') {
      field.column = static_cast<std::int64_t>(first) + 1;
      HEADROOM_TRY(comma, take_quoted(line, first, place, field.text));
    } else {
      comma = std::min(line.find(',', begin), line.size());
      field.column = static_cast<std::int64_t>(std::min(first, comma)) + 1;
      field.text = trimmed(line.substr(begin, comma - begin));
    }
    if (comma == line.size()) break;
    begin = comma + 1;
  }
  fields.resize(count);
  return {};
}

Status split_csv_header(std::string_view line, const SourcePlace& place,
                        std::vector<CsvField>& fields) {
  HEADROOM_CHECK(split_csv(line, place, fields));
  CsvField& first = fields.front();
  if (first.text.starts_with('#')) first.text = trimmed(std::string_view(first.text).substr(1));
  return {};
}

bool has_columns(std::string_view header, std::span<const std::string> wanted) {
  std::vector<CsvField> fields;
  if (!split_csv_header(header, {}, fields)) return false;
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const CsvField& field) { return field.text == name; });
  });
}

Result<CsvReader> CsvReader::open(const std::filesystem::path& file, std::string_view format,
                                  std::span<const std::string> required) {
  HEADROOM_TRY(auto lines, LineReader::open(file));
  CsvReader reader(std::move(lines));
  HEADROOM_TRY(const auto header, reader.lines_.next_nonblank());
  const std::string hint = fmt::format("the header of {} has {}", format, fmt::join(required, ","));
  if (!header) return fail("this file has no header line", {file.string(), 1, 0}, hint);
  HEADROOM_CHECK(split_csv_header(*header, reader.lines_.place(), reader.fields_));
  if (reader.fields_.size() > kMostColumns) {
    return fail(fmt::format("the header has {} columns, but may have {}", reader.fields_.size(),
                            kMostColumns),
                reader.lines_.place(), hint);
  }
  for (const CsvField& field : reader.fields_) {
    if (std::find(reader.columns_.begin(), reader.columns_.end(), field.text) !=
        reader.columns_.end()) {
      return fail(fmt::format("column '{}' stands twice in the header", shown(field.text)),
                  reader.lines_.place(field.column));
    }
    reader.columns_.push_back(field.text);
  }
  for (const std::string& name : required) {
    if (std::find(reader.columns_.begin(), reader.columns_.end(), name) == reader.columns_.end()) {
      return fail(fmt::format("there is no column '{}'; the columns are: {}", name,
                              shown(fmt::format("{}", fmt::join(reader.columns_, ",")), 400)),
                  reader.lines_.place(), hint);
    }
  }
  return reader;
}

Result<bool> CsvReader::next() {
  HEADROOM_TRY(const auto line, lines_.next_nonblank());
  if (!line) return false;
  HEADROOM_CHECK(split_csv(*line, lines_.place(), fields_));
  if (fields_.size() != columns_.size()) {
    return wrong_width(line->size());
  }
  return true;
}

tl::unexpected<Error> CsvReader::wrong_width(std::size_t line_size) const {
  const std::string widths = fmt::format("this row has {} fields, the header has {} columns",
                                         fields_.size(), columns_.size());
  if (fields_.size() < columns_.size()) {
    return fail(fmt::format("{}: '{}' is missing", widths, shown(columns_[fields_.size()])),
                at(lines_.place(), line_size));
  }
  const CsvField& extra = fields_[columns_.size()];
  return fail(fmt::format("{}: '{}' is beyond the last", widths, shown(extra.text)),
              lines_.place(extra.column));
}

std::optional<std::size_t> CsvReader::find_column(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::size_t CsvReader::column(std::string_view name) const {
  const auto found = find_column(name);
  HEADROOM_ASSERT(found.has_value(), "a column that was not required");
  return *found;
}

const std::string& CsvReader::field(std::size_t column) const {
  HEADROOM_ASSERT(column < fields_.size(), "a column beyond the row");
  return fields_[column].text;
}

SourcePlace CsvReader::place(std::size_t column) const {
  return lines_.place(fields_[column].column);
}

Result<std::string> CsvReader::name(std::size_t column) const {
  const std::string& text = field(column);
  if (text.empty()) {
    return fail(fmt::format("{} is empty: every row needs a name", columns_[column]),
                place(column));
  }
  return text;
}

Result<std::int64_t> CsvReader::integer(std::size_t column, IntegerRange range) const {
  const std::string& text = field(column);
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  const bool whole = stop == end && !text.empty();
  if (!whole || (code != std::errc() && code != std::errc::result_out_of_range)) {
    return fail(fmt::format("{} is '{}', but must be an integer", columns_[column], shown(text)),
                place(column));
  }
  if (code != std::errc() || value < range.min || value > range.max) {
    return fail(fmt::format("{} is {}, but must be from {} to {}", columns_[column], shown(text),
                            range.min, range.max),
                place(column));
  }
  return value;
}

Result<Duration> CsvReader::seconds(std::size_t column) const {
  const std::string& text = field(column);
  auto value = parse_seconds(text);
  if (!value) {
    return fail(fmt::format("{}: {}", columns_[column], value.error().message), place(column),
                value.error().hint);
  }
  if (*value < Duration::zero()) {
    return fail(fmt::format("{} is {}, but must not be negative", columns_[column], shown(text)),
                place(column));
  }
  return *value;
}

Result<Duration> CsvReader::milliseconds(std::size_t column) const {
  const std::string& text = field(column);
  // Shifting the point of the text keeps it exact; an exponent of its own would be a second one.
  const bool plain = text.find_first_of("eE") == std::string::npos;
  const auto value = parse_seconds(plain ? text + "e-3" : text);
  if (!plain || !value) {
    return fail(fmt::format("{} is '{}', but must be milliseconds from 0 to {}", columns_[column],
                            shown(text), kMaxInputTime / std::chrono::milliseconds(1)),
                place(column));
  }
  if (*value < Duration::zero()) {
    return fail(fmt::format("{} is {}, but must not be negative", columns_[column], shown(text)),
                place(column));
  }
  return *value;
}

Result<SimTime> CsvReader::wall_clock(std::size_t column) const {
  const std::string& text = field(column);
  auto value = parse_wall_clock(text);
  if (!value) {
    return fail(fmt::format("{}: {}", columns_[column], value.error().message), place(column),
                value.error().hint);
  }
  return *value;
}

Result<Bytes> CsvReader::gib(std::size_t column, Bytes most) const {
  const std::string& text = field(column);
  const auto value = parse_bytes(text + "GiB");
  if (!value || *value > most) {
    return fail(fmt::format("{} is '{}', but must be GiB from 0 to {}", columns_[column],
                            shown(text), most / kGiB),
                place(column));
  }
  return *value;
}

}  // namespace headroom
