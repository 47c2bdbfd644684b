#include "sim/observe/observer.hpp"

#include "sim/core/assert.hpp"

namespace headroom {

int Placement::gpus() const {
  std::size_t count = 0;
  for (const auto& holding : holdings) count += holding.devices.size();
  return static_cast<int>(count);
}

std::string_view loss_name(LossCause cause) {
  switch (cause) {
    case LossCause::down:
      return "node_down";
    case LossCause::failed:
      return "node_failed";
    case LossCause::removed:
      return "node_removed";
  }
  HEADROOM_ASSERT(false, "a cause without a name");
  return "";
}

}  // namespace headroom
