#pragma once
// Sentences of GPUStack's as facts, so that ours can be compared with them: what is said and the
// numbers in it, not how it is worded.

#include "policies/gpustack/fact.hpp"
#include "study/reproduce/gpustack_cases.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// The facts of a message, a line each; nullopt where a line says something that is not known.
[[nodiscard]] std::optional<std::vector<gpustack::Fact>> facts_of(std::string_view message);

/// Whether these are the same facts. Expected figures are rounded to two decimals.
[[nodiscard]] bool same_facts(const std::vector<gpustack::Fact>& expected,
                              const std::vector<gpustack::Fact>& got);

/// "claim 75.23; one_gpu 24.23 100".
[[nodiscard]] std::string facts_text(const std::vector<gpustack::Fact>& facts);

/// Adds a disagreement where the messages do not say the same as the facts.
void compare_facts(const std::string& what, const std::vector<std::string>& messages,
                   const std::vector<gpustack::Fact>& got, std::vector<Disagreement>& out);

}  // namespace headroom
