#include "tests/kernels/gpu/one_tile.hpp"
#include "tests/kernels/one_tile.cuh"

namespace headroom::test {

bool has_wgmma() { return simt::compute_capability() == 90; }

kernels::Status launch_one_tile_on_gpu(const OneTile& arguments) {
  return launch_one_tile<Mistake::none>(arguments);
}

}  // namespace headroom::test
