#pragma once
// The kernels of ceilings.hpp.

#include "kernels/device/ceilings.hpp"
#include "kernels/device/launch_shape.hpp"
#include "kernels/device/philox.hpp"
#include "kernels/device/simt.cuh"

#include <cmath>
#include <cstdint>

namespace headroom::kernels {

/// Loads of 16 bytes that a thread has under way at once. With 1024 threads a multiprocessor has
/// 128 kB in flight: memory needs about 26 (see decode_plan.hpp).
constexpr int kLoadsAtOnce = 8;

/// Vectors to a thread by turns: thread t of n has t, t + n, t + 2 n, ...
struct StreamArguments {
  const simt::Words4* from;
  simt::Words4* to;  // to copy alone
  std::int64_t vectors;
  std::uint32_t* sink;  // to read alone
};

HEADROOM_DEVICE std::uint32_t mix(const simt::Words4& words) {
  return words.x ^ words.y ^ words.z ^ words.w;
}

template <bool kCopies>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(512, 2) stream_kernel(StreamArguments arguments) {
  const std::int64_t threads = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  std::int64_t at = static_cast<std::int64_t>(simt::block_x()) * blockDim.x + simt::thread();
  std::uint32_t mixed = 0;
  const auto use = [&](const simt::Words4& words, std::int64_t place) {
    if constexpr (kCopies) {
      arguments.to[place] = words;
    } else {
      mixed ^= mix(words);
    }
  };
  // Full steps without a check between loads, then what is left.
  for (; at + (kLoadsAtOnce - 1) * threads < arguments.vectors; at += kLoadsAtOnce * threads) {
    simt::Words4 loaded[kLoadsAtOnce];
    HEADROOM_UNROLL
    for (int i = 0; i < kLoadsAtOnce; ++i) loaded[i] = arguments.from[at + i * threads];
    HEADROOM_UNROLL
    for (int i = 0; i < kLoadsAtOnce; ++i) use(loaded[i], at + i * threads);
  }
  for (; at < arguments.vectors; at += threads) use(arguments.from[at], at);
  // The compiler cannot know that this is rare, so it cannot leave out the loads.
  if (!kCopies && mixed == 0x5EED5EEDU) *arguments.sink = mixed;
}

/// Two independent normal numbers of two words, by Box-Muller.
HEADROOM_DEVICE simt::Float2 normal_pair(std::uint32_t first, std::uint32_t second) {
  // In (0, 1), never 0: 24 bits and a half.
  const float uniform = (static_cast<float>(first >> 8) + 0.5F) * 5.9604645e-8F;
  const float turns = static_cast<float>(second >> 8) * 1.1920929e-7F;  // in [0, 2)
  const float radius = sqrtf(-2.0F * logf(uniform));
  return {radius * cospif(turns), radius * sinpif(turns)};
}

/// Eight of them, of the counter (low, high): the same wherever they are asked for.
template <ElementType kType>
HEADROOM_DEVICE void normal_words(std::uint32_t (&words)[4], std::uint32_t low, std::uint32_t high,
                                  std::uint32_t key0, std::uint32_t key1) {
  HEADROOM_UNROLL
  for (std::uint32_t half = 0; half < 2; ++half) {
    const PhiloxWords random = philox({{low, high, half, 0}}, key0, key1);
    const auto first = normal_pair(random.at[0], random.at[1]);
    const auto second = normal_pair(random.at[2], random.at[3]);
    words[2 * half] = simt::pack<kType>(first.x, first.y);
    words[2 * half + 1] = simt::pack<kType>(second.x, second.y);
  }
}

struct LoopArguments {
  int iterations;
  float* sink;
};

/// Independent multiplications that a warp has under way: 8 of 8 columns each.
constexpr int kMatmulChains = 8;
constexpr double kMatmulOperations = 2.0 * 16 * 8 * 16;

/// Normal numbers, two tiles of A and four of B by turns: a multiplication whose operands are those
/// of the last draws less power than real ones, and clocks follow power. No more tiles than leave
/// registers for four blocks a multiprocessor.
template <ElementType kType>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(256, 4) matmul_loop_kernel(LoopArguments arguments) {
  float sums[kMatmulChains][4] = {};
  std::uint32_t a[2][4];
  std::uint32_t b[2][4];  // two tiles each
  HEADROOM_UNROLL
  for (std::uint32_t i = 0; i < 2; ++i) {
    const auto thread = static_cast<std::uint32_t>(simt::thread());
    normal_words<kType>(a[i], thread, i, 0, 0);
    normal_words<kType>(b[i], thread, 2 + i, 0, 0);
  }
  for (int i = 0; i < arguments.iterations; ++i) {
    HEADROOM_UNROLL
    for (int chain = 0; chain < kMatmulChains; ++chain) {
      const std::uint32_t(&pair)[4] = b[chain / 2 % 2];
      const int tile = chain / 4 * 2;
      simt::multiply_add<kType>(sums[chain], a[chain % 2], pair[tile], pair[tile + 1]);
    }
  }
  float total = 0.0F;
  HEADROOM_UNROLL
  for (int chain = 0; chain < kMatmulChains; ++chain) {
    HEADROOM_UNROLL
    for (int i = 0; i < 4; ++i) total += sums[chain][i];
  }
  if (total == 12345.678F) *arguments.sink = total;
}

constexpr int kExp2Chains = 8;

HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(512, 2) exp2_loop_kernel(LoopArguments arguments) {
  float values[kExp2Chains];
  HEADROOM_UNROLL
  for (int chain = 0; chain < kExp2Chains; ++chain) {
    values[chain] = -0.001F * static_cast<float>(simt::thread() + chain);
  }
  for (int i = 0; i < arguments.iterations; ++i) {
    // exp2(-x) of what is in (0, 2) stays there; negating is free.
    HEADROOM_UNROLL
    for (int chain = 0; chain < kExp2Chains; ++chain) {
      values[chain] = simt::exp2_fast(-values[chain]);
    }
  }
  float total = 0.0F;
  HEADROOM_UNROLL
  for (int chain = 0; chain < kExp2Chains; ++chain) total += values[chain];
  if (total == 12345.678F) *arguments.sink = total;
}

struct NoArguments {};
HEADROOM_GLOBAL void empty_kernel(NoArguments /*arguments*/) {}

struct FillArguments {
  simt::Words4* to;  // 8 elements each
  std::int64_t vectors;
  std::uint32_t key0, key1;
};

template <ElementType kType>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(256, 2) fill_normal_kernel(FillArguments arguments) {
  const std::int64_t threads = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  std::int64_t at = static_cast<std::int64_t>(simt::block_x()) * blockDim.x + simt::thread();
  for (; at < arguments.vectors; at += threads) {
    const auto low = static_cast<std::uint32_t>(at);
    const auto high = static_cast<std::uint32_t>(at >> 32);
    std::uint32_t words[4];
    normal_words<kType>(words, low, high, arguments.key0, arguments.key1);
    arguments.to[at] = {words[0], words[1], words[2], words[3]};
  }
}

HEADROOM_DEVICE std::int64_t global_nanoseconds() {
  std::int64_t now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

struct ProbeArguments {
  ClockProbe* to;
};
HEADROOM_GLOBAL void clock_probe_kernel(ProbeArguments arguments) {
  if (simt::thread() != 0) return;
  std::uint32_t multiprocessor = 0;
  asm volatile("mov.u32 %0, %%smid;" : "=r"(multiprocessor));
  const std::int64_t cycles = clock64();
  *arguments.to = {cycles, global_nanoseconds(), static_cast<std::int64_t>(multiprocessor)};
}

struct HoldArguments {
  const volatile std::int32_t* release;
  volatile std::int32_t* gave_up;
  std::int64_t timeout_ns;
};
HEADROOM_GLOBAL void hold_kernel(HoldArguments arguments) {
  if (simt::thread() != 0) return;
  const std::int64_t start = global_nanoseconds();
  while (*arguments.release == 0) {
    if (global_nanoseconds() - start > arguments.timeout_ns) {
      *arguments.gave_up = 1;
      __threadfence_system();
      return;
    }
  }
}

}  // namespace headroom::kernels
