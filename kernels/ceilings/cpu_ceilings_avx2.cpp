#include "kernels/ceilings/cpu_loops.hpp"
#include "kernels/lanes_avx2.hpp"

namespace headroom::kernels {

Done multiply_adds_avx2(std::size_t rounds) { return multiply_adds<Avx2>(rounds); }
Done exponentials_avx2(std::size_t rounds) { return exponentials<Avx2>(rounds); }

}  // namespace headroom::kernels
