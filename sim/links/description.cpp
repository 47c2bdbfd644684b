#include "sim/links/description.hpp"

namespace headroom {

std::string_view fabric_name(NodeFabric fabric) {
  switch (fabric) {
    case NodeFabric::uniform:
      return "uniform";
    case NodeFabric::nvswitch:
      return "nvswitch";
    case NodeFabric::nvlink_pairs:
      return "nvlink-pairs";
    case NodeFabric::nvlink_cube:
      return "nvlink-cube";
    case NodeFabric::pcie:
      return "pcie";
    case NodeFabric::edges:
      return "matrix";
  }
  return "uniform";
}

}  // namespace headroom
