#include "cli/model_arguments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

namespace headroom::cli {
namespace {

// "llama-3.1-70b" is a part of a name.
std::string suggested_models(const std::string& text, const std::string& fallback) {
  std::vector<std::string> found;
  for (const Model& model : model_catalogue()) {
    if (!text.empty() && model.name.find(text) != std::string::npos) found.push_back(model.name);
  }
  if (found.empty()) return fallback;
  return fmt::format("did you mean {}?", fmt::join(found, " or "));
}

// 0: none.
int size_of(std::string_view text) {
  int size = 0;
  const char* const end = text.data() + text.size();
  const auto [at, code] = std::from_chars(text.data(), end, size);
  return code == std::errc() && at == end && size >= 1 && size <= kMostTp ? size : 0;
}

}  // namespace

Result<std::shared_ptr<const Model>> read_model(const std::string& text, const char* option) {
  std::error_code code;
  const bool file = text.ends_with(".json") || std::filesystem::exists(text, code);
  if (!file) {
    auto model = find_model(text);
    if (model) return *model;
    return fail(model.error().message, {option},
                suggested_models(text, model.error().hint) +
                    " (headroom models lists them); or give the path of a config.json");
  }
  std::filesystem::path path = text;
  if (std::filesystem::is_directory(path, code)) path /= "config.json";
  HEADROOM_TRY(Model model, read_model_config(path));
  return std::make_shared<const Model>(std::move(model));
}

std::vector<std::shared_ptr<const Model>> all_models() {
  std::vector<std::shared_ptr<const Model>> out;
  for (const Model& model : model_catalogue()) {
    out.push_back(std::shared_ptr<const Model>(std::shared_ptr<const void>(), &model));
  }
  return out;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    out.emplace_back(text.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return out;
}

Result<std::vector<std::shared_ptr<const Model>>> read_models(const std::vector<std::string>& texts,
                                                              const char* option) {
  std::vector<std::shared_ptr<const Model>> out;
  for (const std::string& text : texts) {
    for (const std::string& name : split_list(text)) {
      std::vector<std::shared_ptr<const Model>> named;
      if (name == "all") {
        named = all_models();
      } else {
        HEADROOM_TRY(auto model, read_model(name, option));
        named.push_back(std::move(model));
      }
      for (auto& model : named) {
        const bool known = std::any_of(out.begin(), out.end(), [&](const auto& other) {
          return other->name == model->name && other->source == model->source;
        });
        if (!known) out.push_back(std::move(model));
      }
    }
  }
  return out;
}

Result<std::vector<int>> parse_sizes(const std::string& text, const char* option) {
  const auto bad = [&](std::string_view item) {
    return fail(fmt::format("'{}' is not a tensor parallel size", item), {option},
                fmt::format("a list of numbers from 1 to {}, such as 1,2,4 or 1..8", kMostTp));
  };
  std::vector<int> out;
  for (const std::string& item : split_list(text)) {
    const auto dots = item.find("..");
    const std::string first = item.substr(0, dots);
    const std::string last = dots == std::string::npos ? first : item.substr(dots + 2);
    const int from = size_of(first);
    const int to = size_of(last);
    if (from == 0) return bad(first);
    if (to == 0) return bad(last);
    if (to < from) return bad(item);
    for (int size = from; size <= to; ++size) out.push_back(size);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace headroom::cli
