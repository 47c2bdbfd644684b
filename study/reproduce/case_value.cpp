#include "study/reproduce/case_value.hpp"

#include "sim/models/config_document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace headroom {
namespace {

const nlohmann::json kNull;

}  // namespace

CaseValue::CaseValue(const nlohmann::json& value, SourcePlace place, std::string what,
                     std::optional<Error>& error)
    : value_(&value), place_(std::move(place)), what_(std::move(what)), error_(&error) {}

CaseValue CaseValue::child(const nlohmann::json& value, const std::string& path) const {
  CaseValue out(value, place_, what_, *error_);
  out.path_ = path_.empty() || path.starts_with('[') ? path_ + path : path_ + "." + path;
  return out;
}

void CaseValue::reject(std::string_view expected) const {
  if (*error_) return;
  const std::string where = path_.empty() ? "" : fmt::format(": '{}'", path_);
  *error_ =
      Error{fmt::format("{}{} is {}, expected {}", what_, where, value_text(*value_), expected),
            place_,
            {}};
}

bool CaseValue::has(std::string_view key) const { return !at(key).is_null(); }

bool CaseValue::names(std::string_view key) const {
  return value_->is_object() && value_->contains(key);
}

CaseValue CaseValue::at(std::string_view key) const {
  if (!value_->is_object()) {
    if (!value_->is_null()) reject("an object");
    return child(kNull, std::string(key));
  }
  const auto found = value_->find(key);
  return child(found == value_->end() ? kNull : *found, std::string(key));
}

std::int64_t CaseValue::integer(std::string_view key) const { return at(key).as_integer(); }

std::int64_t CaseValue::integer_or(std::string_view key, std::int64_t fallback) const {
  return optional_integer(key).value_or(fallback);
}

std::optional<std::int64_t> CaseValue::optional_integer(std::string_view key) const {
  const CaseValue value = at(key);
  if (value.is_null()) return std::nullopt;
  return value.as_integer();
}

double CaseValue::number_or(std::string_view key, double fallback) const {
  const CaseValue value = at(key);
  return value.is_null() ? fallback : value.as_number();
}

std::string CaseValue::text(std::string_view key) const { return at(key).as_text(); }

std::string CaseValue::text_or(std::string_view key, std::string_view fallback) const {
  const CaseValue value = at(key);
  return value.is_null() ? std::string(fallback) : value.as_text();
}

bool CaseValue::flag_or(std::string_view key, bool fallback) const {
  const CaseValue value = at(key);
  if (value.is_null()) return fallback;
  if (!value.value_->is_boolean()) {
    value.reject("true or false");
    return fallback;
  }
  return value.value_->get<bool>();
}

std::vector<CaseValue> CaseValue::list(std::string_view key) const { return at(key).entries(); }

std::vector<std::string> CaseValue::texts(std::string_view key) const {
  std::vector<std::string> out;
  for (const CaseValue& entry : list(key)) out.push_back(entry.as_text());
  return out;
}

std::vector<std::int64_t> CaseValue::integers(std::string_view key) const {
  std::vector<std::int64_t> out;
  for (const CaseValue& entry : list(key)) out.push_back(entry.as_integer());
  return out;
}

std::vector<std::string> CaseValue::keys() const {
  std::vector<std::string> out;
  if (!value_->is_object()) return out;
  for (const auto& [key, value] : value_->items()) out.push_back(key);
  return out;
}

namespace {

// Without what says that a name may be null.
std::string listed(std::span<const std::string_view> names) {
  std::string out = fmt::format("{}", fmt::join(names, ", "));
  std::erase(out, '?');
  return out;
}

}  // namespace

void CaseValue::only(std::span<const std::string_view> names) const {
  for (const std::string& key : keys()) {
    const auto known = std::find_if(names.begin(), names.end(), [&](std::string_view name) {
      return key == name || key + "?" == name;
    });
    if (known == names.end()) {
      at(key).reject(fmt::format("no such key: {} count here", listed(names)));
    } else if (*known == key && at(key).is_null()) {
      at(key).reject("a value to compare with");
    }
  }
}

CaseValue CaseValue::some_of(std::string_view key,
                             std::initializer_list<std::string_view> names) const {
  CaseValue value = at(key);
  value.only(names);
  if (value.keys().empty()) value.reject("some of " + listed(names));
  return value;
}

std::int64_t CaseValue::as_integer() const {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;  // what every JSON reader keeps exactly
  if (!value_->is_number_integer() ||
      (value_->is_number_unsigned() && value_->get<std::uint64_t>() > std::uint64_t{kMost})) {
    reject("a whole number below 2^53");
    return 0;
  }
  const auto value = value_->get<std::int64_t>();
  if (value < -kMost) reject("a whole number above -2^53");
  return value;
}

double CaseValue::as_number() const {
  if (!value_->is_number()) {
    reject("a number");
    return 0;
  }
  return value_->get<double>();
}

std::string CaseValue::as_text() const {
  if (!value_->is_string()) {
    reject("a text");
    return "";
  }
  return value_->get<std::string>();
}

std::vector<CaseValue> CaseValue::entries() const {
  std::vector<CaseValue> out;
  if (value_->is_null()) return out;
  if (!value_->is_array()) {
    reject("a list");
    return out;
  }
  for (std::size_t i = 0; i < value_->size(); ++i) {
    out.push_back(child((*value_)[i], fmt::format("[{}]", i)));
  }
  return out;
}

}  // namespace headroom
