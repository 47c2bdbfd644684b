#pragma once
// The instructions that kernels are written with. nvcc gets the GPU's; another compiler gets a
// host's, which run the same kernel thread by thread, so that kernels are tested where there is no
// GPU.

#if defined(__CUDACC__)
#include "kernels/device/gpu_simt.cuh"
#else
#include "kernels/device/host_simt.hpp"
#endif
