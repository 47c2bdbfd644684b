#include "sim/models/module_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace headroom {
namespace {

// About a second. Published lists need less than a hundredth of it.
constexpr std::int64_t kMostWork = 50'000'000;

struct Renamed {
  std::string_view here;
  std::vector<std::string_view> there;
};

/// Other names of the parts of a tensor's name.
const std::vector<Renamed>& containers() {
  static const std::vector<Renamed> kContainers{
      {"self_attn.", {"attn.", "attention.", "self_attention.", "mixer."}},
      {"mlp.", {"feed_forward.", "block_sparse_moe.", "moe.", "ffn.", "mixer."}},
      {"mixer.", {"mamba."}},
  };
  return kContainers;
}

const std::vector<Renamed>& leaves() {
  static const std::vector<Renamed> kLeaves{
      {"self_attn.q_proj", {"qkv_proj", "query_key_value", "W_pack", "wqkv", "c_attn", "wq"}},
      {"self_attn.k_proj", {"qkv_proj", "query_key_value", "W_pack", "wqkv", "c_attn", "wk"}},
      {"self_attn.v_proj", {"qkv_proj", "query_key_value", "W_pack", "wqkv", "c_attn", "wv"}},
      {"self_attn.o_proj", {"dense", "out_proj", "c_proj", "wo"}},
      {"self_attn.q_a_proj", {"fused_qkv_a_proj", "wq_a"}},
      {"self_attn.q_b_proj", {"wq_b"}},
      {"self_attn.kv_a_proj_with_mqa", {"fused_qkv_a_proj", "wkv"}},
      {"self_attn.o_a_proj", {"wo_a"}},
      {"self_attn.o_b_proj", {"wo_b"}},
      {"mlp.gate_proj", {"gate_up_proj", "w1"}},
      {"mlp.up_proj", {"gate_up_proj", "w3", "fc1", "c_fc", "dense_h_to_4h"}},
      {"mlp.down_proj", {"w2", "fc2", "c_proj", "dense_4h_to_h"}},
      {"mlp.experts.up_proj",
       {"0.gate_proj", "0.up_proj", "gate_up_proj", "0.w1", "0.w3", "gate_proj"}},
      {"mlp.experts.down_proj", {"0.down_proj", "0.w2"}},
      {"linear_attn.in_proj_qkvz", {"in_proj_qkv", "in_proj_z"}},
      {"linear_attn.in_proj_ba", {"in_proj_b", "in_proj_a"}},
  };
  return kLeaves;
}

/// The length of "layers.12." at the start of `text` when `layer` is set, else 0.
std::size_t layer_prefix(std::string_view text, std::int64_t& layer) {
  for (const std::string_view word : {"layers.", "h.", "blocks."}) {
    if (!text.starts_with(word)) continue;
    const char* const first = text.data() + word.size();
    const char* const end = text.data() + text.size();
    const auto [next, error] = std::from_chars(first, end, layer);
    if (error != std::errc() || (next != end && *next != '.')) return 0;
    return static_cast<std::size_t>(next - text.data()) + (next != end ? 1 : 0);
  }
  return 0;
}

bool of_another_part(std::string_view prefix) {
  constexpr std::array<std::string_view, 5> kOthers{"visi", "visual", "audio", "mtp", "encoder"};
  return std::any_of(kOthers.begin(), kOthers.end(), [&](std::string_view word) {
    return prefix.find(word) != std::string_view::npos;
  });
}

bool any_part(const std::set<std::string, std::less<>>& names, std::string_view text) {
  // Runs of whole words between dots.
  for (std::size_t from = 0; from < text.size();) {
    for (std::size_t to = text.find('.', from);; to = text.find('.', to + 1)) {
      if (names.contains(text.substr(from, to == std::string_view::npos ? to : to - from))) {
        return true;
      }
      if (to == std::string_view::npos) break;
    }
    const std::size_t dot = text.find('.', from);
    if (dot == std::string_view::npos) break;
    from = dot + 1;
  }
  return false;
}

bool any_prefix(const std::set<std::string, std::less<>>& names, std::string_view text) {
  if (names.contains("")) return true;  // the whole layer
  for (std::size_t dot = text.find('.'); dot != std::string_view::npos;
       dot = text.find('.', dot + 1)) {
    if (names.contains(text.substr(0, dot))) return true;
  }
  return names.contains(text);
}

}  // namespace

void ModuleNames::add(std::string_view name) {
  if (name.starts_with("re:")) {
    add_regex(name.substr(3));
    return;
  }
  if (name.find_first_of("*?[") != std::string_view::npos) {
    if (auto pattern = NamePattern::glob(name)) {
      patterns_.push_back(std::move(*pattern));
      text_ += name;
      text_ += '\n';
    } else {
      unread_.emplace_back(name.substr(0, 80));
    }
    return;
  }
  text_ += name;
  text_ += '\n';
  for (std::size_t at = 0; at < name.size();) {
    std::int64_t layer = 0;
    if (const std::size_t length = layer_prefix(name.substr(at), layer); length > 0) {
      if (!of_another_part(name.substr(0, at))) {
        of_layer_[layer].emplace(name.substr(at + length));
      }
      return;
    }
    const std::size_t dot = name.find('.', at);
    if (dot == std::string_view::npos) break;
    at = dot + 1;
  }
  if (!of_another_part(name)) plain_.emplace(name);
}

void ModuleNames::add_regex(std::string_view text) {
  if (auto pattern = NamePattern::regex(text)) {
    patterns_.push_back(std::move(*pattern));
    text_ += text;
    text_ += '\n';
  } else {
    unread_.emplace_back(text.substr(0, 80));
  }
}

const std::vector<std::string>& ModuleNames::aliases(const std::string& name) const {
  std::vector<std::string>& out = aliases_[name];
  if (!out.empty()) return out;
  out.push_back(name);
  for (const Renamed& leaf : leaves()) {
    if (leaf.here != name) continue;
    const std::size_t dot = name.rfind('.') + 1;
    for (const std::string_view other : leaf.there) {
      const std::string_view word = other.substr(other.rfind('.') + 1);
      if (mentions(word)) out.push_back(name.substr(0, dot) + std::string(other));
    }
  }
  if (name.starts_with("mlp.shared_experts.")) {
    for (const std::string_view other : {"shared_expert", "share_expert"}) {
      if (mentions(other)) {
        out.push_back(fmt::format("mlp.{}{}", other, name.substr(name.rfind('.'))));
      }
    }
  }
  const std::vector<std::string> own = out;
  for (const Renamed& container : containers()) {
    if (!name.starts_with(container.here)) continue;
    for (const std::string_view other : container.there) {
      if (!mentions(other.substr(0, other.size() - 1))) continue;
      for (const std::string& alias : own) {
        out.push_back(std::string(other) + alias.substr(container.here.size()));
      }
    }
  }
  return out;
}

bool ModuleNames::has_plain(std::int64_t layer, const std::string& alias) const {
  if (any_part(plain_, alias)) return true;
  const auto at = of_layer_.find(layer);
  return at != of_layer_.end() && any_prefix(at->second, alias);
}

Result<bool> ModuleNames::has(std::int64_t layer, const Tensor& tensor) const {
  constexpr std::array<std::string_view, 6> kRoots{
      "model.", "model.language_model.", "language_model.model.", "backbone.", "", "transformer."};
  for (const std::string& alias : aliases(tensor.name)) {
    if (has_plain(layer, alias)) return true;
    if (patterns_.empty()) continue;
    for (const std::string_view root : kRoots) {
      const bool needed = root.size() <= 6 || mentions(root.substr(0, root.find('.', 6)));
      if (!needed) continue;
      const std::string name = fmt::format("{}layers.{}.{}", root, layer, alias);
      for (const NamePattern& pattern : patterns_) {
        if (pattern.matches(name, work_)) return true;
      }
      if (work_ > kMostWork) {
        return fail("the patterns of modules that are not quantized take too long to match");
      }
    }
  }
  return false;
}

}  // namespace headroom
