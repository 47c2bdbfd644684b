#include "sim/observe/observer.hpp"

namespace headroom {

int Placement::gpus() const {
  std::size_t count = 0;
  for (const auto& holding : holdings) count += holding.devices.size();
  return static_cast<int>(count);
}

}  // namespace headroom
