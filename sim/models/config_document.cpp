#include "sim/models/config_document.hpp"

#include "sim/core/json_text.hpp"
#include "sim/core/units.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <system_error>
#include <utility>

namespace headroom {
namespace {

namespace fs = std::filesystem;

// Stands for NaN and Infinity as a JSON string no longer than either: one DEL character, which no
// config writes.
constexpr std::string_view kNotANumber = "\"\x7f\"";
constexpr std::size_t kMostShown = 40;

Error too_large(const std::string& where) {
  return Error{fmt::format("larger than {} MiB, the most that is read of a JSON document",
                           kMaxConfigBytes / kMiB),
               SourcePlace{where, 0, 0},
               {}};
}

/// The length of a bare NaN or Infinity at `at`, with its sign, else 0.
std::size_t bare_word(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 3> kWords{"NaN", "Infinity", "-Infinity"};
  for (const std::string_view word : kWords) {
    if (text.substr(at, word.size()) == word) return word.size();
  }
  return 0;
}

/// Refuses what is nested too deep, and replaces NaN and Infinity in place.
Status prepare(std::string& text, const std::string& where) {
  if (const auto index = nested_deeper(text, kMaxConfigDepth)) {
    return fail(fmt::format("nested deeper than {} levels", kMaxConfigDepth),
                place_in(text, *index, where));
  }
  OutsideStrings outside(text);
  while (const auto index = outside.next()) {
    const std::size_t length = bare_word(text, *index);
    if (length == 0) continue;
    text.replace(*index, length, length, ' ');
    text.replace(*index, kNotANumber.size(), kNotANumber);
    outside.skip(length - 1);
  }
  return {};
}

/// The library's sentence without its identifier and position, which the place already gives.
std::string parser_message(std::string_view what) {
  if (const auto end = what.find("] "); end != std::string_view::npos) what.remove_prefix(end + 2);
  if (what.starts_with("parse error")) {
    if (const auto colon = what.find(": "); colon != std::string_view::npos) {
      what.remove_prefix(colon + 2);
    }
  }
  return std::string(what);
}

}  // namespace

Result<std::string> read_config_text(const fs::path& file) {
  const std::string where = file.string();
  const SourcePlace place{where, 0, 0};
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) return fail("no such file", place);
  if (!fs::is_regular_file(status)) return fail("not a regular file", place);
  const auto size = fs::file_size(file, error);
  if (error) return fail(fmt::format("cannot be read: {}", error.message()), place);
  if (size > static_cast<std::uintmax_t>(kMaxConfigBytes)) {
    return tl::unexpected<Error>(too_large(where));
  }
  std::ifstream in(file, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!in || (size > 0 && !in.read(text.data(), static_cast<std::streamsize>(size)))) {
    return fail("cannot be read", place);
  }
  return text;
}

Result<nlohmann::json> parse_config_document(std::string_view json, const std::string& where) {
  if (static_cast<std::int64_t>(json.size()) > kMaxConfigBytes) {
    return tl::unexpected<Error>(too_large(where));
  }
  std::string text(json);
  HEADROOM_CHECK(prepare(text, where));
  try {
    nlohmann::json document = nlohmann::json::parse(text);
    if (!document.is_object()) {
      return fail(fmt::format("the document must be an object, found {}", value_text(document)),
                  SourcePlace{where, 1, 1});
    }
    return document;
  } catch (const nlohmann::json::parse_error& error) {
    // `byte` counts the bytes read, so the offending one is the last of them.
    const std::size_t offset = error.byte > 0 ? error.byte - 1 : 0;
    return fail(fmt::format("not JSON: {}", parser_message(error.what())),
                place_in(text, offset, where));
  } catch (const nlohmann::json::exception& error) {
    return fail(fmt::format("not JSON: {}", parser_message(error.what())),
                SourcePlace{where, 0, 0});
  }
}

std::string value_text(const nlohmann::json& value) {
  std::string out = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (out == kNotANumber) return "NaN or Infinity";
  if (out.size() <= kMostShown) return out;
  // Cut between characters: a continuation byte of UTF-8 starts with the bits 10.
  std::size_t end = kMostShown;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U) --end;
  out.resize(end);
  return out + "...";
}

}  // namespace headroom
