#include "study/input_file.hpp"

#include "sim/core/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <system_error>

namespace headroom {
namespace {

namespace fs = std::filesystem;

constexpr int kMostDepth = 64;

Status check_depth(const InputFile& source, std::string_view text) {
  const auto index = nested_deeper(text, kMostDepth);
  if (!index) return {};
  auto error = wrong_input(source, fmt::format("nested deeper than {} levels", kMostDepth));
  error.value().place = place_in(text, *index, source.name());
  return error;
}

Result<std::string> read_stream(const InputFile& source, std::istream& in) {
  std::string text;
  std::string block(std::size_t{1} << 16U, '\0');
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (static_cast<Bytes>(text.size()) > kMostInputBytes) {
      return wrong_input(source, fmt::format("larger than {}, the most that is read",
                                             bytes_text(kMostInputBytes)));
    }
  }
  if (in.bad()) return wrong_input(source, "cannot be read");
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return wrong_input(source, "there is nothing in it");
  }
  return text;
}

}  // namespace

std::string InputFile::name() const { return file == "-" ? "standard input" : file.string(); }

tl::unexpected<Error> wrong_input(const InputFile& source, std::string message) {
  return fail(std::move(message), {source.name()},
              fmt::format("{} is wanted, as `{}` prints it", source.wanted, source.command));
}

Result<std::string> read_input(const InputFile& source) {
  if (source.file == "-") return read_stream(source, std::cin);
  std::error_code error;
  const fs::file_status status = fs::status(source.file, error);
  if (!fs::exists(status)) return wrong_input(source, "no such file");
  if (fs::is_directory(status)) return wrong_input(source, "a folder, not a file");
  std::ifstream in(source.file, std::ios::binary);
  if (!in) return wrong_input(source, "cannot be read");
  return read_stream(source, in);
}

Result<nlohmann::json> read_input_json(const InputFile& source) {
  HEADROOM_TRY(const std::string text, read_input(source));
  HEADROOM_CHECK(check_depth(source, text));
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& problem) {
    auto error = wrong_input(source, "not JSON, or cut off");
    // `byte` counts the bytes read, so the offending one is the last of them.
    const std::size_t offset = std::min(problem.byte > 0 ? problem.byte - 1 : 0, text.size());
    error.value().place = place_in(text, offset, source.name());
    return error;
  } catch (const nlohmann::json::exception&) {
    return wrong_input(source, "not JSON that can be read");
  }
}

const nlohmann::json* member(const nlohmann::json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(key));
  if (found == object.end() || found->is_null()) return nullptr;
  return &*found;
}

const nlohmann::json* member_at(const nlohmann::json& object,
                                std::initializer_list<std::string_view> path) {
  const nlohmann::json* at = &object;
  for (const std::string_view key : path) {
    at = member(*at, key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string text_at(const nlohmann::json& object, std::initializer_list<std::string_view> path) {
  const nlohmann::json* found = member_at(object, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::string some_names(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  const std::size_t shown = std::min(names.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += names[i];
  }
  if (shown < names.size()) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

}  // namespace headroom
