#include "policies/gpustack/divisibility.hpp"

#include <algorithm>

namespace headroom::gpustack {
namespace {

std::optional<Fact> check(FactKind kind, const std::optional<std::int64_t>& figure, int tp) {
  if (!figure || *figure <= 0 || *figure % tp == 0) return std::nullopt;
  return Fact{kind, {static_cast<double>(*figure), static_cast<double>(tp)}};
}

bool language_only(const Ask& ask, Backend backend) {
  return backend == Backend::vllm ? ask.parameters.flag({"language-model-only"})
                                  : ask.parameters.flag({"language-only"});
}

}  // namespace

std::optional<Fact> indivisible(const Ask& ask, Backend backend, int tp) {
  if (tp <= 0) return std::nullopt;
  if (auto fact = check(FactKind::heads, ask.figures.heads, tp)) return fact;
  if (!language_only(ask, backend)) {
    if (auto fact = check(FactKind::vision_heads, ask.figures.vision_heads, tp)) return fact;
  }
  return check(FactKind::vocabulary, ask.figures.vocab, tp);
}

bool legal_tp(const Ask& ask, Backend backend, int tp) {
  if (tp <= 0 || indivisible(ask, backend, tp)) return false;
  const auto& allowed = ask.allowed_tp;
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), tp) != allowed.end();
}

}  // namespace headroom::gpustack
