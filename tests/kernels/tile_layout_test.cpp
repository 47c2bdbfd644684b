#include "kernels/attention/gpu/tile_layout.hpp"

#include "kernels/device/philox.hpp"
#include "tests/catch.hpp"

#include <cstdint>
#include <set>

namespace headroom::test {
namespace {

// Which of the 8 groups of 4 banks a 16-byte access needs.
std::uint32_t bank_group(std::uint32_t offset) { return offset / 16 % 8; }

}  // namespace

TEST_CASE("Each chunk of a tile has a place of its own") {
  for (const int head_dim : {64, 128, 256}) {
    std::set<std::uint32_t> places;
    for (int row = 0; row < 64; ++row) {
      for (int chunk = 0; chunk < head_dim / 8; ++chunk) {
        const std::uint32_t at = kernels::chunk_offset(row, chunk, head_dim);
        CHECK(at % 16 == 0);
        CHECK(at < static_cast<std::uint32_t>(64 * head_dim * 2));
        places.insert(at);
      }
    }
    CHECK(places.size() == static_cast<std::size_t>(64 * head_dim / 8));
  }
}

TEST_CASE("Eight lanes that load a matrix, and eight that copy a row, use all banks") {
  for (const int head_dim : {64, 128, 256}) {
    for (int chunk = 0; chunk < head_dim / 8; ++chunk) {
      for (int first = 0; first < 64; first += 8) {
        std::set<std::uint32_t> groups;
        for (int row = first; row < first + 8; ++row) {
          groups.insert(bank_group(kernels::chunk_offset(row, chunk, head_dim)));
        }
        CHECK(groups.size() == 8);
      }
    }
    for (int row = 0; row < 64; ++row) {
      for (int first = 0; first < head_dim / 8; first += 8) {
        std::set<std::uint32_t> groups;
        for (int chunk = first; chunk < first + 8; ++chunk) {
          groups.insert(bank_group(kernels::chunk_offset(row, chunk, head_dim)));
        }
        CHECK(groups.size() == 8);
      }
    }
  }
}

TEST_CASE("Lanes name the rows of four matrices of 8 x 8, in the order that mma takes them") {
  for (int lane = 0; lane < 32; ++lane) {
    const int matrix = lane / 8;
    const auto rows = kernels::lane_by_rows(lane);
    CHECK(rows.row == matrix % 2 * 8 + lane % 8);
    CHECK(rows.chunk == matrix / 2);
    const auto columns = kernels::lane_by_columns(lane);
    CHECK(columns.row == matrix / 2 * 8 + lane % 8);
    CHECK(columns.chunk == matrix % 2);
  }
}

TEST_CASE("Philox gives the numbers of its authors' test vectors") {
  const auto zeros = kernels::philox({{0, 0, 0, 0}}, 0, 0);
  CHECK(zeros.at[0] == 0x6627e8d5U);
  CHECK(zeros.at[1] == 0xe169c58dU);
  CHECK(zeros.at[2] == 0xbc57ac4cU);
  CHECK(zeros.at[3] == 0x9b00dbd8U);
  constexpr std::uint32_t kOnes = 0xFFFFFFFFU;
  const auto ones = kernels::philox({{kOnes, kOnes, kOnes, kOnes}}, kOnes, kOnes);
  CHECK(ones.at[0] == 0x408f276dU);
  CHECK(ones.at[1] == 0x41c83b0eU);
  CHECK(ones.at[2] == 0xa20bc7c6U);
  CHECK(ones.at[3] == 0x6d5451fdU);
}

}  // namespace headroom::test
