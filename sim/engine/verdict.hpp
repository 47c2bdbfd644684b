#pragma once
// Building verdicts: what the rules of all engines are written with.

#include "sim/engine/engine.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headroom {

[[nodiscard]] EngineVerdict accepted_verdict();
[[nodiscard]] EngineVerdict refused_verdict(std::string_view rule, Refusal::Phase phase,
                                            std::string sentence);

/// A refusal of a size that must divide by the tensor parallel size, or an accepted verdict. `what`
/// goes between the size and "not split": "attention heads do".
[[nodiscard]] EngineVerdict divides(std::string_view rule, Refusal::Phase phase, std::int64_t size,
                                    int tp, const char* what);

/// A refusal of a size that must divide by `parts`, or nothing. `what` as above; `parts_name` is
/// "tensor parallel size".
[[nodiscard]] std::optional<Refusal> indivisible(std::string_view rule, Refusal::Phase phase,
                                                 std::int64_t size, std::int64_t parts,
                                                 std::string_view what,
                                                 std::string_view parts_name);

/// An entry of the list of rules, and of remarks.
[[nodiscard]] EngineRules::RuleInfo rule_info(std::string_view id, std::string description,
                                              std::string source, Refusal::Phase phase);
[[nodiscard]] EngineRules::RemarkInfo remark_info(std::string_view id, std::string description,
                                                  std::string source);

/// The same refusal, as one of the GPU whatever the plan.
[[nodiscard]] EngineVerdict of_gpu(EngineVerdict verdict);

}  // namespace headroom
