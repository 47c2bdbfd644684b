#include "kernels/attention/gpu/decode_plan.hpp"
#include "kernels/attention/gpu/implementations.hpp"
#include "kernels/attention/gpu/launches.hpp"
#include "kernels/attention/gpu/plain.cuh"
#include "kernels/attention/gpu/prefill_tile.hpp"

namespace headroom::kernels {

const std::array<GpuImplementation, 3>& gpu_implementations() {
  static constexpr std::array<GpuImplementation, 3> kAll{{
      {"plain", "a warp for each query and head, in fp32; for comparison only", false,
       MeantFor::comparison, plain_supports, plain_workspace_bytes, launch_plain},
      {"decode-split-kv", "one query a sequence, mma.sync, keys split over blocks", false,
       MeantFor::decode, decode_supports, decode_workspace_bytes, launch_decode},
      {"prefill-mma", "any lengths, mma.sync, after FlashAttention-2", false, MeantFor::prefill,
       prefill_supports, prefill_workspace_bytes, launch_prefill},
  }};
  return kAll;
}

}  // namespace headroom::kernels
