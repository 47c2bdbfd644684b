#pragma once
// The short name of a model.

#include <string>
#include <string_view>

namespace headroom {

/// "llama-2-7b" of "meta-llama/Llama-2-7b-hf".
[[nodiscard]] inline std::string short_model_name(std::string_view hub_id) {
  std::string name(hub_id.substr(hub_id.rfind('/') + 1));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (name.ends_with("-hf")) name.resize(name.size() - 3);
  return name;
}

}  // namespace headroom
