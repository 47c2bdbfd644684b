#pragma once
// kernels/device/hopper.cuh on a GPU. Elsewhere than on compute capability 9.0 nothing of this is
// compiled, so that the same source makes code for older GPUs.

#include "kernels/device/simt.cuh"

#include <cstdint>

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define HEADROOM_HOPPER_CODE 1
#else
#define HEADROOM_HOPPER_CODE 0
#endif

namespace headroom::kernels::simt {

/// Major times 10 plus minor of the current device; 0 where there is none.
inline int compute_capability() {
  int device = 0;
  int major = 0;
  int minor = 0;
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) != cudaSuccess ||
      cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device) != cudaSuccess) {
    return 0;
  }
  return major * 10 + minor;
}

#if HEADROOM_HOPPER_CODE

/// Ends the launch with an error where the 128-byte pattern, which hangs on addresses, does not
/// begin at this one. The compiler believes what shared memory is declared to be; this asks for it.
HEADROOM_DEVICE void require_pattern_start(std::uint32_t address) {
  std::uint32_t found = 0;
  asm volatile("mov.u32 %0, %1;" : "=r"(found) : "r"(address));
  if (found % 1024 != 0) asm volatile("trap;");
}

/// A warpgroup's registers a thread from now on: fewer, or more when others have given theirs back.
template <int kRegisters>
HEADROOM_DEVICE void shrink_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
HEADROOM_DEVICE void grow_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

/// Until `threads` threads, whole warps, have come to the barrier of that number, 1 to 15.
HEADROOM_DEVICE void sync_some(int barrier, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}

/// A barrier of 8 bytes in shared memory. Its phases are counted from 0; one ends when `arrivals`
/// threads have arrived. A barrier of the block stands between this and its use.
HEADROOM_DEVICE void init_phases(std::uint32_t barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}
HEADROOM_DEVICE void arrive(std::uint32_t barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}
/// Until the phase whose number has that parity has ended, where it is the present one or the one
/// before: with parity 1 a fresh barrier lets through.
HEADROOM_DEVICE void wait_phase(std::uint32_t barrier, std::uint32_t parity) {
  std::uint32_t done = 0;
  while (done == 0) {
    asm volatile(
        "{.reg .pred done; mbarrier.try_wait.parity.shared::cta.b64 done, [%1], %2; "
        "selp.u32 %0, 1, 0, done;}"
        : "=r"(done)
        : "r"(barrier), "r"(parity)
        : "memory");
  }
}

/// What this thread has written to shared memory, copies that have landed included, is seen by
/// multiplications that are ordered after this.
HEADROOM_DEVICE void show_to_multiplications() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/// Comes between any use of registers and the multiplications that use them next.
HEADROOM_DEVICE void order_registers() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
HEADROOM_DEVICE void commit_multiplications() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
/// Until all but the newest kPending groups of this warp have ended.
template <int kPending>
HEADROOM_DEVICE void wait_multiplications() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

/// The compiler moves no use of these registers across this: it does not know that a multiplication
/// goes on until it is waited for.
template <int kTiles>
HEADROOM_DEVICE void hold(float (&sums)[kTiles][4]) {
  HEADROOM_UNROLL
  for (int tile = 0; tile < kTiles; ++tile) {
    HEADROOM_UNROLL
    for (int i = 0; i < 4; ++i) asm volatile("" : "+f"(sums[tile][i])::"memory");
  }
}
template <int kSteps>
HEADROOM_DEVICE void hold(std::uint32_t (&words)[kSteps][4]) {
  HEADROOM_UNROLL
  for (int step = 0; step < kSteps; ++step) {
    HEADROOM_UNROLL
    for (int i = 0; i < 4; ++i) asm volatile("" : "+r"(words[step][i])::"memory");
  }
}

// The sums of an instruction as its operands: their numbers, and the registers of tiles of 8
// columns.
#define HEADROOM_REGISTERS_32                                                        \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, " \
  "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define HEADROOM_REGISTERS_40 \
  HEADROOM_REGISTERS_32       \
  ", %32, %33, %34, %35, %36, %37, %38, %39"
#define HEADROOM_REGISTERS_64                                                          \
  HEADROOM_REGISTERS_40                                                                \
  ", %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, " \
  "%56, %57, %58, %59, %60, %61, %62, %63"
#define HEADROOM_REGISTERS_128                                                           \
  HEADROOM_REGISTERS_64                                                                  \
  ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "   \
  "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "     \
  "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, "     \
  "%110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, " \
  "%124, %125, %126, %127"
#define HEADROOM_TILES_1(s, c) "+f"(s[c][0]), "+f"(s[c][1]), "+f"(s[c][2]), "+f"(s[c][3])
#define HEADROOM_TILES_2(s, c) HEADROOM_TILES_1(s, c), HEADROOM_TILES_1(s, (c) + 1)
#define HEADROOM_TILES_4(s, c) HEADROOM_TILES_2(s, c), HEADROOM_TILES_2(s, (c) + 2)
#define HEADROOM_TILES_8(s, c) HEADROOM_TILES_4(s, c), HEADROOM_TILES_4(s, (c) + 4)
#define HEADROOM_TILES_10(s, c) HEADROOM_TILES_8(s, c), HEADROOM_TILES_2(s, (c) + 8)
#define HEADROOM_TILES_16(s, c) HEADROOM_TILES_8(s, c), HEADROOM_TILES_8(s, (c) + 8)
#define HEADROOM_TILES_32(s, c) HEADROOM_TILES_16(s, c), HEADROOM_TILES_16(s, (c) + 16)

// A and B of shared memory, rows along the dimension that is summed over. The last three
// parameters: numbers of the operands after the sums.
#define HEADROOM_MULTIPLY_SHARED(columns, type, registers, tiles, a, b, add)                       \
  asm volatile("{.reg .pred adds; setp.ne.b32 adds, %" add                                         \
               ", 0; "                                                                             \
               "wgmma.mma_async.sync.aligned.m64n" columns "k16.f32." type "." type " {" registers \
               "}, %" a ", %" b ", adds, 1, 1, 0, 0;}"                                             \
               : tiles(sums, 0)                                                                    \
               : "l"(a_matrix), "l"(b_matrix), "r"(static_cast<int>(accumulate))                   \
               : "memory")

// A of registers; B of shared memory, its rows of the dimension that is summed over.
#define HEADROOM_MULTIPLY_HELD(columns, type, registers, tiles, a0, a1, a2, a3, b)        \
  asm volatile(                                                                           \
      "{.reg .pred adds; setp.eq.b32 adds, 0, 0; "                                        \
      "wgmma.mma_async.sync.aligned.m64n" columns "k16.f32." type "." type " {" registers \
      "}, {%" a0 ", %" a1 ", %" a2 ", %" a3 "}, %" b ", adds, 1, 1, 1;}"                  \
      : tiles(sums, 0)                                                                    \
      : "r"(a_words[0]), "r"(a_words[1]), "r"(a_words[2]), "r"(a_words[3]), "l"(b_matrix) \
      : "memory")

#define HEADROOM_MULTIPLY(kind, columns, registers, tiles, ...) \
  if constexpr (kType == ElementType::bf16) {                   \
    kind(columns, "bf16", registers, tiles, __VA_ARGS__);       \
  } else {                                                      \
    kind(columns, "f16", registers, tiles, __VA_ARGS__);        \
  }

/// sums[64, 8 kTiles] (+)= a[64, 16] b[8 kTiles, 16]^T of a warpgroup, some time before it is
/// waited for; each warp has 16 rows of the sums, laid out as multiply_add's. a, b: along_rows.
template <ElementType kType, int kTiles>
HEADROOM_DEVICE void multiply_shared(float (&sums)[kTiles][4], std::uint64_t a_matrix,
                                     std::uint64_t b_matrix, bool accumulate) {
  static_assert(kTiles == 10 || kTiles == 16, "columns that no kernel has needed");
  if constexpr (kTiles == 10) {
    HEADROOM_MULTIPLY(HEADROOM_MULTIPLY_SHARED, "80", HEADROOM_REGISTERS_40, HEADROOM_TILES_10,
                      "40", "41", "42")
  } else {
    HEADROOM_MULTIPLY(HEADROOM_MULTIPLY_SHARED, "128", HEADROOM_REGISTERS_64, HEADROOM_TILES_16,
                      "64", "65", "66")
  }
}

/// sums[64, 8 kTiles] += a[64, 16] b[16, 8 kTiles], likewise; each warp holds 16 rows of a, laid
/// out as multiply_add's. b: across_rows.
template <ElementType kType, int kTiles>
HEADROOM_DEVICE void multiply_held(float (&sums)[kTiles][4], const std::uint32_t (&a_words)[4],
                                   std::uint64_t b_matrix) {
  static_assert(kTiles == 8 || kTiles == 16 || kTiles == 32, "columns that no kernel has needed");
  if constexpr (kTiles == 8) {
    HEADROOM_MULTIPLY(HEADROOM_MULTIPLY_HELD, "64", HEADROOM_REGISTERS_32, HEADROOM_TILES_8, "32",
                      "33", "34", "35", "36")
  } else if constexpr (kTiles == 16) {
    HEADROOM_MULTIPLY(HEADROOM_MULTIPLY_HELD, "128", HEADROOM_REGISTERS_64, HEADROOM_TILES_16, "64",
                      "65", "66", "67", "68")
  } else {
    HEADROOM_MULTIPLY(HEADROOM_MULTIPLY_HELD, "256", HEADROOM_REGISTERS_128, HEADROOM_TILES_32,
                      "128", "129", "130", "131", "132")
  }
}

#undef HEADROOM_MULTIPLY
#undef HEADROOM_MULTIPLY_HELD
#undef HEADROOM_MULTIPLY_SHARED
#undef HEADROOM_TILES_32
#undef HEADROOM_TILES_16
#undef HEADROOM_TILES_10
#undef HEADROOM_TILES_8
#undef HEADROOM_TILES_4
#undef HEADROOM_TILES_2
#undef HEADROOM_TILES_1
#undef HEADROOM_REGISTERS_128
#undef HEADROOM_REGISTERS_64
#undef HEADROOM_REGISTERS_40
#undef HEADROOM_REGISTERS_32

#endif  // HEADROOM_HOPPER_CODE

}  // namespace headroom::kernels::simt
