#include "sim/models/config_section.hpp"

#include "sim/models/config_document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace headroom {
namespace {

std::string path_of(const ConfigSections::Section& section, std::string_view key) {
  return section.name.empty() ? std::string(key) : fmt::format("{}.{}", section.name, key);
}

}  // namespace

std::optional<ConfigSections::Found> ConfigSections::find(
    std::span<const std::string_view> keys) const {
  for (const Section& section : sections_) {
    for (const std::string_view key : keys) {
      const auto at = section.values->find(key);
      if (at == section.values->end() || at->is_null()) continue;
      return Found{&*at, path_of(section, key)};
    }
  }
  return std::nullopt;
}

std::optional<ConfigSections::Found> ConfigSections::find(std::string_view key) const {
  return find(std::span(&key, 1));
}

bool ConfigSections::is_null(std::string_view key) const {
  for (const Section& section : sections_) {
    const auto at = section.values->find(key);
    if (at != section.values->end()) return at->is_null();
  }
  return false;
}

std::string ConfigSections::section_names() const {
  std::string out;
  for (const Section& section : sections_) {
    if (!out.empty()) out += " and ";
    out += section.name.empty() ? "the top level" : section.name;
  }
  return out;
}

Result<std::int64_t> ConfigSections::checked(const Found& found, const Figure& figure) const {
  const auto refuse = [&](const char* what) {
    return fail(
        fmt::format("{} ({}) is {}, {} (allowed: an integer from {} to {})", found.path,
                    figure.label, value_text(*found.value), what, figure.least, figure.most),
        place());
  };
  if (!found.value->is_number_integer()) return refuse("not an integer");
  // Above int64 the library keeps an unsigned number, which a signed read would wrap.
  const bool wraps = found.value->is_number_unsigned() &&
                     found.value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
  if (wraps) return refuse("out of range");
  const auto value = found.value->get<std::int64_t>();
  if (value < figure.least || value > figure.most) return refuse("out of range");
  return value;
}

Result<std::int64_t> ConfigSections::integer(const Figure& figure) const {
  if (const auto found = find(figure.keys)) return checked(*found, figure);
  std::string nulls;
  for (const Section& section : sections_) {
    for (const std::string_view key : figure.keys) {
      const auto at = section.values->find(key);
      if (at != section.values->end()) nulls += fmt::format("; {} is null", path_of(section, key));
    }
  }
  return fail(fmt::format("{} missing: none of {} in {}{} (allowed: an integer from {} to {})",
                          figure.label, fmt::join(figure.keys, ", "), section_names(), nulls,
                          figure.least, figure.most),
              place());
}

Result<std::int64_t> ConfigSections::integer_or(const Figure& figure, std::int64_t absent) const {
  if (const auto found = find(figure.keys)) return checked(*found, figure);
  return absent;
}

Result<bool> ConfigSections::boolean_or(std::string_view key, bool absent) const {
  const auto found = find(key);
  if (!found) return absent;
  if (!found->value->is_boolean()) {
    return fail(
        fmt::format("{} is {} (allowed: true or false)", found->path, value_text(*found->value)),
        place());
  }
  return found->value->get<bool>();
}

Result<std::string> ConfigSections::string_or(std::span<const std::string_view> keys,
                                              std::string absent) const {
  const auto found = find(keys);
  if (!found) return absent;
  if (!found->value->is_string()) {
    return fail(fmt::format("{} is {} (allowed: a string)", found->path, value_text(*found->value)),
                place());
  }
  return found->value->get<std::string>();
}

Result<double> ConfigSections::number_or(std::string_view key, double absent) const {
  const auto found = find(key);
  if (!found) return absent;
  if (!found->value->is_number()) {
    return fail(fmt::format("{} is {} (allowed: a number)", found->path, value_text(*found->value)),
                place());
  }
  return found->value->get<double>();
}

Result<std::vector<std::int64_t>> ConfigSections::list(const Found& found,
                                                       const Figure& figure) const {
  std::vector<std::int64_t> out;
  for (const auto& entry : *found.value) {
    HEADROOM_TRY(const std::int64_t value,
                 checked({&entry, fmt::format("{}[{}]", found.path, out.size())}, figure));
    out.push_back(value);
  }
  return out;
}

Result<std::vector<std::int64_t>> ConfigSections::integers(const Figure& figure,
                                                           std::int64_t size) const {
  const auto found = find(figure.keys);
  if (!found || !found->value->is_array()) return std::vector<std::int64_t>{};
  if (found->value->size() != static_cast<std::size_t>(size)) {
    return fail(fmt::format("{} ({}) is {} (allowed: a list of {} integers)", found->path,
                            figure.label, value_text(*found->value), size),
                place());
  }
  return list(*found, figure);
}

Result<std::vector<std::int64_t>> ConfigSections::any_integers(const Figure& figure) const {
  const auto found = find(figure.keys);
  if (!found) return std::vector<std::int64_t>{};
  if (!found->value->is_array()) {
    return fail(fmt::format("{} ({}) is {} (allowed: a list of integers)", found->path,
                            figure.label, value_text(*found->value)),
                place());
  }
  return list(*found, figure);
}

Result<std::vector<std::string>> ConfigSections::strings(std::string_view key,
                                                         std::int64_t size) const {
  std::vector<std::string> out;
  const auto found = find(key);
  if (!found) return out;
  const auto refused = [&] {
    return fail(fmt::format("{} is {} (allowed: a list of {} names)", found->path,
                            value_text(*found->value), size),
                place());
  };
  if (!found->value->is_array()) return refused();
  if (found->value->size() != static_cast<std::size_t>(size)) return refused();
  for (const auto& entry : *found->value) {
    if (!entry.is_string()) return refused();
    out.push_back(entry.get<std::string>());
  }
  return out;
}

Result<std::optional<ConfigSections>> ConfigSections::child(std::string_view key) const {
  const auto found = find(key);
  if (!found) return std::optional<ConfigSections>();
  if (!found->value->is_object()) {
    return fail(
        fmt::format("{} is {} (allowed: an object)", found->path, value_text(*found->value)),
        place());
  }
  return std::optional(ConfigSections({{found->path, found->value}}, where_));
}

tl::unexpected<Error> ConfigSections::refuse(std::string_view key, std::string_view what) const {
  const auto found = find(key);
  return fail(found ? fmt::format("{} is {}: {}", found->path, value_text(*found->value), what)
                    : fmt::format("{} is missing: {}", key, what),
              place());
}

}  // namespace headroom
