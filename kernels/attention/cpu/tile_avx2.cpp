#if defined(__AVX2__)

#include "kernels/attention/cpu/attend_tile.hpp"
#include "kernels/cpu/lanes_avx2.hpp"

namespace headroom::kernels {

void attend_tile_avx2(const Tile& tile) { TileOf<Avx2>{tile}.run(); }

}  // namespace headroom::kernels

#else  // another kind of processor: never called

#include "kernels/attention/cpu/tile.hpp"

namespace headroom::kernels {

void attend_tile_avx2(const Tile& tile) { attend_tile_scalar(tile); }

}  // namespace headroom::kernels

#endif
