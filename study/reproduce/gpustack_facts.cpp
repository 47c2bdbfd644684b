#include "study/reproduce/gpustack_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace headroom {
namespace {

using gpustack::Fact;
using gpustack::FactKind;

// A sentence is told by a few of its words. The first that fits.
struct Mark {
  std::string_view words;
  FactKind kind;
};
constexpr std::array<Mark, 19> kMarks = {{
    {"requires approximately", FactKind::claim},
    {"GPUs combined need", FactKind::fraction},
    {"vision attention heads", FactKind::vision_heads},
    {"attention heads", FactKind::heads},
    {"Vocabulary size", FactKind::vocabulary},
    {"current available GPU", FactKind::one_gpu},
    {"largest available worker", FactKind::one_worker},
    {"Diffusion requires each GPU", FactKind::diffusion_gpu},
    {"optimal combination", FactKind::best_workers},
    {"suitable worker combination", FactKind::no_workers},
    {"vLLM multi-node", FactKind::topology},
    {"heterogeneous GPU types", FactKind::mixed_types},
    {"does not allow overcommit", FactKind::replicas_overcommit},
    {"resource overcommit", FactKind::overcommit},
    {"selected devices", FactKind::used_of_selected},
    {"Used GPUs provide", FactKind::used_gpus},
    {"Selected GPUs have", FactKind::selected_gpus},
    {"GPUs per replica", FactKind::gpu_count},
    {"must be positive", FactKind::bad_parameter},
}};

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::vector<double> numbers_in(std::string_view text) {
  std::vector<double> out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i])) continue;
    std::size_t end = i;
    while (end < text.size() &&
           (is_digit(text[end]) ||
            (text[end] == '.' && end + 1 < text.size() && is_digit(text[end + 1])))) {
      ++end;
    }
    double value = 0;
    std::from_chars(text.data() + i, text.data() + end, value);
    out.push_back(value);
    i = end;
  }
  return out;
}

// Takes a list of quoted names out of the text: "['a', 'b']".
std::vector<std::string> take_names(std::string& text) {
  std::vector<std::string> names;
  const auto open = text.find('[');
  const auto close = text.find(']');
  if (open == std::string::npos || close == std::string::npos || close < open) return names;
  const std::string list = text.substr(open, close - open);
  for (auto at = list.find('\''); at != std::string::npos;) {
    const auto end = list.find('\'', at + 1);
    if (end == std::string::npos) break;
    names.push_back(list.substr(at + 1, end - at - 1));
    at = list.find('\'', end + 1);
  }
  text.erase(open, close - open + 1);
  return names;
}

// A line may state two facts.
bool add_line(std::string line, std::vector<Fact>& out) {
  const auto mark = std::find_if(kMarks.begin(), kMarks.end(), [&](const Mark& each) {
    return line.find(each.words) != std::string::npos;
  });
  if (mark == kMarks.end()) return false;
  Fact fact{mark->kind};
  fact.names = take_names(line);
  fact.figures = numbers_in(line);
  const auto split = [&](FactKind second) {
    if (fact.figures.size() < 2) return;
    out.push_back({fact.kind, {fact.figures.front()}, fact.names});
    fact = {second, {fact.figures.begin() + 1, fact.figures.end()}, {}};
  };
  if (fact.kind == FactKind::claim) split(FactKind::ram_claim);
  if (fact.kind == FactKind::best_workers) split(FactKind::unfit_workers);
  out.push_back(std::move(fact));
  return true;
}

}  // namespace

std::optional<std::vector<Fact>> facts_of(std::string_view message) {
  std::vector<Fact> out;
  while (!message.empty()) {
    const auto end = message.find('\n');
    std::string line(message.substr(0, end));
    message.remove_prefix(end == std::string_view::npos ? message.size() : end + 1);
    if (!line.empty() && !add_line(std::move(line), out)) return std::nullopt;
  }
  return out;
}

bool same_facts(const std::vector<Fact>& expected, const std::vector<Fact>& got) {
  // Half of the last decimal, and what GPUStack adds by rounding before it multiplies.
  constexpr double kTolerance = 0.0101;
  const auto same = [](const Fact& a, const Fact& b) {
    if (a.kind != b.kind || a.names.size() > b.names.size()) return false;
    if (!std::equal(a.names.begin(), a.names.end(), b.names.begin())) return false;
    return std::equal(a.figures.begin(), a.figures.end(), b.figures.begin(), b.figures.end(),
                      [](double x, double y) { return std::abs(x - y) <= kTolerance; });
  };
  return std::equal(expected.begin(), expected.end(), got.begin(), got.end(), same);
}

std::string facts_text(const std::vector<Fact>& facts) {
  std::string text;
  for (const Fact& fact : facts) {
    if (!text.empty()) text += "; ";
    text += code_of(fact.kind);
    for (const double figure : fact.figures) {
      text += fmt::format(" {:.6g}", std::round(figure * 1000) / 1000);
    }
    for (const std::string& name : fact.names) text += " " + name;
  }
  return text.empty() ? "nothing said" : text;
}

void compare_facts(const std::string& what, const std::vector<std::string>& messages,
                   const std::vector<Fact>& got, std::vector<Disagreement>& out) {
  std::vector<Fact> expected;
  for (const std::string& message : messages) {
    const auto facts = facts_of(message);
    if (!facts) {
      out.push_back({what, "a message that this comparison knows", message});
      return;
    }
    expected.insert(expected.end(), facts->begin(), facts->end());
  }
  if (!same_facts(expected, got)) out.push_back({what, facts_text(expected), facts_text(got)});
}

}  // namespace headroom
