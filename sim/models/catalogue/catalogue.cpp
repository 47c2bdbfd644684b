#include "sim/core/assert.hpp"
#include "sim/core/nearest.hpp"
#include "sim/models/catalogue/entries.hpp"
#include "sim/models/model.hpp"
#include "sim/models/short_name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

Model model_of(const CatalogueEntry& entry) {
  auto model = parse_model_config(entry.config, std::string(entry.hub_id));
  HEADROOM_ASSERT(model.has_value(),
                  fmt::format("the catalogue's {}", model ? "" : model.error().text()));
  model->name = short_model_name(entry.hub_id);
  model->hub_id = std::string(entry.hub_id);
  model->source = entry.from == CatalogueEntry::From::config
                      ? fmt::format("config.json of {}", entry.hub_id)
                      : "recalled";
  return std::move(*model);
}

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : int{c}; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::span<const Model> model_catalogue() {
  static const std::vector<Model> kModels = [] {
    std::vector<Model> models;
    for (const auto part : {small_models(), middle_models(), large_models()}) {
      for (const CatalogueEntry& entry : part) models.push_back(model_of(entry));
    }
    return models;
  }();
  return kModels;
}

Result<std::shared_ptr<const Model>> find_model(std::string_view name) {
  std::vector<std::string> known;
  for (const Model& model : model_catalogue()) {
    const std::string_view hub = model.hub_id;
    if (same_letters(name, model.name) || same_letters(name, hub) ||
        same_letters(name, hub.substr(hub.find('/') + 1))) {
      // The catalogue lives as long as the program: nothing to own.
      return std::shared_ptr<const Model>(std::shared_ptr<const void>(), &model);
    }
    known.push_back(model.name);
  }
  return fail(fmt::format("unknown model '{}'", name.substr(0, 80)), {}, suggest(name, known));
}

}  // namespace headroom
