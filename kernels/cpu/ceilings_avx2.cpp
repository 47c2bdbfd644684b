#if defined(__AVX2__)

#include "kernels/cpu/ceiling_loops.hpp"
#include "kernels/cpu/lanes_avx2.hpp"

namespace headroom::kernels {

Done multiply_adds_avx2(std::size_t rounds) { return multiply_adds<Avx2>(rounds); }
Done exponentials_avx2(std::size_t rounds) { return exponentials<Avx2>(rounds); }

}  // namespace headroom::kernels

#else  // another kind of processor: never called

#include "kernels/cpu/ceilings.hpp"

namespace headroom::kernels {

Done multiply_adds_avx2(std::size_t rounds) { return multiply_adds_scalar(rounds); }
Done exponentials_avx2(std::size_t rounds) { return exponentials_scalar(rounds); }

}  // namespace headroom::kernels

#endif
