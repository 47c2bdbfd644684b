#include "kernels/attention/gpu/decode_plan.hpp"
#include "kernels/attention/gpu/implementations.hpp"
#include "kernels/attention/gpu/launches.hpp"
#include "kernels/attention/gpu/plain.cuh"
#include "kernels/attention/gpu/prefill_tile.hpp"

namespace headroom::kernels {

const std::array<GpuImplementation, 4>& gpu_implementations() {
  static constexpr const char* kFrom80 = "compute capability 8.0 or newer";
  static constexpr const char* kOnly90 = "compute capability 9.0, and no other";
  static constexpr std::array<GpuImplementation, 4> kAll{{
      {"plain", "a warp for each query and head, in fp32; for comparison only", false,
       MeantFor::comparison, kFrom80, plain_supports, plain_workspace_bytes, launch_plain},
      {"decode-split-kv", "one query a sequence, mma.sync, keys split over blocks", false,
       MeantFor::decode, kFrom80, decode_supports, decode_workspace_bytes, launch_decode},
      {"prefill-mma", "any lengths, mma.sync, after FlashAttention-2", false, MeantFor::prefill,
       kFrom80, prefill_supports, prefill_workspace_bytes, launch_prefill},
      {"prefill-wgmma", "any lengths, wgmma, after FlashAttention-3; compute capability 9.0", false,
       MeantFor::prefill, kOnly90, prefill_wgmma_supports, prefill_workspace_bytes,
       launch_prefill_wgmma},
  }};
  return kAll;
}

}  // namespace headroom::kernels
