#pragma once
// A run's state as a file: `headroom run --dump-state`, `--from-state`. JSON, schema
// headroom.state: docs/state.md.

#include "sim/run/run_state.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace headroom {

inline constexpr const char* kStateSchema = "headroom.state";
inline constexpr int kStateVersion = 3;

struct SavedState {
  std::string scenario;  // its name
  std::string policy;
  std::uint64_t seed = 0;
  RunState run;
};

[[nodiscard]] std::string state_json(const SavedState& state, const ClusterSpec& cluster);

/// Nodes and GPU types are found by their names in this cluster. Error: not such a file; a key that
/// is missing or of the wrong type; a node or a type that the cluster does not have. What the
/// figures mean together is checked where a run goes on with them.
[[nodiscard]] Result<SavedState> read_state(const std::filesystem::path& file,
                                            const ClusterSpec& cluster);

}  // namespace headroom
