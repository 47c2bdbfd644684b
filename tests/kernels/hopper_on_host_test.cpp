// What compute capability 9.0 has, as it is run on the host: see kernels/device/host_hopper.hpp.

#include "kernels/attention/gpu/tile_layout.hpp"
#include "kernels/device/hopper.cuh"
#include "kernels/device/host_descriptor.hpp"
#include "kernels/device/matrix_descriptor.hpp"
#include "tests/catch.hpp"
#include "tests/kernels/one_tile.cuh"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace headroom::test {
namespace {

using kernels::Status;
using kernels::simt::internal::k_major_address;
using kernels::simt::internal::matrix_place;
using kernels::simt::internal::mn_major_address;

constexpr auto kMistakes = static_cast<std::size_t>(Mistake::count);

template <std::size_t... kEach>
Status launch_with(Mistake mistake, const OneTile& arguments, std::index_sequence<kEach...>) {
  static constexpr std::array<Status (*)(const OneTile&), kMistakes> kAll{
      &launch_one_tile<static_cast<Mistake>(kEach)>...};
  return kAll.at(static_cast<std::size_t>(mistake))(arguments);
}

struct Run : TileResults {
  Status status = Status::ok;
  std::string failure;
};

Run run_with(Mistake mistake, const TileOperands& operands, simt::Schedule schedule) {
  Run run;
  simt::set_schedule(schedule);
  run.status = launch_with(
      mistake, {operands.a.data(), operands.b.data(), run.out.data(), run.products.data()},
      std::make_index_sequence<kMistakes>());
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
    const TileOperands operands(static_cast<std::uint32_t>(schedule));
    const Run run = run_with(Mistake::none, operands, schedule);
    INFO(run.failure);
    REQUIRE(run.status == Status::ok);
    const TileErrors errors = errors_of(run, operands);
    CHECK(errors.out < 1e-3);
    CHECK(errors.products < 1e-2);
  }
#endif
}

TEST_CASE("Mistakes with asynchronous multiplications show on the host") {
#if !defined(__SANITIZE_THREAD__)
  const TileOperands operands(0);
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
