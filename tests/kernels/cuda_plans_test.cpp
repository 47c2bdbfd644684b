#include "kernels/attention/gpu/decode_plan.hpp"
#include "kernels/attention/gpu/limits.hpp"
#include "kernels/attention/gpu/prefill_tile.hpp"
#include "kernels/attention/gpu/prefill_wgmma_tile.hpp"
#include "kernels/device/matrix_descriptor.hpp"
#include "tests/catch.hpp"

#include <limits>

namespace headroom::test {
namespace {

using kernels::AttentionProblem;
using kernels::ceil_div;
using kernels::decode_plan;

constexpr int kMultiprocessors = 132;

AttentionProblem decode_problem(int q_heads, int kv_heads, int batch, int keys,
                                int head_dim = 128) {
  AttentionProblem problem;
  problem.q_heads = q_heads;
  problem.kv_heads = kv_heads;
  problem.head_dim = head_dim;
  problem.batch = batch;
  problem.q_tokens = batch;
  problem.longest_q = 1;
  problem.longest_kv = keys;
  problem.page = 16;
  problem.pages_per_sequence = ceil_div(keys, 16);
  problem.scale = 0.125F;
  return problem;
}

}  // namespace

TEST_CASE("Splits cover the longest sequence once, with none empty") {
  for (const int heads : {1, 2, 8, 40}) {
    for (const int batch : {1, 3, 64, 2048}) {
      for (const int keys : {0, 1, 63, 64, 65, 1000, 8192, 131072, 2000000}) {
        for (const int head_dim : {64, 128, 256}) {
          const auto plan =
              decode_plan(decode_problem(heads, heads, batch, keys, head_dim), kMultiprocessors);
          INFO(heads << " heads, batch " << batch << ", " << keys << " keys, dim " << head_dim);
          CHECK(plan.chunk % kernels::kDecodeTileKeys == 0);
          CHECK(plan.splits >= 1);
          CHECK(plan.splits <= kernels::kMostSplits);
          CHECK(static_cast<std::int64_t>(plan.splits) * plan.chunk >= keys);
          if (keys > 0) CHECK(static_cast<std::int64_t>(plan.splits - 1) * plan.chunk < keys);
        }
      }
    }
  }
}

TEST_CASE("A batch that fills whole waves is not split") {
  // 33 sequences of 8 KV heads are 264 blocks, two for each multiprocessor. 4096 keys: what a chunk
  // of a batch may have.
  CHECK(decode_plan(decode_problem(64, 8, 33, 4096), kMultiprocessors).splits == 1);
}

TEST_CASE("A batch just over a wave is split to even it out") {
  CHECK(decode_plan(decode_problem(64, 8, 34, 4096), kMultiprocessors).splits > 1);
}

TEST_CASE("One long sequence is split until the device is full") {
  const auto problem = decode_problem(64, 8, 1, 131072);
  const auto plan = decode_plan(problem, kMultiprocessors);
  const int blocks = plan.splits * 8;
  CHECK(blocks > kMultiprocessors);
  CHECK(blocks <= 2 * kMultiprocessors);
}

TEST_CASE("A short sequence is not split: merging would take longer") {
  CHECK(decode_plan(decode_problem(8, 1, 1, 128), kMultiprocessors).splits == 1);
}

TEST_CASE("Merging is charged by splits: a device that is not full does not take all it can") {
  // 128 tiles, all of which could run at once. In tiles, 3.5 for starts, sums and a second kernel,
  // and the chunk and splits / 16: 43 splits 3 + 2.69, 64 splits 2 + 4, 128 splits 1 + 8.
  CHECK(decode_plan(decode_problem(8, 1, 1, 8192), kMultiprocessors).splits == 43);
}

TEST_CASE(
    "In a batch the longest sequence has chunks of 4096 keys, so that it does not end alone") {
  // All the same length, one split would do; but a host does not know that they are.
  const auto plan = decode_plan(decode_problem(64, 8, 33, 65536), kMultiprocessors);
  CHECK(plan.splits >= 16);
  CHECK(plan.chunk <= 4096);
  // There is nothing to end before a sequence that is alone.
  CHECK(decode_plan(decode_problem(264, 264, 1, 65536), kMultiprocessors).splits == 1);
}

TEST_CASE("Chunks are longer where those of 4096 keys would leave too many blocks empty") {
  // 16 for each of the 264 that run at a time are 4224 blocks: 2 splits of 2048 blocks, and a few
  // more to even out waves, but not 32.
  const auto plan = decode_plan(decode_problem(64, 8, 256, 131072), kMultiprocessors);
  CHECK(plan.splits >= 2);
  CHECK(plan.splits < 8);
  // And none where one split alone has that many.
  CHECK(decode_plan(decode_problem(64, 8, 2112, 131072), kMultiprocessors).splits == 1);
  // The most splits there are, of as many keys as it takes.
  CHECK(decode_plan(decode_problem(8, 1, 2, 2000000), kMultiprocessors).splits <=
        kernels::kMostSplits);
}

TEST_CASE("A plan of given splits has as many, or fewer where the last would be empty") {
  const auto problem = decode_problem(8, 1, 1, 10 * 64);
  CHECK(kernels::decode_plan_of_splits(problem, 1).chunk == 640);
  CHECK(kernels::decode_plan_of_splits(problem, 4).splits == 4);
  CHECK(kernels::decode_plan_of_splits(problem, 4).chunk == 192);
  CHECK(kernels::decode_plan_of_splits(problem, 6).splits == 5);
  CHECK(kernels::decode_plan_of_splits(problem, 128).splits == 10);
}

TEST_CASE("More than 16 query heads of a KV head take several row tiles") {
  CHECK(decode_plan(decode_problem(16, 1, 1, 64), kMultiprocessors).row_tiles == 1);
  CHECK(decode_plan(decode_problem(20, 1, 1, 64), kMultiprocessors).row_tiles == 2);
  CHECK(decode_plan(decode_problem(66, 2, 1, 64), kMultiprocessors).row_tiles == 3);
}

TEST_CASE("The workspace of decoding is that of its splits") {
  const auto problem = decode_problem(64, 8, 4, 8192);
  const auto plan = decode_plan(problem, kMultiprocessors);
  REQUIRE(plan.splits > 1);
  CHECK(kernels::decode_workspace_bytes(problem, kMultiprocessors) ==
        static_cast<std::size_t>(plan.splits) * 4 * 64 * (128 + 2) * 4);
  CHECK(kernels::decode_workspace_bytes(decode_problem(64, 8, 33, 4096), kMultiprocessors) == 0);
}

TEST_CASE("Tiles fit the shared memory of a multiprocessor, as many blocks as planned") {
  constexpr int kOf90 = 228 * 1024;
  constexpr int kOf80 = 164 * 1024;
  constexpr int kReserved = 1024;  // of each block, by the system
  for (const int head_dim : {64, 128, 256}) {
    const auto decode = kernels::decode_shared(head_dim);
    CHECK((decode.total + kReserved) * kernels::decode_tile(head_dim).blocks <= kOf90);
    CHECK(decode.total + kReserved <= kOf80);
    // Sums of a warp are put where its ring was, by vectors of 16 bytes.
    CHECK(kernels::kDecodeRows * decode.sum_row * 4 <= decode.ring);
    CHECK(decode.rings % 128 == 0);
    CHECK(decode.ring % 128 == 0);
    CHECK(decode.sum_row % 4 == 0);
    const auto prefill = kernels::prefill_shared(head_dim);
    CHECK((prefill.total + kReserved) * kernels::prefill_tile(head_dim).blocks <= kOf90);
    CHECK(prefill.total + kReserved <= kOf80);
  }
}

TEST_CASE("Tiles for wgmma fit shared memory and registers, and begin where swizzles do") {
  constexpr int kMostShared = 227 * 1024;  // of a block, on 9.0
  constexpr int kRegisters = 64 * 1024;
  for (const int head_dim : {64, 128, 256}) {
    const auto tile = kernels::prefill_wgmma_tile(head_dim);
    const auto shared = kernels::prefill_wgmma_shared(head_dim);
    CHECK(shared.total <= kMostShared);
    CHECK(shared.queries % kernels::kSwizzleBytes == 0);
    CHECK(shared.ring % kernels::kSwizzleBytes == 0);
    CHECK(shared.slot % kernels::kSwizzleBytes == 0);
    CHECK(shared.full % 8 == 0);
    // Panels of keys too; and rows of 16 keys are a step.
    CHECK(tile.keys % 16 == 0);
    // What threads have at the start is rounded down to a multiple of 8, and what some of them give
    // back the others can take: no more.
    const int at_start = kRegisters / tile.threads() / 8 * 8;
    const int computing = tile.groups * kernels::kWarpgroup * tile.computing_registers;
    const int copying = kernels::kWarpgroup * tile.copying_registers;
    CHECK(computing + copying <= at_start * tile.threads());
    CHECK(tile.copying_registers <= at_start);
    CHECK(tile.computing_registers >= at_start);
    CHECK(tile.computing_registers % 8 == 0);
    CHECK(tile.copying_registers % 8 == 0);
    // Half of the ring may be in use while the other is filled.
    CHECK(tile.slots >= 4);
  }
}

TEST_CASE("Threads of a prefill block share its copies evenly") {
  for (const int head_dim : {64, 128, 256}) {
    const auto tile = kernels::prefill_tile(head_dim);
    const int rows_at_once = tile.threads() / (head_dim / 8);
    CHECK(tile.keys % rows_at_once == 0);
    CHECK(tile.rows() % rows_at_once == 0);
    CHECK(tile.keys % 16 == 0);
  }
}

TEST_CASE("The prefill grid stays within its limits at the largest batch") {
  auto problem = decode_problem(128, 128, 2048, 32768);
  problem.longest_q = 32768;
  CHECK(kernels::within_grid_limits(kernels::prefill_shape(problem)));
  CHECK(kernels::prefill_shape(problem).grid_x == 32768 / 128);
  problem.head_dim = 64;
  CHECK(kernels::within_grid_limits(kernels::prefill_wgmma_shape(problem)));
  CHECK(kernels::prefill_wgmma_shape(problem).grid_x == 171);  // 192 queries each
  CHECK(kernels::prefill_wgmma_shape(problem).threads == 512);
}

TEST_CASE("Shapes that no kernel takes are refused") {
  const auto fine = decode_problem(8, 2, 3, 100);
  CHECK(kernels::is_supported_shape(fine));
  CHECK(kernels::decode_supports(fine));
  CHECK(kernels::prefill_supports(fine));
  const auto refused = [&](auto change) {
    auto problem = fine;
    change(problem);
    return !kernels::is_supported_shape(problem);
  };
  CHECK(refused([](auto& p) { p.head_dim = 96; }));
  CHECK(refused([](auto& p) { p.q_heads = 7; }));
  CHECK(refused([](auto& p) { p.kv_heads = 0; }));
  CHECK(refused([](auto& p) { p.page = 8; }));
  CHECK(refused([](auto& p) { p.page = 48; }));
  CHECK(refused([](auto& p) { p.scale = 0.0F; }));
  CHECK(refused([](auto& p) { p.scale = std::numeric_limits<float>::quiet_NaN(); }));
  CHECK(refused([](auto& p) { p.scale = std::numeric_limits<float>::infinity(); }));
  auto several = fine;
  several.longest_q = 2;
  CHECK_FALSE(kernels::decode_supports(several));
}

TEST_CASE("Pages are given by their logarithm") {
  auto problem = decode_problem(8, 2, 3, 100);
  CHECK(kernels::page_shift_of(problem) == 4);
  problem.page = 64;
  CHECK(kernels::page_shift_of(problem) == 6);
  problem.page = 0;
  CHECK(kernels::page_shift_of(problem) == 0);
}

}  // namespace headroom::test
