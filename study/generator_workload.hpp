#pragma once
// The keys of [workload] that take a generator file or a trace of tokens.

#include "study/scenario.hpp"

namespace headroom {

/// `generator`, with requests, span_s, as, mix, load and tokens.
[[nodiscard]] Result<TaskGeneratorWorkload> read_generator_workload(
    const ConfigTable& table, const std::filesystem::path& base, std::int64_t cluster_gpus);

/// `tokens`, for deployments that are drawn from a mix; nullopt where it is not given.
[[nodiscard]] Result<std::optional<TokenProfile>> read_tokens(const ConfigTable& table,
                                                              const std::filesystem::path& base,
                                                              bool as_llm);

}  // namespace headroom
