#pragma once
// Lines of a text file or of its gzip form, one at a time: what every trace reader stands on.
//
// A trace can be larger than memory, and can be broken anywhere. At most one line is held, and a
// line longer than the limit is refused before it is read whole. Both line ends (LF and CRLF), a
// missing one at the end of the file and a UTF-8 byte order mark are accepted.

#include "sim/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace headroom {

inline constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

class LineReader {
 public:
  /// Error: no such file, a directory, a pipe or a device, no permission, or a name ending in .gz
  /// without gzip data.
  [[nodiscard]] static Result<LineReader> open(const std::filesystem::path& file,
                                               std::size_t max_line = kMaxLineBytes);

  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;
  ~LineReader();

  /// The next line without its end, nullopt after the last; the view holds until the next call.
  /// Error: a line over the limit, a truncated or corrupt gzip file, a failing disk. After an error
  /// there are no more lines.
  [[nodiscard]] Result<std::optional<std::string_view>> next();
  /// As above, passing over lines of nothing but blanks.
  [[nodiscard]] Result<std::optional<std::string_view>> next_nonblank();

  /// Whether lines may follow: false after the last one and after an error of next().
  [[nodiscard]] bool can_go_on() const { return !done_; }

  /// Number of the line that next() last returned, 1-based; 0 before the first.
  [[nodiscard]] std::int64_t line() const { return line_; }
  /// That line, for an error message; `column` is 1-based, 0 = the whole line.
  [[nodiscard]] SourcePlace place(std::int64_t column = 0) const;

 private:
  struct Stream;
  LineReader(std::unique_ptr<Stream> stream, std::string file, std::size_t max_line);
  Result<bool> refill();

  std::unique_ptr<Stream> stream_;
  std::string file_;
  std::size_t max_line_;
  std::string current_;
  std::int64_t line_ = 0;
  bool done_ = false;
};

}  // namespace headroom
