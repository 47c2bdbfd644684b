#pragma once
// Reading whole files that a command made (other programs', or saved states): bounded, and with
// errors that say which command makes them.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace headroom {

/// A file to read: where it is, what it should be, and how it is made.
struct InputFile {
  std::filesystem::path file;  // "-" = standard input
  std::string wanted;          // "a list of nodes"
  std::string command;         // "kubectl get nodes -o json"

  [[nodiscard]] std::string name() const;
};

/// Largest file read: a list of pods of 10,000 nodes is below it.
inline constexpr Bytes kMostInputBytes = Bytes{512} << 20;

/// "FILE: MESSAGE — WANTED is what `COMMAND` prints".
[[nodiscard]] tl::unexpected<Error> wrong_input(const InputFile& source, std::string message);

/// The whole text. Error: unreadable, empty, or too large.
[[nodiscard]] Result<std::string> read_input(const InputFile& source);

/// Error: also not JSON (line and column), or nested deeper than 64 levels.
[[nodiscard]] Result<nlohmann::json> read_input_json(const InputFile& source);

/// The member of an object, or nullptr where there is none, it is null, or this is no object.
[[nodiscard]] const nlohmann::json* member(const nlohmann::json& object, std::string_view key);
/// The text at a path of keys; empty where it is not there or no text.
[[nodiscard]] std::string text_at(const nlohmann::json& object,
                                  std::initializer_list<std::string_view> path);
/// The member at a path of keys, or nullptr.
[[nodiscard]] const nlohmann::json* member_at(const nlohmann::json& object,
                                              std::initializer_list<std::string_view> path);

/// "a, b and 3 more": at most `most` of them by name.
[[nodiscard]] std::string some_names(const std::vector<std::string>& names, std::size_t most = 4);

}  // namespace headroom
