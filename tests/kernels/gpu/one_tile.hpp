#pragma once

#include "kernels/device/status.hpp"
#include "tests/kernels/one_tile.hpp"

namespace headroom::test {

/// Whether the current device's compute capability is 9.0.
bool has_wgmma();
/// Multiplies a tile on the current device, whose memory the pointers are to.
kernels::Status launch_one_tile_on_gpu(const OneTile& arguments);

}  // namespace headroom::test
