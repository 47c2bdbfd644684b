#include "sim/core/assert.hpp"

#include <fmt/format.h>

namespace headroom {

void raise_fault(const char* condition, const char* file, int line, const std::string& message) {
  throw Fault(fmt::format("{}:{}: {} (expected {})", file, line, message, condition));
}

}  // namespace headroom
