#include "kernels/ceilings/cpu_loops.hpp"
#include "kernels/lanes_scalar.hpp"

namespace headroom::kernels {

std::uint64_t read_memory(const void* from, std::size_t bytes) {
  const auto* const words = static_cast<const std::uint64_t*>(from);
  std::uint64_t sums[8] = {};
  for (std::size_t i = 0; i + 8 <= bytes / sizeof(std::uint64_t); i += 8) {
    for (std::size_t j = 0; j < 8; ++j) sums[j] += words[i + j];
  }
  std::uint64_t total = 0;
  for (const std::uint64_t sum : sums) total += sum;
  return total;
}

Done multiply_adds_scalar(std::size_t rounds) { return multiply_adds<Scalar>(rounds); }
Done exponentials_scalar(std::size_t rounds) { return exponentials<Scalar>(rounds); }

}  // namespace headroom::kernels
