#pragma once
// kernels/device/simt.cuh on a GPU of compute capability 8.0 or newer.

#include "kernels/attention/problem.hpp"
#include "kernels/device/launch_shape.hpp"
#include "kernels/device/status.hpp"
#include "kernels/device/vectors.hpp"

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#define HEADROOM_GLOBAL __global__
#define HEADROOM_DEVICE __device__ __forceinline__
#define HEADROOM_LAUNCH_BOUNDS(threads, blocks) __launch_bounds__(threads, blocks)
#define HEADROOM_UNROLL _Pragma("unroll")

namespace headroom::kernels::simt {

HEADROOM_DEVICE int thread() { return static_cast<int>(threadIdx.x); }
HEADROOM_DEVICE int block_x() { return static_cast<int>(blockIdx.x); }
HEADROOM_DEVICE int block_y() { return static_cast<int>(blockIdx.y); }
HEADROOM_DEVICE int block_z() { return static_cast<int>(blockIdx.z); }

/// The shared memory of the launch, of this block.
HEADROOM_DEVICE unsigned char* shared_memory() {
  extern __shared__ __align__(1024) unsigned char memory[];
  return memory;
}
HEADROOM_DEVICE std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

HEADROOM_DEVICE void sync_block() { __syncthreads(); }
HEADROOM_DEVICE void sync_warp() { __syncwarp(); }
HEADROOM_DEVICE float shuffle_xor(float value, int mask) {
  return __shfl_xor_sync(0xFFFFFFFFU, value, mask);
}

/// 16 bytes from global to shared memory, or 16 zeros without reading anything. Both addresses are
/// multiples of 16.
HEADROOM_DEVICE void copy_async_16(std::uint32_t to, const void* from, bool valid) {
  const int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to),
               "l"(__cvta_generic_to_global(from)), "r"(bytes)
               : "memory");
}
HEADROOM_DEVICE void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Until all but the newest kPending groups of this thread have landed. What other threads copied
/// is seen after a barrier in addition.
template <int kPending>
HEADROOM_DEVICE void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

/// Four 8x8 matrices of 16-bit elements; lane i gives the address of row i % 8 of matrix i / 8.
HEADROOM_DEVICE void load_matrices(std::uint32_t (&words)[4], std::uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "r"(address)
               : "memory");
}
HEADROOM_DEVICE void load_matrices_transposed(std::uint32_t (&words)[4], std::uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "r"(address)
               : "memory");
}

/// sums[16, 8] += a[16, 16] b[16, 8]
template <ElementType kType>
HEADROOM_DEVICE void multiply_add(float (&sums)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                                  std::uint32_t b1) {
  if constexpr (kType == ElementType::bf16) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
}

/// To about 2 units in the last place; what is below 2^-126 is 0, and so is exp2 of minus infinity.
HEADROOM_DEVICE float exp2_fast(float value) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(value));
  return result;
}

/// Two elements in one word, the first in the low half; rounded to nearest, ties to even.
template <ElementType kType>
HEADROOM_DEVICE std::uint32_t pack(float first, float second) {
  std::uint32_t word;
  if constexpr (kType == ElementType::bf16) {
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(second), "f"(first));
  } else {
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(second), "f"(first));
  }
  return word;
}
template <ElementType kType>
HEADROOM_DEVICE Float2 unpack(std::uint32_t word) {
  Float2 pair;
  if constexpr (kType == ElementType::bf16) {
    pair.x = __uint_as_float(word << 16);
    pair.y = __uint_as_float(word & 0xFFFF0000U);
  } else {
    asm("{.reg .f16 low, high; mov.b32 {low, high}, %2; cvt.f32.f16 %0, low; cvt.f32.f16 %1, high;}"
        : "=f"(pair.x), "=f"(pair.y)
        : "r"(word));
  }
  return pair;
}

/// A kernel that overlaps the one before it sees that one's results only after the second call;
/// the first lets the next one start early.
HEADROOM_DEVICE void allow_next_grid() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
HEADROOM_DEVICE void wait_for_prior_grid() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/// Multiprocessors of the current device; 0 where there is none.
inline int multiprocessors() {
  int device = 0;
  int count = 0;
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device) != cudaSuccess) {
    return 0;
  }
  return count;
}

/// Threads of a block that the code for the current device can have; 0 where there is neither.
template <class Arguments>
int most_threads(void (*kernel)(Arguments)) {
  cudaFuncAttributes attributes{};
  return cudaFuncGetAttributes(&attributes, kernel) == cudaSuccess ? attributes.maxThreadsPerBlock
                                                                   : 0;
}

/// stream: a cudaStream_t.
template <class Arguments>
Status launch(void (*kernel)(Arguments), const LaunchShape& shape, void* stream,
              const Arguments& arguments) {
  if (!within_grid_limits(shape)) return Status::unsupported;
  cudaFuncAttributes attributes{};
  if (cudaFuncGetAttributes(&attributes, kernel) != cudaSuccess) return Status::no_device;
  if (attributes.maxThreadsPerBlock < shape.threads) return Status::unsupported;
  if (shape.shared_bytes > 0 &&
      (cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                            static_cast<int>(shape.shared_bytes)) != cudaSuccess ||
       // Room for as many blocks as the shared memory allows, at the cost of L1 cache; and the same
       // for all kernels that use any, so that one can start while another of them runs.
       cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                            cudaSharedmemCarveoutMaxShared) != cudaSuccess)) {
    return Status::unsupported;
  }
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned>(shape.grid_x), static_cast<unsigned>(shape.grid_y),
                        static_cast<unsigned>(shape.grid_z));
  config.blockDim = dim3(static_cast<unsigned>(shape.threads));
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = static_cast<cudaStream_t>(stream);
  cudaLaunchAttribute overlap{};
  overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  overlap.val.programmaticStreamSerializationAllowed = 1;
  // Code for older GPUs, also when a newer one runs it, has no instruction to wait with.
  if (shape.overlaps_prior && attributes.ptxVersion >= 90) {
    config.attrs = &overlap;
    config.numAttrs = 1;
  }
  return cudaLaunchKernelEx(&config, kernel, arguments) == cudaSuccess ? Status::ok
                                                                       : Status::launch_failed;
}

}  // namespace headroom::kernels::simt
