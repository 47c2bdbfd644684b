#pragma once
// What keeps a node from taking deployments, and what happens to nodes while a run goes.

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"

#include <cstdint>

namespace headroom {

/// A node is in service where nothing of this holds. The flags are apart from each other: a drained
/// node that fails and is repaired is still drained.
struct NodeCondition {
  bool absent = false;   // not there yet, or removed
  bool drained = false;  // takes nothing new
  bool down = false;     // by an event, until it is up
  bool failed = false;   // by chance, until it is repaired

  [[nodiscard]] bool in_service() const { return !absent && !drained && !down && !failed; }
  /// Nothing runs on it.
  [[nodiscard]] bool gone() const { return absent || down || failed; }
  friend bool operator==(const NodeCondition&, const NodeCondition&) = default;
};

enum class NodeEventKind : std::uint8_t { down, drain, up, add, remove };

struct NodeEvent {
  SimTime at{};
  NodeEventKind kind{};
  NodeId node{};
  friend bool operator==(const NodeEvent&, const NodeEvent&) = default;
};

}  // namespace headroom
