#pragma once
// kernels/device/simt.cuh on a host: each thread of a block is a fiber, blocks run one after
// another. For tests: slow, exact about what each instruction does, and strict. Copies land as late
// as the program allows, and until then what they overwrite is not a number; addresses are checked;
// a barrier that not all reach fails the launch.

#include "kernels/attention/element.hpp"
#include "kernels/device/launch_shape.hpp"
#include "kernels/device/status.hpp"
#include "kernels/device/vectors.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#define HEADROOM_GLOBAL
#define HEADROOM_DEVICE inline
#define HEADROOM_LAUNCH_BOUNDS(threads, blocks)
#define HEADROOM_UNROLL

namespace headroom::kernels::simt {

/// Which fiber runs next where the program leaves it open.
enum class Schedule {
  in_step,   // all threads in turn: warps stay together
  adrift,    // a warp runs until it waits for the others
  backward,  // adrift, and from the last thread to the first
};

/// How the launches of this thread run from now on.
void set_schedule(Schedule schedule);
void set_multiprocessors(int count);
/// Why the last launch of this thread failed.
[[nodiscard]] const std::string& failure();

int thread();
int block_x();
int block_y();
int block_z();
unsigned char* shared_memory();
std::uint32_t shared_address(const void* pointer);
void sync_block();
void sync_warp();
float shuffle_xor(float value, int mask);
void copy_async_16(std::uint32_t to, const void* from, bool valid);
void commit_copies();
void load_matrices(std::uint32_t (&words)[4], std::uint32_t address);
void load_matrices_transposed(std::uint32_t (&words)[4], std::uint32_t address);

namespace internal {
void wait_copies(std::size_t pending);
void multiply_add(ElementType type, float (&sums)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                  std::uint32_t b1);
Status run(const LaunchShape& shape, const std::function<void()>& kernel);
}  // namespace internal

template <int kPending>
void wait_copies() {
  internal::wait_copies(kPending);
}

template <ElementType kType>
void multiply_add(float (&sums)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                  std::uint32_t b1) {
  internal::multiply_add(kType, sums, a, b0, b1);
}

inline float exp2_fast(float value) { return std::exp2(value); }

template <ElementType kType>
std::uint32_t pack(float first, float second) {
  return static_cast<std::uint32_t>(from_float(kType, first)) |
         static_cast<std::uint32_t>(from_float(kType, second)) << 16;
}
template <ElementType kType>
Float2 unpack(std::uint32_t word) {
  return {to_float(kType, static_cast<std::uint16_t>(word & 0xFFFF)),
          to_float(kType, static_cast<std::uint16_t>(word >> 16))};
}

// Launches run to their end one by one.
inline void allow_next_grid() {}
inline void wait_for_prior_grid() {}

int multiprocessors();

/// stream: not looked at.
template <class Arguments>
Status launch(void (*kernel)(Arguments), const LaunchShape& shape, void* /*stream*/,
              const Arguments& arguments) {
  return internal::run(shape, [&] { kernel(arguments); });
}

}  // namespace headroom::kernels::simt
