#include "traces/json_line.hpp"

#include "sim/core/nearest.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace headroom {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostKeys = 64;  // finding one looks at all

std::string shown(const JsonValue& value) {
  switch (value.kind) {
    case JsonValue::Kind::nothing:
      return "null";
    case JsonValue::Kind::array:
      return fmt::format("an array of {}", value.items.size());
    default:
      return value.text.size() <= 60 ? value.text : value.text.substr(0, 57) + "...";
  }
}

}  // namespace

/// Takes the parser's events straight into members: a tree would round numbers and hide a key that
/// stands twice.
class JsonLine::Handler final : public nlohmann::json_sax<Json> {
 public:
  Handler(JsonLine& line, const SourcePlace& place) : line_(line), place_(place) {}

  bool null() override { return put({JsonValue::Kind::nothing, "null", {}}); }
  bool boolean(bool value) override {
    return put({JsonValue::Kind::flag, value ? "true" : "false", {}});
  }
  bool number_integer(number_integer_t value) override {
    return put({JsonValue::Kind::number, std::to_string(value), {}});
  }
  bool number_unsigned(number_unsigned_t value) override {
    return put({JsonValue::Kind::number, std::to_string(value), {}});
  }
  bool number_float(number_float_t /*rounded*/, const string_t& written) override {
    return put({JsonValue::Kind::number, written, {}});
  }
  bool string(string_t& value) override {
    return put({JsonValue::Kind::text, std::move(value), {}});
  }
  bool binary(binary_t& /*value*/) override { return refuse("binary values are not read"); }

  bool start_object(std::size_t /*elements*/) override {
    if (in_object_) return refuse(fmt::format("'{}' is an object, but rows are flat", key_));
    in_object_ = true;
    return true;
  }
  bool key(string_t& name) override {
    if (line_.members_.size() == kMostKeys) {
      return refuse(fmt::format("a row has at most {} keys", kMostKeys));
    }
    if (line_.has(name)) return refuse(fmt::format("key '{}' stands twice", name));
    key_ = std::move(name);
    return true;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*elements*/) override {
    if (!in_object_) return refuse("a row must be an object, not an array");
    if (in_array_) return refuse(fmt::format("'{}' is an array of arrays", key_));
    in_array_ = true;
    array_ = {JsonValue::Kind::array, "", {}};
    return true;
  }
  bool end_array() override {
    in_array_ = false;
    return put(std::move(array_));
  }
  bool parse_error(std::size_t position, const std::string& last_token,
                   const Json::exception& /*error*/) override {
    SourcePlace place = place_;
    place.column = static_cast<std::int64_t>(position);
    std::string near =
        last_token.size() <= 40 ? last_token : "..." + last_token.substr(last_token.size() - 37);
    error_ =
        Error{fmt::format("not valid JSON near '{}'", near), place, "write one JSON object a line"};
    return false;
  }

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  bool put(JsonValue value) {
    if (in_array_) {
      array_.items.push_back(std::move(value));
      return true;
    }
    if (!in_object_) return refuse("a row must be an object");
    line_.members_.push_back({key_, std::move(value)});
    return true;
  }
  bool refuse(std::string message) {
    error_ = Error{std::move(message), place_, {}};
    return false;
  }

  JsonLine& line_;
  const SourcePlace& place_;
  std::string key_;
  JsonValue array_;
  bool in_object_ = false;
  bool in_array_ = false;
  std::optional<Error> error_;
};

Result<JsonLine> JsonLine::parse(std::string_view line, const SourcePlace& place) {
  JsonLine out;
  out.place_ = place;
  Handler handler(out, place);
  Json::sax_parse(line.begin(), line.end(), &handler);
  if (handler.error()) return tl::unexpected<Error>(*handler.error());
  return out;
}

const JsonValue* JsonLine::find(std::string_view key) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.key == key; });
  return found == members_.end() ? nullptr : &found->value;
}

const JsonValue* JsonLine::required(std::string_view key) {
  const JsonValue* value = find(key);
  if (value == nullptr) reject(fmt::format("'{}' is missing", key));
  return value;
}

void JsonLine::reject(std::string message, std::string hint) {
  if (!error_) error_ = Error{std::move(message), place_, std::move(hint)};
}

void JsonLine::reject_type(std::string_view key, const JsonValue& value, std::string_view wanted) {
  reject(fmt::format("'{}' is {}, but must be {}", key, shown(value), wanted));
}

Status JsonLine::status() const {
  if (error_) return tl::unexpected<Error>(*error_);
  return {};
}

void JsonLine::check_keys(std::span<const std::string> known) {
  for (const Member& member : members_) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      reject(fmt::format("unknown key '{}'", member.key), suggest(member.key, known));
      return;
    }
  }
}

std::string JsonLine::text(std::string_view key) {
  if (required(key) == nullptr) return {};
  std::string value = text_or(key, "");
  if (value.empty()) reject(fmt::format("'{}' is empty", key));
  return value;
}

std::string JsonLine::text_or(std::string_view key, std::string_view fallback) {
  const JsonValue* value = find(key);
  if (value == nullptr) return std::string(fallback);
  if (value->kind != JsonValue::Kind::text) {
    reject_type(key, *value, "text in quotes");
    return std::string(fallback);
  }
  return value->text;
}

std::optional<std::int64_t> JsonLine::integer_in(std::string_view key, const JsonValue& value,
                                                 IntegerRange range) {
  std::int64_t number = 0;
  const char* end = value.text.data() + value.text.size();
  const auto [stop, code] = std::from_chars(value.text.data(), end, number);
  if (value.kind != JsonValue::Kind::number || stop != end) {
    reject_type(key, value, "an integer");
    return std::nullopt;
  }
  if (code != std::errc() || number < range.min || number > range.max) {
    reject_type(key, value, fmt::format("from {} to {}", range.min, range.max));
    return std::nullopt;
  }
  return number;
}

std::int64_t JsonLine::integer(std::string_view key, IntegerRange range) {
  return required(key) == nullptr ? range.min : integer_or(key, range, range.min);
}

std::int64_t JsonLine::integer_or(std::string_view key, IntegerRange range, std::int64_t fallback) {
  const JsonValue* value = find(key);
  return value == nullptr ? fallback : integer_in(key, *value, range).value_or(fallback);
}

bool JsonLine::flag_or(std::string_view key, bool fallback) {
  const JsonValue* value = find(key);
  if (value == nullptr) return fallback;
  if (value->kind != JsonValue::Kind::flag) {
    reject_type(key, *value, "true or false");
    return fallback;
  }
  return value->text == "true";
}

Duration JsonLine::seconds(std::string_view key) {
  const JsonValue* value = required(key);
  if (value == nullptr) return {};
  if (value->kind != JsonValue::Kind::number && value->kind != JsonValue::Kind::text) {
    reject_type(key, *value, "decimal seconds");
    return {};
  }
  auto duration = parse_seconds(value->text);
  if (!duration) {
    reject(fmt::format("'{}': {}", key, duration.error().message), duration.error().hint);
    return {};
  }
  if (*duration < Duration::zero()) {
    reject_type(key, *value, "0 or more seconds");
    return {};
  }
  return *duration;
}

std::int64_t JsonLine::share_ppm_or(std::string_view key, std::int64_t fallback) {
  const JsonValue* value = find(key);
  if (value == nullptr) return fallback;
  double share = 0.0;
  const char* end = value->text.data() + value->text.size();
  const auto [stop, code] = std::from_chars(value->text.data(), end, share);
  if (value->kind != JsonValue::Kind::number || stop != end || code != std::errc() ||
      !(share >= 0.000'001 && share <= 1.0)) {
    reject_type(key, *value, "a number above 0 and up to 1, in steps of a millionth");
    return fallback;
  }
  return std::llround(share * 1e6);
}

std::vector<std::string> JsonLine::texts_or(std::string_view key,
                                            std::vector<std::string> fallback) {
  const JsonValue* value = find(key);
  if (value == nullptr) return fallback;
  std::vector<std::string> out;
  bool good = value->kind == JsonValue::Kind::array;
  for (const JsonValue& item : value->items) {
    good = good && item.kind == JsonValue::Kind::text && !item.text.empty();
    out.push_back(item.text);
  }
  if (good) return out;
  reject_type(key, *value, "an array of text");
  return fallback;
}

std::vector<std::int64_t> JsonLine::integers_or(std::string_view key, IntegerRange range,
                                                std::vector<std::int64_t> fallback) {
  const JsonValue* value = find(key);
  if (value == nullptr) return fallback;
  if (value->kind != JsonValue::Kind::array) {
    reject_type(key, *value, "an array of integers");
    return fallback;
  }
  std::vector<std::int64_t> out;
  for (const JsonValue& item : value->items) {
    const auto number = integer_in(key, item, range);
    if (!number) return fallback;
    out.push_back(*number);
  }
  return out;
}

}  // namespace headroom
