#include "study/json_fields.hpp"

#include "study/input_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace headroom {
namespace {

using Json = nlohmann::json;

}  // namespace

JsonFields::JsonFields(const Json& json, std::string path, std::optional<Error>& error)
    : json_(&json), path_(std::move(path)), error_(&error) {
  if (!json.is_object()) reject("", "an object");
}

bool JsonFields::has(const char* key) const { return member(*json_, key) != nullptr; }

bool JsonFields::known(const char* key) const {
  if (json_->is_object() && !json_->contains(key)) reject(key, "there, null where it is not known");
  return has(key);
}

std::int64_t JsonFields::number(const char* key, std::int64_t least, std::int64_t most) const {
  const Json* found = member(*json_, key);
  const bool integer = found != nullptr && found->is_number_integer();
  // One that only an unsigned reading holds is above every limit here.
  const bool fits = integer && (!found->is_number_unsigned() ||
                                found->get<std::uint64_t>() <=
                                    std::uint64_t{std::numeric_limits<std::int64_t>::max()});
  const std::int64_t value = fits ? found->get<std::int64_t>() : least;
  if (fits && value >= least && value <= most) return value;
  reject(key, fmt::format("a whole number from {} to {}", least, most));
  return least;
}

int JsonFields::small(const char* key, int least, int most) const {
  return static_cast<int>(number(key, least, most));
}

double JsonFields::real(const char* key, double least, double most) const {
  const Json* found = member(*json_, key);
  const bool good = found != nullptr && found->is_number();
  const double value = good ? found->get<double>() : least;
  if (good && std::isfinite(value) && value >= least && value <= most) return value;
  reject(key, fmt::format("a number from {} to {}", least, most));
  return least;
}

bool JsonFields::flag(const char* key) const {
  const Json* found = member(*json_, key);
  if (found != nullptr && found->is_boolean()) return found->get<bool>();
  reject(key, "true or false");
  return false;
}

std::string JsonFields::text(const char* key) const {
  const Json* found = member(*json_, key);
  if (found != nullptr && found->is_string()) return found->get<std::string>();
  reject(key, "text");
  return {};
}

Duration JsonFields::seconds(const char* key) const {
  const auto value = parse_seconds(text(key));
  if (value && *value >= Duration(0)) return *value;
  reject(key, "decimal seconds as text, such as \"3600.5\"");
  return Duration(0);
}

std::optional<SimTime> JsonFields::time_if(const char* key) const {
  if (!has(key)) return std::nullopt;
  return SimTime(seconds(key));
}

Int128 JsonFields::digits(const char* key) const {
  const std::string value = text(key);
  const bool good =
      !value.empty() && value.size() <= 30 &&
      std::all_of(value.begin(), value.end(), [](unsigned char c) { return c >= '0' && c <= '9'; });
  if (!good) reject(key, "a whole number as text, of up to 30 digits");
  Int128 out = 0;
  for (std::size_t i = 0; good && i < value.size(); ++i) out = 10 * out + (value[i] - '0');
  return out;
}

std::size_t JsonFields::choice(const char* key, std::span<const std::string> names) const {
  constexpr std::size_t kMostListed = 8;
  const std::string value = text(key);
  const auto found = std::find(names.begin(), names.end(), value);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::string known = names.size() > kMostListed ? "those that are known"
                                                       : fmt::format("{}", fmt::join(names, ", "));
  reject(key, fmt::format("one of {}, not '{}'", known, value.substr(0, 40)));
  return 0;
}

JsonFields JsonFields::object(const char* key) const {
  static const Json none = Json::object();
  const Json* found = member(*json_, key);
  if (found == nullptr) reject(key, "an object");
  return {found != nullptr ? *found : none, fmt::format("{}{}.", path_, key), *error_};
}

std::vector<JsonFields> JsonFields::objects(const char* key) const {
  std::vector<JsonFields> out;
  const Json* found = list(key);
  for (std::size_t i = 0; found != nullptr && i < found->size(); ++i) {
    out.emplace_back((*found)[i], fmt::format("{}{}[{}].", path_, key, i), *error_);
  }
  return out;
}

std::vector<int> JsonFields::small_numbers(const char* key, int least, int most) const {
  std::vector<int> out;
  const Json* found = list(key);
  for (std::size_t i = 0; found != nullptr && i < found->size(); ++i) {
    const Json& item = (*found)[i];
    const bool good = item.is_number_integer() && item >= least && item <= most;
    if (!good) reject(key, fmt::format("a list of whole numbers from {} to {}", least, most));
    if (good) out.push_back(item.get<int>());
  }
  return out;
}

std::vector<double> JsonFields::reals(const char* key, double least, double most) const {
  std::vector<double> out;
  const Json* found = list(key);
  for (std::size_t i = 0; found != nullptr && i < found->size(); ++i) {
    const Json& item = (*found)[i];
    const double value = item.is_number() ? item.get<double>() : std::nan("");
    if (value >= least && value <= most) {
      out.push_back(value);
    } else {
      reject(key, fmt::format("a list of numbers from {} to {}", least, most));
    }
  }
  return out;
}

std::vector<std::string> JsonFields::texts(const char* key) const {
  std::vector<std::string> out;
  const Json* found = list(key);
  for (std::size_t i = 0; found != nullptr && i < found->size(); ++i) {
    if (!(*found)[i].is_string()) reject(key, "a list of text");
    if ((*found)[i].is_string()) out.push_back((*found)[i].get<std::string>());
  }
  return out;
}

void JsonFields::reject(const std::string& key, const std::string& wanted) const {
  if (*error_) return;
  *error_ = Error{fmt::format("'{}{}' must be {}", path_, key, wanted), {}, {}};
}

const Json* JsonFields::list(const char* key) const {
  const Json* found = member(*json_, key);
  if (found != nullptr && found->is_array()) return found;
  reject(key, "a list");
  return nullptr;
}

}  // namespace headroom
