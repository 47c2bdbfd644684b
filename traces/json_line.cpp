#include "traces/json_line.hpp"

#include "sim/core/nearest.hpp"
#include "traces/shown.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <iterator>
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
      return headroom::shown(value.text);
  }
}

/// A line as the parser takes it: it tells how far it has come, which its events do not.
class CountedText {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountedText(std::string_view line, std::size_t at, std::size_t& taken)
      : line_(line), at_(at), taken_(&taken) {}

  reference operator*() const { return line_[at_]; }
  CountedText& operator++() {
    *taken_ = ++at_;
    return *this;
  }
  friend bool operator==(const CountedText& a, const CountedText& b) { return a.at_ == b.at_; }

 private:
  std::string_view line_;
  std::size_t at_;
  std::size_t* taken_;
};

}  // namespace

/// Takes the parser's events straight into members: a tree would round numbers and hide a key that
/// stands twice. Which token an event is about follows from what the parser has taken of the line:
/// it is the first one after the event before.
class JsonLine::Handler final : public nlohmann::json_sax<Json> {
 public:
  /// `taken` is what the parser has taken so far, from the beginning of the line.
  Handler(JsonLine& out, std::string_view line, const std::size_t& taken)
      : out_(out), line_(line), taken_(taken) {}

  bool null() override { return put(JsonValue::Kind::nothing, "null"); }
  bool boolean(bool value) override { return put(JsonValue::Kind::flag, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return put(JsonValue::Kind::number, std::to_string(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return put(JsonValue::Kind::number, std::to_string(value));
  }
  bool number_float(number_float_t /*rounded*/, const string_t& written) override {
    return put(JsonValue::Kind::number, written);
  }
  bool string(string_t& value) override { return put(JsonValue::Kind::text, std::move(value)); }
  bool binary(binary_t& /*value*/) override {
    return refuse(next_token(), "binary values are not read");
  }

  bool start_object(std::size_t /*elements*/) override {
    const std::int64_t column = next_token();
    if (in_object_)
      return refuse(column, fmt::format("'{}' is an object, but rows are flat", key_));
    in_object_ = true;
    out_.place_.column = column;
    return true;
  }
  bool key(string_t& name) override {
    key_column_ = next_token();
    if (out_.members_.size() == kMostKeys) {
      return refuse(key_column_, fmt::format("a row has at most {} keys", kMostKeys));
    }
    if (out_.has(name)) {
      return refuse(key_column_, fmt::format("key '{}' stands twice", shown(name)));
    }
    key_ = std::move(name);
    return true;
  }
  bool end_object() override {
    (void)next_token();
    return true;
  }
  bool start_array(std::size_t /*elements*/) override {
    const std::int64_t column = next_token();
    if (!in_object_) return refuse(column, "a row must be an object, not an array");
    if (in_array_) return refuse(column, fmt::format("'{}' is an array of arrays", key_));
    in_array_ = true;
    array_ = {JsonValue::Kind::array, "", {}, column};
    return true;
  }
  bool end_array() override {
    (void)next_token();
    in_array_ = false;
    out_.members_.push_back({key_, key_column_, std::move(array_)});
    return true;
  }
  bool parse_error(std::size_t position, const std::string& last_token,
                   const Json::exception& /*error*/) override {
    std::string near =
        last_token.size() <= 40 ? last_token : "..." + last_token.substr(last_token.size() - 37);
    refuse(static_cast<std::int64_t>(position), fmt::format("not valid JSON near '{}'", near));
    error_->hint = "write one JSON object a line";
    return false;
  }

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  /// The column of the token that the parser has just taken. A number is taken with the character
  /// after it, which is never the beginning of another token.
  std::int64_t next_token() {
    const std::size_t begin = line_.find_first_not_of(" \t\r\n:,", after_);
    after_ = taken_;
    return static_cast<std::int64_t>(std::min(begin, line_.size())) + 1;
  }
  bool put(JsonValue::Kind kind, std::string text) {
    JsonValue value{kind, std::move(text), {}, next_token()};
    if (!in_object_) {
      return refuse(value.column, fmt::format("a row must be an object, not {}", shown(value)));
    }
    if (in_array_) {
      array_.items.push_back(std::move(value));
    } else {
      out_.members_.push_back({key_, key_column_, std::move(value)});
    }
    return true;
  }
  bool refuse(std::int64_t column, std::string message) {
    error_ = Error{std::move(message), out_.place_, {}};
    error_->place.column = column;
    return false;
  }

  JsonLine& out_;
  std::string_view line_;
  const std::size_t& taken_;
  std::size_t after_ = 0;  // the event before
  std::string key_;
  std::int64_t key_column_ = 0;
  JsonValue array_;
  bool in_object_ = false;
  bool in_array_ = false;
  std::optional<Error> error_;
};

Result<JsonLine> JsonLine::parse(std::string_view line, const SourcePlace& place) {
  JsonLine out;
  out.place_ = place;
  std::size_t taken = 0;
  Handler handler(out, line, taken);
  Json::sax_parse(CountedText(line, 0, taken), CountedText(line, line.size(), taken), &handler);
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
  if (value == nullptr) reject(key, fmt::format("'{}' is missing", key));
  return value;
}

SourcePlace JsonLine::place(std::string_view key) const {
  SourcePlace place = place_;
  if (const JsonValue* value = find(key)) place.column = value->column;
  return place;
}

void JsonLine::reject(std::string_view key, std::string message, std::string hint) {
  reject_at(place(key).column, std::move(message), std::move(hint));
}

void JsonLine::reject_at(std::int64_t column, std::string message, std::string hint) {
  if (error_) return;
  error_ = Error{std::move(message), place_, std::move(hint)};
  error_->place.column = column;
}

void JsonLine::reject_type(std::string_view key, const JsonValue& value, std::string_view wanted) {
  reject_at(value.column, fmt::format("'{}' is {}, but must be {}", key, shown(value), wanted));
}

Status JsonLine::status() const {
  if (error_) return tl::unexpected<Error>(*error_);
  return {};
}

void JsonLine::check_keys(std::span<const std::string> known) {
  for (const Member& member : members_) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      reject_at(member.column, fmt::format("unknown key '{}'", shown(member.key)),
                suggest(member.key, known));
      return;
    }
  }
}

std::string JsonLine::text(std::string_view key) {
  if (required(key) == nullptr) return {};
  std::string value = text_or(key, "");
  if (value.empty()) reject(key, fmt::format("'{}' is empty", key));
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
    reject(key, fmt::format("'{}': {}", key, duration.error().message), duration.error().hint);
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
  if (value->kind != JsonValue::Kind::array) {
    reject_type(key, *value, "an array of text");
    return fallback;
  }
  std::vector<std::string> out;
  for (const JsonValue& item : value->items) {
    if (item.kind != JsonValue::Kind::text || item.text.empty()) {
      reject_at(item.column,
                fmt::format("an item of '{}' is {}, but must be text that is not empty", key,
                            item.text.empty() ? "''" : shown(item)));
      return fallback;
    }
    out.push_back(item.text);
  }
  return out;
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
