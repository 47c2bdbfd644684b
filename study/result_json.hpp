#pragma once
// result.json: the figures of a study for other programs. Schema headroom.result, version 1:
// docs/result.md. Nothing in it depends on wall time, threads or machine.

#include "study/study.hpp"

#include <string>

namespace headroom {

inline constexpr const char* kResultSchema = "headroom.result";
inline constexpr int kResultVersion = 1;

[[nodiscard]] std::string result_json(const Scenario& scenario, const StudyResult& result);
/// Seconds each run took and events per second: beside the results, never in them.
[[nodiscard]] std::string wall_clock_json(const StudyResult& result);

/// Version and git revision of this build: "0.1.0 (3f2a91c04d17)".
[[nodiscard]] std::string headroom_version();

}  // namespace headroom
