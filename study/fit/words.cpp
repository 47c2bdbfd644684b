#include "study/fit/words.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace headroom {

std::string grouped(std::int64_t value) {
  const std::string digits = fmt::format("{}", value < 0 ? -value : value);
  std::string out = value < 0 ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string count_words(std::int64_t value) {
  const auto number = static_cast<double>(value);
  if (number >= 999.5e9) return fmt::format("{:.2f} trillion", number / 1e12);
  if (number >= 1e9) return fmt::format("{:.1f} billion", number / 1e9);
  return fmt::format("{:.0f} million", number / 1e6);
}

std::string plan_name(ParallelPlan plan) {
  std::string out;
  const auto add = [&](const char* what, int size) {
    if (size == 1) return;
    if (!out.empty()) out += " x ";
    out += fmt::format("{} {}", what, size);
  };
  add("TP", plan.tp);
  add("PP", plan.pp);
  add("DP", plan.dp);
  if (out.empty()) return "one GPU";
  if (plan.ep) out += " EP";
  return plan.balanced ? out + " even" : out;
}

std::string gpus_words(const FitPlan& plan) {
  const int gpus = plan.plan.gpus();
  std::string out = gpus == 1 ? "1 GPU" : fmt::format("{} GPUs", gpus);
  if (plan.nodes > 1) out += fmt::format(" on {} nodes", plan.nodes);
  return out;
}

std::string plan_words(ParallelPlan plan) {
  const std::string experts = plan.ep ? ", whole experts spread over them" : "";
  if (plan.gpus() == 1) return "on one GPU";
  if (plan.pp == 1) {
    return fmt::format("split over {} GPUs ({}){}", plan.gpus(), plan_name(plan), experts);
  }
  const int each = plan.tp * plan.dp;
  return fmt::format("as {} pipeline stages of {} each ({}){}", plan.pp,
                     each == 1 ? "one GPU" : fmt::format("{} GPUs", each), plan_name(plan),
                     experts);
}

std::string listed(std::span<const std::string> items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? " and " : ", ";
    out += items[i];
  }
  return out;
}

std::string some_of(std::span<const std::string> items, std::size_t most) {
  if (items.size() <= most) return listed(items);
  std::string out;
  for (const std::string& item : items.first(most)) out += item + ", ";
  return out + fmt::format("and {} more", items.size() - most);
}

std::string sentence(std::string text) {
  if (!text.empty() && text.back() != '.') text += '.';
  return text;
}

namespace {

std::string joined(const std::vector<std::string>& words, std::size_t width, std::size_t indent,
                   std::string_view at_break) {
  std::string out;
  std::size_t column = indent;
  for (const std::string& word : words) {
    const bool first = out.empty();
    if (!first && column + 1 + word.size() + at_break.size() > width) {
      out += std::string(at_break) + "\n" + std::string(indent, ' ') + word;
      column = indent + word.size();
      continue;
    }
    if (!first) out += ' ';
    out += word;
    column += word.size() + (first ? 0 : 1);
  }
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = text.find(' ');
    if (end > 0) out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  return joined(split(text), width, indent, "");
}

std::string wrapped_command(std::string_view command, std::size_t width, std::size_t indent) {
  // An option and its value stay together.
  std::vector<std::string> parts;
  for (std::string& word : split(command)) {
    const bool value = !parts.empty() && !word.starts_with('-') &&
                       (parts.size() == 1 || parts.back().find(' ') == std::string::npos);
    if (value) {
      parts.back() += ' ' + word;
    } else {
      parts.push_back(std::move(word));
    }
  }
  return joined(parts, width, indent, " \\");
}

}  // namespace headroom
