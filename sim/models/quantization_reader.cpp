#include "sim/models/quantization_reader.hpp"

#include "sim/models/config_document.hpp"
#include "sim/models/config_section.hpp"
#include "sim/models/limits.hpp"
#include "sim/models/module_names.hpp"
#include "sim/models/quantization_schemes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace headroom {
namespace {

using nlohmann::json;

// Sections of a document in which a quantization section may lie.
constexpr std::string_view kHolders[] = {"text_config", "llm_config", "language_config",
                                         "thinker_config"};

/// The section, with its path.
std::optional<ConfigSections::Section> find_section(const json& document) {
  for (const std::string_view key : {"quantization_config", "compression_config"}) {
    const auto at = document.find(key);
    if (at != document.end() && !at->is_null()) {
      return ConfigSections::Section{std::string(key), &*at};
    }
  }
  for (const std::string_view holder : kHolders) {
    const auto at = document.find(holder);
    if (at == document.end() || !at->is_object()) continue;
    for (const std::string_view key : {"quantization_config", "compression_config"}) {
      const auto found = at->find(key);
      if (found != at->end() && !found->is_null()) {
        return ConfigSections::Section{fmt::format("{}.{}", holder, key), &*found};
      }
    }
  }
  return std::nullopt;
}

/// Adds the names of a list, if there is one.
Status add_names(const ConfigSections& section, std::string_view key, ModuleNames& names) {
  const auto found = section.find(key);
  if (!found) return {};
  if (!found->value->is_array()) return section.refuse(key, "a list of names is allowed");
  for (const json& name : *found->value) {
    if (!name.is_string()) return section.refuse(key, "a list of names is allowed");
    names.add(name.get<std::string>());
  }
  return {};
}

/// GPTQModel leaves modules out with "-:pattern".
Status add_dynamic(const ConfigSections& section, ModuleNames& names, Model& model) {
  const auto found = section.find("dynamic");
  if (!found || !found->value->is_object()) return {};
  for (const auto& [key, ignored] : found->value->items()) {
    if (key.starts_with("-:")) {
      names.add_regex(key.substr(2));
    } else {
      model.assumptions.push_back(fmt::format("{}: modules of '{}' are counted like all others",
                                              found->path, key.substr(0, 40)));
    }
  }
  return {};
}

/// What of a layer is kept: names of the list, or all that another list does not name.
struct Kept {
  ModuleNames names;
  std::optional<ModuleNames> only;  // modules that are quantized, where they are listed
};

Result<std::vector<std::string>> kept_of(const Kept& kept, const TextArch& text,
                                         const LayerKind& kind, std::int64_t layer) {
  std::vector<std::string> out;
  for (const Tensor& tensor : layer_tensors(text, kind)) {
    if (!tensor.quantizable) continue;
    HEADROOM_TRY(bool stays, kept.names.has(layer, tensor));
    if (!stays && kept.only) {
      HEADROOM_TRY(const bool listed, kept.only->has(layer, tensor));
      stays = !listed;
    }
    if (stays && std::find(out.begin(), out.end(), tensor.name) == out.end()) {
      out.push_back(tensor.name);
    }
  }
  return out;
}

/// Gives every layer a kind that names what it keeps; kinds are split where layers differ.
Status split_kinds(const Kept& kept, const SourcePlace& place, TextArch& text) {
  if (kept.names.empty() && !kept.only) return {};
  std::vector<LayerKind> kinds;
  std::vector<std::uint8_t> kind_of_layer;
  for (std::int64_t i = 0; i < text.layers(); ++i) {
    LayerKind kind = text.layer(i);
    auto names = kept_of(kept, text, kind, i);
    if (!names) return fail(names.error().message, place);
    kind.kept = std::move(*names);
    auto at = std::find(kinds.begin(), kinds.end(), kind);
    if (at == kinds.end()) {
      if (kinds.size() == kMostKinds) {
        return fail(
            fmt::format("the layers keep more than {} different sets of modules unquantized",
                        kMostKinds),
            place);
      }
      at = kinds.insert(kinds.end(), std::move(kind));
    }
    kind_of_layer.push_back(static_cast<std::uint8_t>(at - kinds.begin()));
  }
  text.kinds = std::move(kinds);
  text.kind_of_layer = std::move(kind_of_layer);
  return {};
}

Status read_kept(const ConfigSections& section, Kept& kept, Model& model) {
  for (const std::string_view key : {"modules_to_not_convert", "ignored_layers", "ignore",
                                     "exclude_modules", "llm_int8_skip_modules"}) {
    HEADROOM_CHECK(add_names(section, key, kept.names));
  }
  HEADROOM_CHECK(add_dynamic(section, kept.names, model));
  for (const std::string& name : kept.names.unread()) {
    model.assumptions.push_back(
        fmt::format("modules that are not quantized: '{}' is not understood and names none", name));
  }
  return {};
}

/// DeepSeek-V4 stores its routed experts in 4 bits beside FP8.
Status read_expert_dtype(const json& document, const SourcePlace& place, Model& model) {
  const auto at = document.find("expert_dtype");
  if (at == document.end() || at->is_null()) return {};
  if (!at->is_string() || (*at != "fp4" && *at != "fp8")) {
    return fail(fmt::format("expert_dtype is {} (allowed: fp4, fp8)", value_text(*at)), place);
  }
  if (*at == "fp8" || !model.quantization.quantized()) return {};
  Quantization experts;
  experts.scheme = Quantization::Scheme::mxfp4;
  experts.method = model.quantization.method;
  experts.bits = 4;
  experts.group = 32;
  model.expert_quantization = experts;
  return {};
}

}  // namespace

Status read_quantization(const json& document, const json* beside, const std::string& where,
                         Model& model) {
  const SourcePlace place{where, 0, 0};
  auto at = find_section(document);
  if (!at && beside != nullptr) {
    const auto inner = beside->find("quantization");
    if (inner != beside->end()) at = ConfigSections::Section{"quantization", &*inner};
  }
  if (!at) return {};
  if (!at->values->is_object()) {
    return fail(fmt::format("{} is {} (allowed: an object)", at->name, value_text(*at->values)),
                place);
  }
  // An empty section is what remains of one that was taken out.
  if (at->values->empty()) return {};
  const ConfigSections section({*at}, where);
  HEADROOM_TRY(Schemes schemes, read_schemes(section));
  model.quantization = std::move(schemes.main);
  model.expert_quantization = std::move(schemes.experts);
  model.kv_cache_scheme = std::move(schemes.kv_cache);
  HEADROOM_CHECK(read_expert_dtype(document, place, model));
  if (!model.quantization.quantized()) return {};
  Kept kept;
  kept.only = std::move(schemes.only);
  HEADROOM_CHECK(read_kept(section, kept, model));
  return split_kinds(kept, place, model.text);
}

}  // namespace headroom
