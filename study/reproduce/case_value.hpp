#pragma once
// Strict reading of small JSON documents. Reading is sticky, as ConfigTable's is for TOML: the
// first error is kept, later calls return a fallback, and one check at the end tells.

#include "sim/core/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// A value of a document with its path in it. A view: document and error outlive it.
class CaseValue {
 public:
  /// `place` is the file, with the line where one is known; `what` names the record in errors.
  CaseValue(const nlohmann::json& value, SourcePlace place, std::string what,
            std::optional<Error>& error);

  /// There, and not null.
  [[nodiscard]] bool has(std::string_view key) const;
  /// There, null or not.
  [[nodiscard]] bool names(std::string_view key) const;
  /// Whether this value is itself a list, an object, a number.
  [[nodiscard]] bool is_list() const { return value_->is_array(); }
  [[nodiscard]] bool is_object() const { return value_->is_object(); }
  [[nodiscard]] bool is_null() const { return value_->is_null(); }

  // Members. The short forms need them; absent or null is an error.
  [[nodiscard]] CaseValue at(std::string_view key) const;  // null if absent
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] std::int64_t integer_or(std::string_view key, std::int64_t fallback) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view key) const;
  [[nodiscard]] double number_or(std::string_view key, double fallback) const;
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view fallback) const;
  [[nodiscard]] bool flag_or(std::string_view key, bool fallback) const;
  /// Entries of a list; absent or null is empty.
  [[nodiscard]] std::vector<CaseValue> list(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> keys() const;

  // This value itself.
  [[nodiscard]] std::int64_t as_integer() const;
  [[nodiscard]] double as_number() const;
  [[nodiscard]] std::string as_text() const;
  [[nodiscard]] std::vector<CaseValue> entries() const;

  /// Rejects members of other names than these, and those that are null where no '?' after the
  /// name allows it: {"best", "message?"}.
  void only(std::span<const std::string_view> names) const;
  /// As above, of the member `key`, which must be an object with at least one of them.
  [[nodiscard]] CaseValue some_of(std::string_view key,
                                  std::initializer_list<std::string_view> names) const;

  /// Records that this value is wrong, unless something was before.
  void reject(std::string_view expected) const;
  [[nodiscard]] const SourcePlace& place() const { return place_; }

 private:
  [[nodiscard]] CaseValue child(const nlohmann::json& value, const std::string& path) const;

  const nlohmann::json* value_;
  SourcePlace place_;
  std::string what_;
  std::string path_;
  std::optional<Error>* error_;
};

}  // namespace headroom
