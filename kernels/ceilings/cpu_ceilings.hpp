#pragma once
// What a CPU does at best of each thing that attention needs: loops for one thread.

#include <cstddef>
#include <cstdint>

namespace headroom::kernels {

/// Reads memory once; the return value keeps the loop from being left out. bytes: a multiple of 64.
[[nodiscard]] std::uint64_t read_memory(const void* from, std::size_t bytes);

/// A loop and what it did.
struct Done {
  double operations = 0.0;
  float result = 0.0F;  // keeps it from being left out
};

/// 32-bit multiply-adds, two operations each, on independent registers.
[[nodiscard]] Done multiply_adds_scalar(std::size_t rounds);
[[nodiscard]] Done multiply_adds_avx2(std::size_t rounds);
/// Exponentials of 32-bit numbers as the attention tile takes them.
[[nodiscard]] Done exponentials_scalar(std::size_t rounds);
[[nodiscard]] Done exponentials_avx2(std::size_t rounds);

}  // namespace headroom::kernels
