#include "kernels/device/host_fibers.hpp"

#include <cstdint>

namespace headroom::kernels::simt::internal {
namespace {

constexpr int kWarp = 32;
constexpr std::size_t kStackBytes = std::size_t{256} * 1024;

}  // namespace

Fibers::Fibers(int count, Schedule schedule)
    : fibers_(static_cast<std::size_t>(count)), schedule_(schedule) {
  // Left uninitialised: most of it is never touched.
  for (Fiber& fiber : fibers_) fiber.stack.reset(new std::byte[kStackBytes]);
}

void Fibers::run(const std::function<void()>& function) {
  function_ = &function;
  fault_.clear();
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  for (Fiber& fiber : fibers_) {
    fiber.done = false;
    fiber.waits_for = nullptr;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStackBytes;
    fiber.context.uc_link = &scheduler_;
    // makecontext passes ints: the pointer goes in halves.
    makecontext(&fiber.context, reinterpret_cast<void (*)()>(&Fibers::enter), 2,
                static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
  }
  current_ = schedule_ == Schedule::backward ? 0 : static_cast<int>(fibers_.size()) - 1;
  for (current_ = next(); current_ >= 0; current_ = next()) {
    swapcontext(&scheduler_, &fibers_[static_cast<std::size_t>(current_)].context);
    if (!fault_.empty()) throw KernelFault(fault_);
  }
  for (const Fiber& fiber : fibers_) {
    if (!fiber.done) throw KernelFault("threads wait at a barrier that others never reach");
  }
}

void Fibers::enter(unsigned high, unsigned low) {
  const auto self = static_cast<std::uintptr_t>(high) << 32 | low;
  reinterpret_cast<Fibers*>(self)->body();
}

void Fibers::body() {
  try {
    (*function_)();
  } catch (const KernelFault& fault) {
    fault_ = fault.what();
  }
  fibers_[static_cast<std::size_t>(current_)].done = true;
}

void Fibers::wait(Barrier& barrier) {
  if (!arrive(barrier)) wait_for_phase(barrier);
}

bool Fibers::arrive(Barrier& barrier) {
  if (++barrier.arrived < barrier.members) return false;
  barrier.arrived = 0;
  ++barrier.phase;
  return true;
}

void Fibers::wait_for_phase(const Barrier& barrier) {
  Fiber& self = fibers_[static_cast<std::size_t>(current_)];
  self.waits_for = &barrier;
  self.phase = barrier.phase;
  swapcontext(&self.context, &scheduler_);
}

bool Fibers::can_run(int index) const {
  const Fiber& fiber = fibers_[static_cast<std::size_t>(index)];
  return !fiber.done && (fiber.waits_for == nullptr || fiber.waits_for->phase != fiber.phase);
}

int Fibers::next() const {
  const int count = static_cast<int>(fibers_.size());
  const int step = schedule_ == Schedule::backward ? count - 1 : 1;
  const auto first_of = [&](int begin, int size, int from) {
    const int by = step == 1 ? 1 : size - 1;
    for (int i = 0, at = from; i < size; ++i) {
      at = (at + by) % size;
      if (can_run(begin + at)) return begin + at;
    }
    return -1;
  };
  if (schedule_ != Schedule::in_step) {
    const int begin = current_ / kWarp * kWarp;
    const int same_warp = first_of(begin, kWarp, current_ - begin);
    if (same_warp >= 0) return same_warp;
  }
  return first_of(0, count, current_);
}

}  // namespace headroom::kernels::simt::internal
