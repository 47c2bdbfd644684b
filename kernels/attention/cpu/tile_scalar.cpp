#include "kernels/attention/cpu/attend_tile.hpp"
#include "kernels/lanes_scalar.hpp"

namespace headroom::kernels {

void attend_tile_scalar(const Tile& tile) { TileOf<Scalar>{tile}.run(); }

}  // namespace headroom::kernels
