#pragma once
// Which matrices of a model a list of module names speaks of. Checkpoints call the same matrix by
// many names; here a tensor answers to all of them.

#include "sim/core/result.hpp"
#include "sim/models/name_pattern.hpp"
#include "sim/models/tensor.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// A list of names: plain ones ("lm_head", "model.layers.3.mlp.gate": the module, or one that holds
/// it), globs ("model.layers.*.self_attn"), and regular expressions ("re:.*self_attn.*").
class ModuleNames {
 public:
  void add(std::string_view name);
  /// Only the regular expression, without its "re:".
  void add_regex(std::string_view text);

  [[nodiscard]] bool empty() const {
    return plain_.empty() && of_layer_.empty() && patterns_.empty();
  }
  /// Patterns that are not understood and match nothing.
  [[nodiscard]] const std::vector<std::string>& unread() const { return unread_; }

  /// Whether the list speaks of this tensor of this layer. Error: all the work that a list may cost
  /// has been done.
  [[nodiscard]] Result<bool> has(std::int64_t layer, const Tensor& tensor) const;

 private:
  [[nodiscard]] bool has_plain(std::int64_t layer, const std::string& alias) const;
  [[nodiscard]] const std::vector<std::string>& aliases(const std::string& name) const;
  [[nodiscard]] bool mentions(std::string_view word) const {
    return text_.find(word) != std::string::npos;
  }

  std::set<std::string, std::less<>> plain_;  // of any layer
  std::map<std::int64_t, std::set<std::string, std::less<>>> of_layer_;
  std::vector<NamePattern> patterns_;
  std::vector<std::string> unread_;
  std::string text_;  // of all patterns
  mutable std::map<std::string, std::vector<std::string>> aliases_;
  mutable std::int64_t work_ = 0;
};

}  // namespace headroom
