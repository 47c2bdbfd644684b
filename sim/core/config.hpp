#pragma once
// Strict TOML reading: every key a program asks for is checked for type and range, and every key it
// never asked for is an error naming the nearest one it would have understood.
//
// Reading is sticky: the first error is kept and later calls return their fallback, so that a
// reader is straight-line code with one check at its end:
//
//     HEADROOM_TRY(auto config, ConfigTable::read("cluster.toml"));
//     const auto count = config.integer_or("count", {1, 1'000'000}, 1);
//     HEADROOM_CHECK(config.finish());

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

struct IntegerRange {
  std::int64_t min;
  std::int64_t max;
};

struct NumberRange {
  double min;
  double max;
};

class ConfigTable {
 public:
  /// Error: missing or unreadable file, larger than 64 MiB, broken TOML (line and column).
  [[nodiscard]] static Result<ConfigTable> read(const std::filesystem::path& file);
  [[nodiscard]] static Result<ConfigTable> parse(std::string_view text, const std::string& where);

  /// Overrides one value by dotted path ("queue.waiting_limit_s=60", as `--set` gives it). The
  /// value is TOML; what does not parse as TOML is taken as text. Error: malformed, or the path
  /// runs through a value that is not a table.
  [[nodiscard]] Status set(std::string_view assignment);

  [[nodiscard]] bool has(std::string_view key) const;

  // Required values: absent is an error.
  [[nodiscard]] std::int64_t integer(std::string_view key, IntegerRange range) const;
  [[nodiscard]] double number(std::string_view key, NumberRange range) const;
  [[nodiscard]] std::string text(std::string_view key) const;

  // Optional values.
  [[nodiscard]] std::int64_t integer_or(std::string_view key, IntegerRange range,
                                        std::int64_t fallback) const;
  [[nodiscard]] double number_or(std::string_view key, NumberRange range, double fallback) const;
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view fallback) const;
  [[nodiscard]] bool flag_or(std::string_view key, bool fallback) const;
  /// One of `allowed`.
  [[nodiscard]] std::string choice_or(std::string_view key, std::span<const std::string> allowed,
                                      std::string_view fallback) const;
  /// A size in bytes: an integer, or text as parse_bytes takes it. Never negative.
  [[nodiscard]] Bytes bytes_or(std::string_view key, Bytes fallback) const;
  /// One size, which then stands for all `count`, or a list of so many.
  [[nodiscard]] std::vector<Bytes> sizes_or(std::string_view key, std::size_t count,
                                            std::vector<Bytes> fallback) const;
  /// Decimal seconds, never negative.
  [[nodiscard]] Duration seconds_or(std::string_view key, Duration fallback) const;
  [[nodiscard]] std::vector<std::string> texts_or(std::string_view key,
                                                  std::vector<std::string> fallback) const;
  [[nodiscard]] std::vector<std::int64_t> integers_or(std::string_view key, IntegerRange range,
                                                      std::vector<std::int64_t> fallback) const;
  [[nodiscard]] std::vector<double> numbers_or(std::string_view key, NumberRange range,
                                               std::vector<double> fallback) const;

  /// A sub-table; an absent one reads as empty.
  [[nodiscard]] ConfigTable table(std::string_view key) const;
  /// An array of tables; an absent one reads as none.
  [[nodiscard]] std::vector<ConfigTable> tables(std::string_view key) const;
  /// All keys of this table in alphabetical order, each counted as asked for.
  [[nodiscard]] std::vector<std::string> keys() const;

  /// Records an error at this key (or, for an empty key, at this table) unless there is one
  /// already.
  void reject(std::string_view key, std::string message, std::string hint = {}) const;
  [[nodiscard]] SourcePlace place(std::string_view key = {}) const;
  /// The file this was read from (or the `where` given to parse).
  [[nodiscard]] const std::string& file() const;

  /// The first error of the whole document so far; then unknown keys, in the tables that were
  /// visited. Call it once on the root at the end.
  [[nodiscard]] Status finish() const;
  /// The first error so far, without looking for unknown keys.
  [[nodiscard]] Status status() const;

 private:
  struct Document;
  ConfigTable(std::shared_ptr<Document> document, void* table, std::string path);
  void* find(std::string_view key) const;
  void reject_type(std::string_view key, std::string_view wanted) const;
  void reject_missing(std::string_view key) const;
  std::optional<Bytes> size_of(void* at, std::string_view key) const;

  std::shared_ptr<Document> document_;
  void* table_ = nullptr;  // toml::table of the document; null reads as empty
  std::string path_;       // dotted path, for messages
};

}  // namespace headroom
