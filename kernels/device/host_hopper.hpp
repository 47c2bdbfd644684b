#pragma once
// kernels/device/hopper.cuh on a host, stricter than a GPU. Multiplications happen when they are
// waited for, each warp's for itself; until then their sums are not numbers, and their operands
// must stay as they are. They see of shared memory what was copied there and shown to them by a
// fence of the thread that copied, and nothing of ordinary stores. Whatever can never come to its
// end fails the launch.

#include "kernels/attention/problem.hpp"
#include "kernels/device/host_simt.hpp"

#include <cstddef>
#include <cstdint>

#define HEADROOM_HOPPER_CODE 1

namespace headroom::kernels::simt {

void require_pattern_start(std::uint32_t address);
void sync_some(int barrier, int threads);
void init_phases(std::uint32_t barrier, int arrivals);
void arrive(std::uint32_t barrier);
void wait_phase(std::uint32_t barrier, std::uint32_t parity);
void show_to_multiplications();
void order_registers();
void commit_multiplications();

namespace internal {
void set_registers(int registers);
void wait_multiplications(std::size_t pending);
void hold(float* sums);
/// a_words null: A of memory. across: the rows of B are of the dimension that is summed over.
void multiply(ElementType type, float* sums, int columns, const std::uint32_t* a_words,
              std::uint64_t a_matrix, std::uint64_t b_matrix, bool across, bool accumulate);
}  // namespace internal

template <int kRegisters>
void shrink_registers() {
  internal::set_registers(kRegisters);
}
template <int kRegisters>
void grow_registers() {
  internal::set_registers(kRegisters);
}

template <int kPending>
void wait_multiplications() {
  internal::wait_multiplications(kPending);
}

template <std::size_t kTiles>
void hold(float (&sums)[kTiles][4]) {
  internal::hold(&sums[0][0]);
}
template <std::size_t kSteps>
void hold(std::uint32_t (&/*words*/)[kSteps][4]) {}

template <ElementType kType, std::size_t kTiles>
void multiply_shared(float (&sums)[kTiles][4], std::uint64_t a_matrix, std::uint64_t b_matrix,
                     bool accumulate) {
  internal::multiply(kType, &sums[0][0], static_cast<int>(kTiles * 8), nullptr, a_matrix, b_matrix,
                     false, accumulate);
}
template <ElementType kType, std::size_t kTiles>
void multiply_held(float (&sums)[kTiles][4], const std::uint32_t (&a_words)[4],
                   std::uint64_t b_matrix) {
  internal::multiply(kType, &sums[0][0], static_cast<int>(kTiles * 8), a_words, 0, b_matrix, true,
                     true);
}

}  // namespace headroom::kernels::simt
