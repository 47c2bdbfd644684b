#pragma once
// simt.cuh and, beside it, what compute capability 9.0 has and no other: multiplications of a
// warpgroup (128 threads, 4 warps) that read shared memory by themselves, and what goes with them.
// Code is there for 9.0 alone (sm_90a) and on a host: HEADROOM_HOPPER_CODE says whether.

#include "kernels/device/simt.cuh"

#if defined(__CUDACC__)
#include "kernels/device/gpu_hopper.cuh"
#else
#include "kernels/device/host_hopper.hpp"
#endif
