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

std::optional<Refusal> indivisible(std::string_view rule, Refusal::Phase phase, std::int64_t size,
                                   std::int64_t parts, std::string_view what,
                                   std::string_view parts_name) {
  if (size % parts == 0) return std::nullopt;
  return Refusal{std::string(rule),
                 fmt::format("{} {} not split over {} {} ({} mod {} = {})", size, what, parts_name,
                             parts, size, parts, size % parts),
                 phase};
}

EngineVerdict divides(std::string_view rule, Refusal::Phase phase, std::int64_t size, int tp,
                      const char* what) {
  auto refusal = indivisible(rule, phase, size, tp, what, "tensor parallel size");
  if (!refusal) return accepted_verdict();
  return refused_verdict(rule, phase, std::move(refusal->sentence));
}

EngineRules::RuleInfo rule_info(std::string_view id, std::string description, std::string source,
                                Refusal::Phase phase) {
  return {std::string(id), std::move(description), std::move(source), phase};
}

EngineRules::RemarkInfo remark_info(std::string_view id, std::string description,
                                    std::string source) {
  return {std::string(id), std::move(description), std::move(source)};
}

EngineVerdict of_gpu(EngineVerdict verdict) {
  verdict.refusal.of_gpu = !verdict.accepted;
  return verdict;
}

}  // namespace headroom
