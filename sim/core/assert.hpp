#pragma once
// HEADROOM_ASSERT: a bug in headroom itself, checked in every build. The command turns the
// exception into exit code 3; a test can catch it.

#include <stdexcept>
#include <string>

namespace headroom {

/// A broken promise inside headroom or a plug-in (never bad input).
class Fault : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void raise_fault(const char* condition, const char* file, int line,
                              const std::string& message);

}  // namespace headroom

#define HEADROOM_ASSERT(condition, message)                                               \
  do {                                                                                    \
    if (!(condition)) ::headroom::raise_fault(#condition, __FILE__, __LINE__, (message)); \
  } while (false)
