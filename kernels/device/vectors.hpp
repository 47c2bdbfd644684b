#pragma once
// What is loaded and stored at once, on the GPU and where its kernels run on the host.

#include <cstdint>

namespace headroom::kernels::simt {

struct alignas(8) Float2 {
  float x, y;
};
struct alignas(16) Float4 {
  float x, y, z, w;
};
struct alignas(8) Words2 {
  std::uint32_t x, y;
};
struct alignas(16) Words4 {
  std::uint32_t x, y, z, w;
};

}  // namespace headroom::kernels::simt
