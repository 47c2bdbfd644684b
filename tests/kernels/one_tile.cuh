#pragma once
// A kernel that multiplies one tile by wgmma, with each instruction that prefill_wgmma.cuh uses but
// the registers' hand-over: where the larger kernel is wrong, this tells whether its instructions
// are.

#include "kernels/attention/gpu/tile_layout.hpp"
#include "kernels/device/hopper.cuh"
#include "kernels/device/matrix_descriptor.hpp"
#include "tests/kernels/one_tile.hpp"

#include <cstdint>

namespace headroom::test {

namespace simt = kernels::simt;

// What the kernel is told to do wrong.
enum class Mistake {
  none,
  no_proxy_fence,
  no_register_fence,
  no_wait,
  holds_too_early,
  changes_a,
  writes_sums,
  other_parity,
  one_arrival_short,
  one_warp_less,
  other_registers,
  no_barrier,
  count,
};

constexpr std::uint32_t kB = kTileRows * 128;
constexpr std::uint32_t kBarrier = kB + kTileColumns * 128;
constexpr int kOneTileSharedBytes = static_cast<int>(kBarrier) + 8;

#if HEADROOM_HOPPER_CODE

HEADROOM_DEVICE void copy_tile(const std::uint16_t* from, int rows, std::uint32_t to) {
  for (int i = simt::thread(); i < rows * 8; i += 128) {
    simt::copy_async_16(to + kernels::panel_offset(i / 8, i % 8, rows), from + i * 8, true);
  }
  simt::commit_copies();
  simt::wait_copies<0>();
}

template <int kTiles>
HEADROOM_DEVICE void store_tile(const float (&sums)[kTiles][4], float* to) {
  const int lane = simt::thread() % 32;
  const int first = simt::thread() / 32 * 16;
  HEADROOM_UNROLL
  for (int c = 0; c < kTiles; ++c) {
    HEADROOM_UNROLL
    for (int i = 0; i < 4; ++i) {
      const int row = first + kernels::sum_row(lane) + i / 2 * 8;
      to[row * kTiles * 8 + c * 8 + kernels::sum_column(lane) + i % 2] = sums[c][i];
    }
  }
}

#endif

template <Mistake kMistake>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(128, 1) one_tile_kernel(OneTile arguments) {
#if HEADROOM_HOPPER_CODE
  constexpr auto kType = kernels::ElementType::fp16;
  const bool last_warp = simt::thread() >= 96;
  const std::uint32_t base = simt::shared_address(simt::shared_memory());
  simt::require_pattern_start(base);
  if constexpr (kMistake == Mistake::other_registers) {
    if (last_warp) {
      simt::grow_registers<240>();
    } else {
      simt::grow_registers<232>();
    }
  }
  if (simt::thread() == 0 && kMistake != Mistake::no_barrier) {
    simt::init_phases(base + kBarrier, 128);
  }
  copy_tile(arguments.a, kTileRows, base);
  copy_tile(arguments.b, kTileColumns, base + kB);
  if (kMistake != Mistake::no_proxy_fence) simt::show_to_multiplications();
  simt::sync_some(1, 128);
  if (kMistake != Mistake::one_arrival_short || simt::thread() != 5) simt::arrive(base + kBarrier);
  simt::wait_phase(base + kBarrier, 0);
  // Of a phase that never ends.
  if (kMistake == Mistake::other_parity) simt::wait_phase(base + kBarrier, 1);

  float sums[kTileColumns / 8][4] = {};
  if (kMistake != Mistake::no_register_fence) simt::order_registers();
  HEADROOM_UNROLL
  for (std::uint32_t step = 0; step < kTileDepth / 16; ++step) {
    if (kMistake == Mistake::one_warp_less && last_warp && step == 3) continue;
    simt::multiply_shared<kType>(sums, kernels::along_rows(base + step * 32),
                                 kernels::along_rows(base + kB + step * 32), step > 0);
  }
  simt::commit_multiplications();
  if (kMistake == Mistake::writes_sums) sums[0][0] = 1.0F;
  if (kMistake == Mistake::holds_too_early) simt::hold(sums);
  if (kMistake == Mistake::no_wait) store_tile(sums, arguments.out);
  simt::wait_multiplications<0>();
  simt::hold(sums);
  if (kMistake != Mistake::no_wait) store_tile(sums, arguments.out);

  std::uint32_t words[kTileColumns / 16][4];
  HEADROOM_UNROLL
  for (int step = 0; step < kTileColumns / 16; ++step) {
    HEADROOM_UNROLL
    for (int word = 0; word < 4; ++word) {
      const auto& pair = sums[2 * step + word / 2];
      words[step][word] = simt::pack<kType>(pair[word % 2 * 2], pair[word % 2 * 2 + 1]);
    }
  }
  float products[kTileDepth / 8][4] = {};
  simt::hold(words);
  simt::hold(products);
  simt::order_registers();
  HEADROOM_UNROLL
  for (std::uint32_t step = 0; step < kTileColumns / 16; ++step) {
    simt::multiply_held<kType>(products, words[step],
                               kernels::across_rows(base + kB + step * 2048, kTileColumns * 128));
  }
  simt::commit_multiplications();
  if (kMistake == Mistake::changes_a) words[1][2] += 1;
  simt::wait_multiplications<0>();
  simt::hold(products);
  simt::hold(words);
  store_tile(products, arguments.products);
#else
  static_cast<void>(arguments);
#endif
}

/// The kernel's launch; its pointers are to the device's memory, a and b multiples of 16.
template <Mistake kMistake>
kernels::Status launch_one_tile(const OneTile& arguments) {
  kernels::LaunchShape shape;
  shape.threads = 128;
  shape.shared_bytes = kOneTileSharedBytes;
  return simt::launch(one_tile_kernel<kMistake>, shape, nullptr, arguments);
}

}  // namespace headroom::test
