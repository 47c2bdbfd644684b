#include "kernels/attention/cpu/attend_tile.hpp"
#include "kernels/lanes_avx2.hpp"

namespace headroom::kernels {

void attend_tile_avx2(const Tile& tile) { TileOf<Avx2>{tile}.run(); }

}  // namespace headroom::kernels
