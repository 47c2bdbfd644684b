#pragma once
// Requests from a generator file, as tasks or as deployments of a mix.

#include "sim/core/result.hpp"
#include "sim/workload/request.hpp"
#include "traces/generate/spec.hpp"
#include "traces/mix.hpp"
#include "traces/token_profile.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

namespace headroom {

/// The mix that a generator file names, relative to its folder; nullopt where it names none.
[[nodiscard]] Result<std::optional<Mix>> mix_of(const GeneratorSpec& spec,
                                                const std::filesystem::path& file);

/// With a mix, its GPU tasks as deployments. Error: as make_task_generator.
[[nodiscard]] Result<std::unique_ptr<RequestSource>> generated_requests(
    const GeneratorSpec& spec, const Mix* mix, const std::optional<TokenProfile>& tokens,
    std::uint64_t seed);

}  // namespace headroom
