#pragma once
// Strict reading of JSON documents, key by key.
//
// Reading is sticky: the first error is kept with the path of its key ("placed[0].gpu"), and later
// calls return a zero, so that a reader is straight-line code with one check at its end.

#include "sim/core/int128.hpp"
#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headroom {

/// One object of a document, which has to outlive it.
class JsonFields {
 public:
  JsonFields(const nlohmann::json& json, std::string path, std::optional<Error>& error);

  /// Whether the key is there, and not null.
  [[nodiscard]] bool has(const char* key) const;

  // Required values: absent or null is an error.
  [[nodiscard]] std::int64_t number(const char* key, std::int64_t least, std::int64_t most) const;
  [[nodiscard]] int small(const char* key, int least, int most) const;
  /// Any number of that range, which has to be finite.
  [[nodiscard]] double real(const char* key, double least, double most) const;
  [[nodiscard]] bool flag(const char* key) const;
  [[nodiscard]] std::string text(const char* key) const;
  /// Decimal seconds as text, not negative.
  [[nodiscard]] Duration seconds(const char* key) const;
  [[nodiscard]] std::optional<SimTime> time_if(const char* key) const;
  /// A whole number as text, which may be larger than JSON readers hold; up to 30 digits.
  [[nodiscard]] Int128 digits(const char* key) const;
  [[nodiscard]] JsonFields object(const char* key) const;
  [[nodiscard]] std::vector<JsonFields> objects(const char* key) const;
  [[nodiscard]] std::vector<int> small_numbers(const char* key, int least, int most) const;
  [[nodiscard]] std::vector<double> reals(const char* key, double least, double most) const;
  [[nodiscard]] std::vector<std::string> texts(const char* key) const;
  /// The place in `names` of the text there; 0 where it is none of them.
  [[nodiscard]] std::size_t choice(const char* key, std::span<const std::string> names) const;

  /// Whether there is a value that is not null; absent is an error.
  [[nodiscard]] bool known(const char* key) const;

  /// Keeps the first error: "'PATH.KEY' must be WANTED".
  void reject(const std::string& key, const std::string& wanted) const;

 private:
  [[nodiscard]] const nlohmann::json* list(const char* key) const;

  const nlohmann::json* json_;
  std::string path_;
  std::optional<Error>* error_;
};

}  // namespace headroom
