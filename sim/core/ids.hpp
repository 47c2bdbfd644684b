#pragma once
// Strong ids: each is an index into one table and converts to nothing by itself.

#include <cstdint>
#include <type_traits>

namespace headroom {

enum class NodeId : std::uint32_t {};
enum class GpuTypeId : std::uint16_t {};
enum class NodeShapeId : std::uint32_t {};
enum class RequestId : std::uint64_t {};
enum class ShapeId : std::uint32_t {};
enum class PlacementId : std::uint64_t {};

/// The number behind a strong id, for indexing its table.
template <class Id>
requires std::is_enum_v<Id>
[[nodiscard]] constexpr auto index(Id id) noexcept {
  return static_cast<std::underlying_type_t<Id>>(id);
}

}  // namespace headroom
