#pragma once
// Looking up figures in a config.json: several spellings, several sections, and errors that name
// every one of them.

#include "sim/core/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headroom {

/// The keys under which a figure is published (the first that is there and not null counts) and the
/// range in which it makes sense.
struct Figure {
  std::string_view label;  // "query heads"
  std::vector<std::string_view> keys;
  std::int64_t least = 1;
  std::int64_t most = 1;
};

/// The sections of one config.json in which to look, nearest first. Views into the document.
class ConfigSections {
 public:
  struct Section {
    std::string name;  // "text_config"; empty for the top level
    const nlohmann::json* values = nullptr;
  };
  struct Found {
    const nlohmann::json* value = nullptr;
    std::string path;  // "text_config.num_hidden_layers"
  };

  ConfigSections(std::vector<Section> sections, std::string where)
      : sections_(std::move(sections)), where_(std::move(where)) {}

  /// The first value that is not null: section by section, key by key.
  [[nodiscard]] std::optional<Found> find(std::span<const std::string_view> keys) const;
  [[nodiscard]] std::optional<Found> find(std::string_view key) const;

  /// Whether the key is written, and as null, in the nearest section that has it.
  [[nodiscard]] bool is_null(std::string_view key) const;

  /// Error: missing or null everywhere, not an integer, or out of range.
  [[nodiscard]] Result<std::int64_t> integer(const Figure& figure) const;
  /// As above; `absent` when missing or null everywhere.
  [[nodiscard]] Result<std::int64_t> integer_or(const Figure& figure, std::int64_t absent) const;
  /// Error: there and neither true nor false.
  [[nodiscard]] Result<bool> boolean_or(std::string_view key, bool absent) const;
  /// Error: there and not a string.
  [[nodiscard]] Result<std::string> string_or(std::span<const std::string_view> keys,
                                              std::string absent) const;

  /// Any number; Error: there and none.
  [[nodiscard]] Result<double> number_or(std::string_view key, double absent) const;
  /// A list of `size` integers in the range; empty when missing, null, or not a list. Error:
  /// another size, or an entry that is none or out of range.
  [[nodiscard]] Result<std::vector<std::int64_t>> integers(const Figure& figure,
                                                           std::int64_t size) const;
  /// A list of any length of integers in the range; empty when missing or null.
  [[nodiscard]] Result<std::vector<std::int64_t>> any_integers(const Figure& figure) const;
  /// A list of `size` texts; empty when missing or null.
  [[nodiscard]] Result<std::vector<std::string>> strings(std::string_view key,
                                                         std::int64_t size) const;
  /// The section of this name in the nearest section that has one, alone. Error: not an object.
  [[nodiscard]] Result<std::optional<ConfigSections>> child(std::string_view key) const;
  /// An error about what was found at a key: "KEY is VALUE: what".
  [[nodiscard]] tl::unexpected<Error> refuse(std::string_view key, std::string_view what) const;
  [[nodiscard]] bool has(std::string_view key) const { return find(key).has_value(); }

  [[nodiscard]] SourcePlace place() const { return {where_, 0, 0}; }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  [[nodiscard]] Result<std::int64_t> checked(const Found& found, const Figure& figure) const;
  [[nodiscard]] Result<std::vector<std::int64_t>> list(const Found& found,
                                                       const Figure& figure) const;
  [[nodiscard]] std::string section_names() const;

  std::vector<Section> sections_;
  std::string where_;
};

}  // namespace headroom
