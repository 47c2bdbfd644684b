#pragma once
// The threads of a block as fibers: who runs next, and barriers.

#include "kernels/device/host_simt.hpp"

#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace headroom::kernels::simt::internal {

/// What a kernel did wrong.
class KernelFault : public std::logic_error {
  using std::logic_error::logic_error;
};

struct Barrier {
  int members = 0;
  int arrived = 0;
  unsigned phase = 0;
};

class Fibers {
 public:
  Fibers(int count, Schedule schedule);

  /// Runs the function in each fiber to its end. Throws the KernelFault of the first that had one,
  /// and where all that are left wait for one another.
  void run(const std::function<void()>& function);

  /// Of the fiber that runs.
  [[nodiscard]] int current() const { return current_; }
  /// Until all members have called it.
  void wait(Barrier& barrier);
  /// Without waiting; true where this was the last and the phase ended.
  static bool arrive(Barrier& barrier);
  /// Until the present phase ends, without arriving.
  void wait_for_phase(const Barrier& barrier);

 private:
  struct Fiber {
    ucontext_t context{};
    std::unique_ptr<std::byte[]> stack;
    const Barrier* waits_for = nullptr;
    unsigned phase = 0;  // of that barrier when it began to wait
    bool done = false;
  };

  static void enter(unsigned high, unsigned low);
  [[nodiscard]] bool can_run(int index) const;
  [[nodiscard]] int next() const;  // -1: none can
  void body();

  std::vector<Fiber> fibers_;
  Schedule schedule_;
  ucontext_t scheduler_{};
  const std::function<void()>* function_ = nullptr;
  std::string fault_;
  int current_ = 0;
};

}  // namespace headroom::kernels::simt::internal
