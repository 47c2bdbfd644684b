// What compute capability 9.0 has, as it is run on the host: see kernels/device/host_hopper.hpp.

#include "kernels/attention/element.hpp"
#include "kernels/attention/gpu/tile_layout.hpp"
#include "kernels/device/hopper.cuh"
#include "kernels/device/host_descriptor.hpp"
#include "kernels/device/matrix_descriptor.hpp"
#include "tests/catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace headroom::test {
namespace {

using kernels::ElementType;
using kernels::Status;
using kernels::simt::internal::k_major_address;
using kernels::simt::internal::matrix_place;
using kernels::simt::internal::mn_major_address;
namespace simt = kernels::simt;

// What a kernel is told to do wrong.
enum class Mistake {
  none,
  no_proxy_fence,
  no_register_fence,
  no_wait,
  holds_too_early,
  changes_a,
  writes_sums,
  other_parity,
  one_arrival_short,
  one_warp_less,
  other_registers,
  no_barrier,
};

constexpr int kRows = 64;
constexpr int kColumns = 80;
constexpr int kDepth = 64;

// out[64, 80] = a[64, 64] b[80, 64]^T, then products[64, 64] = out b by rounded sums.
struct OneTile {
  const std::uint16_t* a;
  const std::uint16_t* b;
  float* out;
  float* products;
  Mistake mistake;
};

constexpr std::uint32_t kB = kRows * 128;
constexpr std::uint32_t kBarrier = kB + kColumns * 128;
constexpr int kSharedBytes = kBarrier + 8;

void copy_tile(const std::uint16_t* from, int rows, std::uint32_t to) {
  for (int i = simt::thread(); i < rows * 8; i += 128) {
    simt::copy_async_16(to + kernels::panel_offset(i / 8, i % 8, rows), from + i * 8, true);
  }
  simt::commit_copies();
  simt::wait_copies<0>();
}

template <int kTiles>
void store(const float (&sums)[kTiles][4], float* to) {
  const int lane = simt::thread() % 32;
  const int first = simt::thread() / 32 * 16;
  for (int c = 0; c < kTiles; ++c) {
    for (int i = 0; i < 4; ++i) {
      const int row = first + kernels::sum_row(lane) + i / 2 * 8;
      to[row * kTiles * 8 + c * 8 + kernels::sum_column(lane) + i % 2] = sums[c][i];
    }
  }
}

void one_tile(OneTile arguments) {
  const auto is = [&](Mistake mistake) { return arguments.mistake == mistake; };
  const bool last_warp = simt::thread() >= 96;
  if (is(Mistake::other_registers) && last_warp) {
    simt::grow_registers<240>();
  } else {
    simt::grow_registers<232>();
  }
  if (simt::thread() == 0 && !is(Mistake::no_barrier)) simt::init_phases(kBarrier, 128);
  copy_tile(arguments.a, kRows, 0);
  copy_tile(arguments.b, kColumns, kB);
  if (!is(Mistake::no_proxy_fence)) simt::show_to_multiplications();
  simt::sync_some(1, 128);
  if (!is(Mistake::one_arrival_short) || simt::thread() != 5) simt::arrive(kBarrier);
  simt::wait_phase(kBarrier, 0);
  if (is(Mistake::other_parity)) simt::wait_phase(kBarrier, 1);  // of a phase that never ends

  float sums[kColumns / 8][4] = {};
  if (!is(Mistake::no_register_fence)) simt::order_registers();
  for (std::uint32_t step = 0; step < kDepth / 16; ++step) {
    if (is(Mistake::one_warp_less) && last_warp && step == 3) continue;
    simt::multiply_shared<ElementType::fp16>(sums, kernels::along_rows(step * 32),
                                             kernels::along_rows(kB + step * 32), step > 0);
  }
  simt::commit_multiplications();
  if (is(Mistake::writes_sums)) sums[0][0] = 1.0F;
  if (is(Mistake::holds_too_early)) simt::hold(sums);
  if (is(Mistake::no_wait)) store(sums, arguments.out);
  simt::wait_multiplications<0>();
  simt::hold(sums);
  if (!is(Mistake::no_wait)) store(sums, arguments.out);

  std::uint32_t words[kColumns / 16][4];
  for (int step = 0; step < kColumns / 16; ++step) {
    for (int word = 0; word < 4; ++word) {
      const auto& pair = sums[2 * step + word / 2];
      words[step][word] = simt::pack<ElementType::fp16>(pair[word % 2 * 2], pair[word % 2 * 2 + 1]);
    }
  }
  float products[kDepth / 8][4] = {};
  simt::order_registers();
  for (std::uint32_t step = 0; step < kColumns / 16; ++step) {
    simt::multiply_held<ElementType::fp16>(products, words[step],
                                           kernels::across_rows(kB + step * 2048, kColumns * 128));
  }
  simt::commit_multiplications();
  if (is(Mistake::changes_a)) words[1][2] += 1;
  simt::wait_multiplications<0>();
  store(products, arguments.products);
}

struct Run {
  Status status;
  std::string failure;
  std::vector<float> out = std::vector<float>(kRows * kColumns, NAN);
  std::vector<float> products = std::vector<float>(kRows * kDepth, NAN);
};

struct Operands {
  explicit Operands(std::uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (auto& value : a) value = kernels::from_float(ElementType::fp16, normal(random));
    for (auto& value : b) value = kernels::from_float(ElementType::fp16, normal(random));
  }
  static double number(std::uint16_t bits) {
    return static_cast<double>(kernels::to_float(ElementType::fp16, bits));
  }
  // 16 bytes at a time are copied.
  alignas(16) std::array<std::uint16_t, kRows * kDepth> a{};
  alignas(16) std::array<std::uint16_t, kColumns * kDepth> b{};
};

Run run_with(Mistake mistake, const Operands& operands, simt::Schedule schedule) {
  Run run;
  kernels::LaunchShape shape;
  shape.threads = 128;
  shape.shared_bytes = kSharedBytes;
  simt::set_schedule(schedule);
  run.status = simt::launch(
      one_tile, shape, nullptr,
      OneTile{operands.a.data(), operands.b.data(), run.out.data(), run.products.data(), mistake});
  run.failure = simt::failure();
  return run;
}

}  // namespace

TEST_CASE("Matrix descriptors have their fields where the PTX manual says") {
  // Start 0x8400 is 0x840 in the field, 1024 bytes are 0x40, 16 bytes 1; the 128-byte swizzle is 1
  // in the two highest bits.
  CHECK(kernels::along_rows(0x8400) == 0x4000'0040'0001'0840U);
  CHECK(kernels::across_rows(0x8400, 128 * 128) == 0x4000'0040'0400'0840U);
  // Of a start beyond 2^17, the highest bit of the field.
  CHECK(kernels::along_rows(0x20000) == 0x4000'0040'0001'2000U);
  const auto place = matrix_place(0x4000'0040'0400'0840U);
  CHECK(place.start == 0x8400);
  CHECK(place.leading == 0x4000);
  CHECK(place.stride == 0x400);
}

TEST_CASE("Elements of a swizzled matrix stand where the PTX manual says") {
  // K-major, the second step of 16: row 1 is 128 bytes on, and its chunk 2 stands in place 3.
  const auto rows = matrix_place(kernels::along_rows(0x8400 + 32));
  CHECK(k_major_address(rows, 0, 0) == 0x8420);
  CHECK(k_major_address(rows, 1, 0) == 0x84B0);
  CHECK(k_major_address(rows, 1, 3) == 0x84B6);
  CHECK(k_major_address(rows, 9, 8) == 0x88A0);  // chunk 3 of row 9, in place 2
  CHECK(k_major_address(rows, 7, 15) == 0x8400 + 7 * 128 + (3 ^ 7) * 16 + 14);
  // MN-major: column 70 is the seventh of the second panel, row 9 the second of the next 8.
  const auto panels = matrix_place(kernels::across_rows(0x8400, 0x4000));
  CHECK(mn_major_address(panels, 0, 0) == 0x8400);
  CHECK(mn_major_address(panels, 70, 9) == 0xC89C);
  CHECK(mn_major_address(panels, 8, 3) == 0x8400 + 3 * 128 + (1 ^ 3) * 16);
}

TEST_CASE("Tiles are copied to where multiplications look for them") {
  constexpr int kKeys = 80;
  for (int row = 0; row < kKeys; ++row) {
    for (int element = 0; element < 256; ++element) {
      const std::uint32_t stored = kernels::panel_offset(row, element / 8, kKeys) +
                                   static_cast<std::uint32_t>(element % 8 * 2);
      const int step = element / 16;
      const auto along = matrix_place(
          kernels::along_rows(static_cast<std::uint32_t>(step / 4 * kKeys * 128 + step % 4 * 32)));
      REQUIRE(k_major_address(along, row, element % 16) == stored);
      const auto across = matrix_place(
          kernels::across_rows(static_cast<std::uint32_t>(row / 16 * 2048), kKeys * 128));
      REQUIRE(mn_major_address(across, element, row % 16) == stored);
    }
  }
}

TEST_CASE("A tile multiplied by wgmma, on the host") {
#if !defined(__SANITIZE_THREAD__)
  for (const auto schedule :
       {simt::Schedule::in_step, simt::Schedule::adrift, simt::Schedule::backward}) {
    const Operands operands(static_cast<std::uint32_t>(schedule));
    const Run run = run_with(Mistake::none, operands, schedule);
    INFO(run.failure);
    REQUIRE(run.status == Status::ok);
    for (std::size_t row = 0; row < kRows; ++row) {
      for (std::size_t column = 0; column < kColumns; ++column) {
        double sum = 0.0;
        for (std::size_t k = 0; k < kDepth; ++k) {
          sum += Operands::number(operands.a[row * kDepth + k]) *
                 Operands::number(operands.b[column * kDepth + k]);
        }
        REQUIRE(std::abs(static_cast<double>(run.out[row * kColumns + column]) - sum) < 1e-3);
      }
      for (std::size_t column = 0; column < kDepth; ++column) {
        double sum = 0.0;
        for (std::size_t k = 0; k < kColumns; ++k) {
          const float rounded = kernels::to_float(
              ElementType::fp16,
              kernels::from_float(ElementType::fp16, run.out[row * kColumns + k]));
          sum += static_cast<double>(rounded) * Operands::number(operands.b[k * kDepth + column]);
        }
        REQUIRE(std::abs(static_cast<double>(run.products[row * kDepth + column]) - sum) < 1e-2);
      }
    }
  }
#endif
}

TEST_CASE("Mistakes with asynchronous multiplications show on the host") {
#if !defined(__SANITIZE_THREAD__)
  const Operands operands(0);
  const auto schedule = simt::Schedule::adrift;
  // What is not shown, or not waited for, is not a number.
  for (const Mistake mistake : {Mistake::no_proxy_fence, Mistake::no_wait}) {
    const Run run = run_with(mistake, operands, schedule);
    INFO(static_cast<int>(mistake) << ": " << run.failure);
    REQUIRE(run.status == Status::ok);
    CHECK(std::all_of(run.out.begin(), run.out.end(), [](float x) { return std::isnan(x); }));
  }
  const auto failure_of = [&](Mistake mistake) {
    const Run run = run_with(mistake, operands, schedule);
    CHECK(run.status == Status::launch_failed);
    return run.failure;
  };
  CHECK(failure_of(Mistake::no_register_fence) == "a multiplication without a fence of registers");
  CHECK(failure_of(Mistake::holds_too_early) ==
        "sums are used while a multiplication is under way");
  CHECK(failure_of(Mistake::writes_sums) ==
        "sums were written while a multiplication was under way");
  CHECK(failure_of(Mistake::changes_a) ==
        "registers of A were changed while a multiplication read them");
  CHECK(failure_of(Mistake::one_warp_less) == "a warpgroup's threads differ in a multiplication");
  CHECK(failure_of(Mistake::other_registers) == "a warpgroup's threads differ in registers");
  CHECK(failure_of(Mistake::no_barrier) == "a barrier in memory that was not made");
  const std::string stuck = "threads wait at a barrier that others never reach";
  CHECK(failure_of(Mistake::other_parity) == stuck);
  CHECK(failure_of(Mistake::one_arrival_short) == stuck);
#endif
}

}  // namespace headroom::test
