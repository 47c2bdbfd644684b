#include "sim/engine/verdict.hpp"

#include <fmt/format.h>

#include <utility>

namespace headroom {

EngineVerdict accepted_verdict() {
  EngineVerdict verdict;
  verdict.accepted = true;
  return verdict;
}

EngineVerdict refused_verdict(std::string_view rule, Refusal::Phase phase, std::string sentence) {
  EngineVerdict verdict;
  verdict.refusal = Refusal{std::string(rule), std::move(sentence), phase};
  return verdict;
}

EngineVerdict divides(std::string_view rule, Refusal::Phase phase, std::int64_t size, int tp,
                      const char* what) {
  if (size % tp == 0) return accepted_verdict();
  return refused_verdict(
      rule, phase,
      fmt::format("{} {} not split over tensor parallel size {} ({} mod {} = {})", size, what, tp,
                  size, tp, size % tp));
}

}  // namespace headroom
