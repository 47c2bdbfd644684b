#include "sim/core/config.hpp"

// toml++ 3.3 asserts on some broken input ("[[,x]]") that it then reports as a parse error.
#define TOML_ASSERT(expr) static_cast<void>(0)
#include "sim/core/nearest.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace headroom {

struct ConfigTable::Document {
  toml::table root;
  std::string where;
  std::optional<Error> error;
  std::map<const toml::table*, std::set<std::string, std::less<>>> asked;  // keys, by table
};

namespace {

constexpr int kMaxDots = 1'000;
constexpr std::uintmax_t kMaxConfigBytes = 64U << 20;

toml::table* as_table(void* node) { return static_cast<toml::table*>(node); }
toml::node* as_node(void* node) { return static_cast<toml::node*>(node); }

SourcePlace place_of(const std::string& where, const toml::node& node) {
  const auto& source = node.source();
  if (!source.begin) return {"--set"};  // not from a file
  return {where, static_cast<std::int64_t>(source.begin.line),
          static_cast<std::int64_t>(source.begin.column)};
}

// Not the insides of tables and arrays: the library's printer has undefined behaviour on some.
std::string value_text(const toml::node& node) {
  if (node.is_table()) return "{...}";
  if (node.is_array()) return "[...]";
  std::ostringstream out;
  node.visit([&](const auto& value) { out << value; });
  std::string text = out.str();
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "text";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true/false";
    default:
      return "a date or time";
  }
}

// Unknown keys, in document order of the tables that a reader visited.
std::optional<Error> unknown_key(
    const toml::table& table, const std::string& where,
    const std::map<const toml::table*, std::set<std::string, std::less<>>>& asked) {
  const auto found = asked.find(&table);
  if (found == asked.end()) return std::nullopt;  // a table nobody opened is reported by its parent
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (!found->second.contains(name)) {
      const std::vector<std::string> known(found->second.begin(), found->second.end());
      return Error{fmt::format("unknown key '{}'", name), place_of(where, node),
                   suggest(name, known)};
    }
    if (const auto* child = node.as_table()) {
      if (auto error = unknown_key(*child, where, asked)) return error;
    } else if (const auto* array = node.as_array()) {
      for (const auto& element : *array) {
        const auto* element_table = element.as_table();
        if (element_table == nullptr) continue;
        if (auto error = unknown_key(*element_table, where, asked)) return error;
      }
    }
  }
  return std::nullopt;
}

// toml++ recurses once for every dot of a dotted key: a line of nothing but dots would end the
// program.
Status check_nesting(std::string_view text, const std::string& where) {
  std::int64_t line = 1;
  int dots = 0;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = 0;
    } else if (c == '.' && ++dots > kMaxDots) {
      return fail(fmt::format("more than {} dots in one line", kMaxDots), {where, line},
                  "keys are at most a few tables deep");
    }
  }
  return {};
}

}  // namespace

ConfigTable::ConfigTable(std::shared_ptr<Document> document, void* table, std::string path)
    : document_(std::move(document)), table_(table), path_(std::move(path)) {
  if (table_ != nullptr) document_->asked[as_table(table_)];
}

Result<ConfigTable> ConfigTable::read(const std::filesystem::path& file) {
  std::error_code code;
  const auto size = std::filesystem::file_size(file, code);
  if (code) {
    return fail(fmt::format("cannot read this file: {}", code.message()), {file.string()},
                "give the path of a TOML file");
  }
  if (size > kMaxConfigBytes) {
    return fail(fmt::format("{} bytes are too many for a configuration file", size),
                {file.string()}, "at most 64 MiB");
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail("cannot open this file for reading", {file.string()});
  std::ostringstream content;
  content << in.rdbuf();
  return parse(content.str(), file.string());
}

Result<ConfigTable> ConfigTable::parse(std::string_view text, const std::string& where) {
  HEADROOM_CHECK(check_nesting(text, where));
  auto document = std::make_shared<Document>();
  document->where = where;
  try {
    document->root = toml::parse(text, where);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    return fail(
        fmt::format("not valid TOML: {}", error.description()),
        {where, static_cast<std::int64_t>(begin.line), static_cast<std::int64_t>(begin.column)});
  }
  void* root = &document->root;
  return ConfigTable(std::move(document), root, "");
}

Status ConfigTable::set(std::string_view assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return fail(fmt::format("'{}' is not of the form key=value", assignment), {"--set"},
                "for example --set queue.waiting_limit_s=60");
  }
  HEADROOM_CHECK(check_nesting(assignment, "--set"));
  std::string_view path = assignment.substr(0, equals);
  const std::string value(assignment.substr(equals + 1));
  toml::table parsed;
  try {
    parsed = toml::parse("value = " + value, std::string_view("--set"));
  } catch (const toml::parse_error&) {
    parsed.insert("value", value);
  }
  toml::table* table = &document_->root;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    const std::string_view head = path.substr(0, dot);
    path.remove_prefix(dot + 1);
    if (!table->contains(head)) table->insert(head, toml::table{});
    table = table->get(head)->as_table();
    if (table == nullptr) {
      return fail(fmt::format("'{}' is not a table, so '{}' cannot be set", head, assignment),
                  {"--set"});
    }
  }
  table->insert_or_assign(path, *parsed.get("value"));
  return {};
}

void* ConfigTable::find(std::string_view key) const {
  if (table_ == nullptr) return nullptr;
  document_->asked[as_table(table_)].emplace(key);
  return as_table(table_)->get(key);
}

bool ConfigTable::has(std::string_view key) const { return find(key) != nullptr; }

SourcePlace ConfigTable::place(std::string_view key) const {
  if (table_ == nullptr) return {document_->where};
  if (const auto* node = as_table(table_)->get(key)) return place_of(document_->where, *node);
  return place_of(document_->where, *as_table(table_));
}

const std::string& ConfigTable::file() const { return document_->where; }

void ConfigTable::reject(std::string_view key, std::string message, std::string hint) const {
  if (document_->error) return;
  document_->error = Error{std::move(message), place(key), std::move(hint)};
}

void ConfigTable::reject_type(std::string_view key, std::string_view wanted) const {
  const auto& node = *as_node(find(key));
  reject(key, fmt::format("'{}{}' is {}, {}, but must be {}", path_, key, kind_of(node),
                          value_text(node), wanted));
}

void ConfigTable::reject_missing(std::string_view key) const {
  reject({}, fmt::format("'{}{}' is missing", path_, key));
}

std::int64_t ConfigTable::integer(std::string_view key, IntegerRange range) const {
  if (!has(key)) reject_missing(key);
  return integer_or(key, range, range.min);
}

std::int64_t ConfigTable::integer_or(std::string_view key, IntegerRange range,
                                     std::int64_t fallback) const {
  auto* node = as_node(find(key));
  if (node == nullptr) return fallback;
  const auto* value = node->as_integer();
  if (value == nullptr) {
    reject_type(key, "an integer");
    return fallback;
  }
  if (value->get() < range.min || value->get() > range.max) {
    reject(key, fmt::format("'{}{}' is {}, but must be from {} to {}", path_, key, value->get(),
                            range.min, range.max));
    return fallback;
  }
  return value->get();
}

double ConfigTable::number(std::string_view key, NumberRange range) const {
  if (!has(key)) reject_missing(key);
  return number_or(key, range, range.min);
}

double ConfigTable::number_or(std::string_view key, NumberRange range, double fallback) const {
  auto* node = as_node(find(key));
  if (node == nullptr) return fallback;
  const auto value = node->value<double>();
  if (!node->is_number() || !value) {
    reject_type(key, "a number");
    return fallback;
  }
  if (!std::isfinite(*value) || *value < range.min || *value > range.max) {
    reject(key, fmt::format("'{}{}' is {}, but must be from {} to {}", path_, key, *value,
                            range.min, range.max));
    return fallback;
  }
  return *value;
}

std::string ConfigTable::text(std::string_view key) const {
  if (!has(key)) reject_missing(key);
  return text_or(key, "");
}

std::string ConfigTable::text_or(std::string_view key, std::string_view fallback) const {
  auto* node = as_node(find(key));
  if (node == nullptr) return std::string(fallback);
  const auto* value = node->as_string();
  if (value == nullptr) {
    reject_type(key, "text in quotes");
    return std::string(fallback);
  }
  return value->get();
}

bool ConfigTable::flag_or(std::string_view key, bool fallback) const {
  auto* node = as_node(find(key));
  if (node == nullptr) return fallback;
  const auto* value = node->as_boolean();
  if (value == nullptr) {
    reject_type(key, "true or false");
    return fallback;
  }
  return value->get();
}

std::string ConfigTable::choice_or(std::string_view key, std::span<const std::string> allowed,
                                   std::string_view fallback) const {
  std::string value = text_or(key, fallback);
  if (has(key) && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    reject(key,
           fmt::format("'{}{}' is '{}', which is not one of: {}", path_, key, value,
                       fmt::join(allowed, ", ")),
           suggest(value, allowed));
    return std::string(fallback);
  }
  return value;
}

Bytes ConfigTable::bytes_or(std::string_view key, Bytes fallback) const {
  auto* node = as_node(find(key));
  if (node == nullptr) return fallback;
  return size_of(node, key).value_or(fallback);
}

std::vector<Bytes> ConfigTable::sizes_or(std::string_view key, std::size_t count,
                                         std::vector<Bytes> fallback) const {
  auto* node = as_node(find(key));
  if (node == nullptr) return fallback;
  auto* array = node->as_array();
  if (array == nullptr) {
    const auto size = size_of(node, key);
    return size ? std::vector<Bytes>(count, *size) : fallback;
  }
  if (array->size() != count) {
    reject(key, fmt::format("'{}{}' is a list of {}, but must be one size or a list of {}", path_,
                            key, array->size(), count));
    return fallback;
  }
  std::vector<Bytes> sizes;
  for (auto& element : *array) {
    const auto size = size_of(&element, key);
    if (!size) return fallback;
    sizes.push_back(*size);
  }
  return sizes;
}

// Rejects what is no size.
std::optional<Bytes> ConfigTable::size_of(void* at, std::string_view key) const {
  auto* node = as_node(at);
  if (const auto* number = node->as_integer()) {
    if (number->get() >= 0) return number->get();
    reject(key,
           fmt::format("'{}{}' is {}, but a size cannot be negative", path_, key, number->get()));
    return std::nullopt;
  }
  const auto* text = node->as_string();
  if (text == nullptr) {
    reject_type(key, "a size such as \"24GiB\" or a number of bytes");
    return std::nullopt;
  }
  auto bytes = parse_bytes(text->get());
  if (!bytes) {
    reject(key, fmt::format("'{}{}': {}", path_, key, bytes.error().message), bytes.error().hint);
    return std::nullopt;
  }
  return *bytes;
}

Duration ConfigTable::seconds_or(std::string_view key, Duration fallback) const {
  const double seconds = number_or(key, {0.0, to_seconds(kMaxInputTime)}, -1.0);
  if (seconds < 0.0) return fallback;
  return duration_from_seconds(seconds).value_or(fallback);
}

std::vector<std::string> ConfigTable::texts_or(std::string_view key,
                                               std::vector<std::string> fallback) const {
  auto* node = as_node(find(key));
  if (node == nullptr) return fallback;
  const auto* array = node->as_array();
  if (array == nullptr) {
    reject_type(key, "an array of text");
    return fallback;
  }
  std::vector<std::string> values;
  for (const auto& element : *array) {
    const auto* value = element.as_string();
    if (value == nullptr) {
      reject_type(key, "an array of text");
      return fallback;
    }
    values.push_back(value->get());
  }
  return values;
}

std::vector<std::int64_t> ConfigTable::integers_or(std::string_view key, IntegerRange range,
                                                   std::vector<std::int64_t> fallback) const {
  auto* node = as_node(find(key));
  if (node == nullptr) return fallback;
  const auto* array = node->as_array();
  if (array == nullptr) {
    reject_type(key, "an array of integers");
    return fallback;
  }
  std::vector<std::int64_t> values;
  for (const auto& element : *array) {
    const auto* value = element.as_integer();
    if (value == nullptr || value->get() < range.min || value->get() > range.max) {
      reject_type(key, fmt::format("an array of integers from {} to {}", range.min, range.max));
      return fallback;
    }
    values.push_back(value->get());
  }
  return values;
}

std::vector<double> ConfigTable::numbers_or(std::string_view key, NumberRange range,
                                            std::vector<double> fallback) const {
  auto* node = as_node(find(key));
  if (node == nullptr) return fallback;
  const auto* array = node->as_array();
  const std::string wanted = fmt::format("an array of numbers from {} to {}", range.min, range.max);
  if (array == nullptr) {
    reject_type(key, wanted);
    return fallback;
  }
  std::vector<double> values;
  for (const auto& element : *array) {
    const auto value = element.value<double>();
    if (!element.is_number() || !value || !std::isfinite(*value) || *value < range.min ||
        *value > range.max) {
      reject(key, fmt::format("'{}{}' holds {}, but must be {}", path_, key, value_text(element),
                              wanted));
      return fallback;
    }
    values.push_back(*value);
  }
  return values;
}

ConfigTable ConfigTable::table(std::string_view key) const {
  const std::string path = fmt::format("{}{}.", path_, key);
  auto* node = as_node(find(key));
  if (node == nullptr) return {document_, nullptr, path};
  auto* table = node->as_table();
  if (table == nullptr) reject_type(key, "a table");
  return {document_, table, path};
}

std::vector<ConfigTable> ConfigTable::tables(std::string_view key) const {
  std::vector<ConfigTable> out;
  auto* node = as_node(find(key));
  if (node == nullptr) return out;
  auto* array = node->as_array();
  if (array == nullptr || !array->is_homogeneous(toml::node_type::table)) {
    if (array == nullptr || !array->empty()) reject_type(key, "an array of tables");
    return out;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    out.push_back(
        ConfigTable(document_, array->get(i)->as_table(), fmt::format("{}{}[{}].", path_, key, i)));
  }
  return out;
}

std::vector<std::string> ConfigTable::keys() const {
  std::vector<std::string> out;
  if (table_ == nullptr) return out;
  for (const auto& [key, node] : *as_table(table_)) {
    out.emplace_back(key.str());
    document_->asked[as_table(table_)].emplace(key.str());
  }
  return out;
}

Status ConfigTable::status() const {
  if (document_->error) return tl::unexpected<Error>(*document_->error);
  return {};
}

Status ConfigTable::finish() const {
  HEADROOM_CHECK(status());
  if (auto error = unknown_key(document_->root, document_->where, document_->asked)) {
    return tl::unexpected<Error>(std::move(*error));
  }
  return {};
}

}  // namespace headroom
