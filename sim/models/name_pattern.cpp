#include "sim/models/name_pattern.hpp"

#include <utility>

namespace headroom {
namespace {

constexpr std::size_t kMostLength = 1'000;
constexpr int kMostNesting = 32;

std::bitset<256> one(char c) {
  std::bitset<256> set;
  set.set(static_cast<unsigned char>(c));
  return set;
}

std::bitset<256> any() { return std::bitset<256>().set(); }

void set_range(std::bitset<256>& set, unsigned char first, unsigned char last) {
  for (unsigned c = first; c <= last; ++c) set.set(c);
}

/// The set of `\c`; nothing for what is no single set.
std::optional<std::bitset<256>> escaped(char c) {
  std::bitset<256> set;
  if (c == 'd' || c == 'w') set_range(set, '0', '9');
  if (c == 'w') {
    set_range(set, 'a', 'z');
    set_range(set, 'A', 'Z');
    set.set('_');
  }
  if (c == 'd' || c == 'w') return set;
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (letter) return std::nullopt;  // an assertion, a back reference, a kind of space
  return one(c);
}

}  // namespace

/// Builds the automaton backwards: every piece is told what follows it.
class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : text_(text) {}

  std::optional<NamePattern> glob() {
    std::vector<std::pair<std::bitset<256>, bool>> pieces;  // whether it repeats
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '*') {
        pieces.emplace_back(any(), true);
      } else if (c == '?') {
        pieces.emplace_back(any(), false);
      } else if (c == '[') {
        const auto set = read_class();
        if (!set) return std::nullopt;
        pieces.emplace_back(*set, false);
      } else {
        pieces.emplace_back(one(c), false);
      }
    }
    std::uint32_t next = add({});
    for (std::size_t i = pieces.size(); i > 0; --i) {
      const auto& [set, repeated] = pieces[i - 1];
      if (repeated) {
        const std::uint32_t loop = add({Kind::split, 0, next, {}});
        out_.nodes_[loop].next = add({Kind::set, loop, 0, set});
        next = loop;
      } else {
        next = add({Kind::set, next, 0, set});
      }
    }
    out_.start_ = next;
    out_.end_ = NamePattern::End::whole_or_dot;
    return std::move(out_);
  }

  std::optional<NamePattern> regex() {
    if (text_.starts_with('^')) text_.remove_prefix(1);
    if (text_.ends_with('$') && !text_.ends_with("\\$")) {
      text_.remove_suffix(1);
      out_.end_ = NamePattern::End::whole;
    }
    const auto tree = alternatives(0);
    if (!tree || at_ != text_.size()) return std::nullopt;
    out_.start_ = build(*tree, add({}));
    return std::move(out_);
  }

 private:
  using Node = NamePattern::Node;
  using Kind = Node::Kind;

  /// A syntax tree, so that what follows a piece is known when it is built.
  struct Tree {
    enum class Kind { set, sequence, choice, repeat } kind = Kind::sequence;
    std::bitset<256> set;
    std::vector<Tree> parts;
    char times = '*';  // of repeat: '*', '+', '?'
  };

  std::uint32_t add(Node node) {
    out_.nodes_.push_back(node);
    return static_cast<std::uint32_t>(out_.nodes_.size() - 1);
  }

  // NOLINTNEXTLINE(misc-no-recursion): nesting is bounded by kMostNesting
  std::uint32_t build(const Tree& tree, std::uint32_t next) {
    switch (tree.kind) {
      case Tree::Kind::set:
        return add({Kind::set, next, 0, tree.set});
      case Tree::Kind::sequence:
        for (std::size_t i = tree.parts.size(); i > 0; --i) next = build(tree.parts[i - 1], next);
        return next;
      case Tree::Kind::choice: {
        std::uint32_t start = build(tree.parts.back(), next);
        for (std::size_t i = tree.parts.size() - 1; i > 0; --i) {
          start = add({Kind::split, build(tree.parts[i - 1], next), start, {}});
        }
        return start;
      }
      case Tree::Kind::repeat:
        break;
    }
    const Tree& part = tree.parts.front();
    if (tree.times == '?') return add({Kind::split, build(part, next), next, {}});
    const std::uint32_t loop = add({Kind::split, 0, next, {}});
    const std::uint32_t body = build(part, loop);
    out_.nodes_[loop].next = body;
    return tree.times == '+' ? body : loop;
  }

  // NOLINTNEXTLINE(misc-no-recursion): nesting is bounded by kMostNesting
  std::optional<Tree> alternatives(int depth) {
    Tree choice;
    choice.kind = Tree::Kind::choice;
    do {
      auto part = sequence(depth);
      if (!part) return std::nullopt;
      choice.parts.push_back(std::move(*part));
    } while (take('|'));
    if (choice.parts.size() == 1) return std::move(choice.parts.front());
    return choice;
  }

  // NOLINTNEXTLINE(misc-no-recursion): nesting is bounded by kMostNesting
  std::optional<Tree> sequence(int depth) {
    Tree out;
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
      auto part = atom(depth);
      if (!part) return std::nullopt;
      if (at_ < text_.size() && (text_[at_] == '*' || text_[at_] == '+' || text_[at_] == '?')) {
        Tree repeat;
        repeat.kind = Tree::Kind::repeat;
        repeat.times = text_[at_++];
        (void)take('?');  // greed changes nothing here
        repeat.parts.push_back(std::move(*part));
        part = std::move(repeat);
      }
      out.parts.push_back(std::move(*part));
    }
    return out;
  }

  // NOLINTNEXTLINE(misc-no-recursion): nesting is bounded by kMostNesting
  std::optional<Tree> atom(int depth) {
    const char c = text_[at_++];
    if (c == '(') {
      if (depth == kMostNesting) return std::nullopt;
      if (take('?') && !take(':')) return std::nullopt;
      auto inner = alternatives(depth + 1);
      if (!inner || !take(')')) return std::nullopt;
      return inner;
    }
    Tree tree;
    tree.kind = Tree::Kind::set;
    if (c == '.') {
      tree.set = any();
    } else if (c == '[') {
      const auto set = read_class();
      if (!set) return std::nullopt;
      tree.set = *set;
    } else if (c == '\\') {
      if (at_ == text_.size()) return std::nullopt;
      const auto set = escaped(text_[at_++]);
      if (!set) return std::nullopt;
      tree.set = *set;
    } else if (std::string_view("*+?{}^$").find(c) != std::string_view::npos) {
      return std::nullopt;
    } else {
      tree.set = one(c);
    }
    return tree;
  }

  /// After the opening bracket.
  std::optional<std::bitset<256>> read_class() {
    std::bitset<256> set;
    const bool inverted = take('^') || take('!');
    for (bool first = true; at_ < text_.size(); first = false) {
      const char c = text_[at_++];
      if (c == ']' && !first) return inverted ? ~set : set;
      if (c == '\\') {
        if (at_ == text_.size()) return std::nullopt;
        const auto inner = escaped(text_[at_++]);
        if (!inner) return std::nullopt;
        set |= *inner;
      } else if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        const auto low = static_cast<unsigned char>(c);
        const auto high = static_cast<unsigned char>(text_[at_ + 1]);
        if (low > high) return std::nullopt;
        set_range(set, low, high);
        at_ += 2;
      } else {
        set.set(static_cast<unsigned char>(c));
      }
    }
    return std::nullopt;
  }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  NamePattern out_;
};

std::optional<NamePattern> NamePattern::glob(std::string_view text) {
  if (text.size() > kMostLength) return std::nullopt;
  return PatternParser(text).glob();
}

std::optional<NamePattern> NamePattern::regex(std::string_view text) {
  if (text.size() > kMostLength) return std::nullopt;
  return PatternParser(text).regex();
}

bool NamePattern::matches(std::string_view name, std::int64_t& work) const {
  std::vector<std::uint32_t> now;
  std::vector<std::uint32_t> open;  // still to look at
  std::vector<std::size_t> seen(nodes_.size(), 0);
  std::vector<std::uint32_t> next{start_};
  for (std::size_t at = 0;; ++at) {
    now.clear();
    open.swap(next);
    next.clear();
    while (!open.empty()) {
      const std::uint32_t node = open.back();
      open.pop_back();
      ++work;
      if (seen[node] == at + 1) continue;
      seen[node] = at + 1;
      if (nodes_[node].kind == Node::Kind::split) {
        open.push_back(nodes_[node].next);
        open.push_back(nodes_[node].other);
      } else {
        now.push_back(node);
      }
    }
    const bool may_end = end_ == End::anywhere || at == name.size() ||
                         (end_ == End::whole_or_dot && name[at] == '.');
    for (const std::uint32_t node : now) {
      if (nodes_[node].kind == Node::Kind::match) {
        if (may_end) return true;
      } else if (at < name.size() && nodes_[node].set[static_cast<unsigned char>(name[at])]) {
        next.push_back(nodes_[node].next);
      }
    }
    if (at == name.size() || next.empty()) return false;
  }
}

}  // namespace headroom
