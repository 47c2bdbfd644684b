#pragma once
// Patterns of module names, as quantized checkpoints list what they leave out: globs and regular
// expressions. Matching takes time in proportion to pattern and name, whatever the pattern.

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace headroom {

class NamePattern {
 public:
  /// `*`, `?` and `[...]`. Nothing when it is too long.
  [[nodiscard]] static std::optional<NamePattern> glob(std::string_view text);
  /// Letters, `.`, `\.`, `\d`, `\w`, classes, groups, `|`, `*`, `+`, `?`, `^` first and `$` last;
  /// no counts and no look-around. Nothing when it holds something else or is too long.
  [[nodiscard]] static std::optional<NamePattern> regex(std::string_view text);

  /// Whether it matches the name from its start: a glob all of it, or up to a dot (a module that
  /// holds the named one); a regular expression as far as it goes, or all of it when it ends in
  /// `$`. `work` grows by the steps taken.
  [[nodiscard]] bool matches(std::string_view name, std::int64_t& work) const;

 private:
  friend class PatternParser;
  struct Node {
    enum class Kind : std::uint8_t { set, split, match } kind = Kind::match;
    std::uint32_t next = 0;
    std::uint32_t other = 0;  // of split
    std::bitset<256> set;
  };
  enum class End { anywhere, whole, whole_or_dot } end_ = End::anywhere;
  std::uint32_t start_ = 0;
  std::vector<Node> nodes_;
};

}  // namespace headroom
