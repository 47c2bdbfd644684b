#include "kernels/attention/cpu/cpu_attention.hpp"

#include "kernels/attention/cpu/tile.hpp"
#include "kernels/attention/element.hpp"
#include "kernels/attention/layout.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

namespace headroom::kernels {
namespace {

struct alignas(32) Eight {
  float values[8];
};

// Rows of one tile: queries in order, and of each the query heads that read the KV head.
struct TileAt {
  std::int32_t sequence;
  std::int32_t kv_head;
  std::int32_t first_row;
  std::int32_t rows;
};

std::vector<TileAt> tiles_of(const AttentionProblem& problem) {
  std::vector<TileAt> tiles;
  for (std::int32_t sequence = 0; sequence < problem.batch; ++sequence) {
    const std::int32_t rows = q_length(problem, sequence) * heads_per_kv(problem);
    for (std::int32_t kv_head = 0; kv_head < problem.kv_heads; ++kv_head) {
      for (std::int32_t row = 0; row < rows; row += kTileRows) {
        tiles.push_back({sequence, kv_head, row, std::min(kTileRows, rows - row)});
      }
    }
  }
  return tiles;
}

}  // namespace

CpuFeatures cpu_features() {
#if defined(__x86_64__)
  // F16C is older than AVX2: what has this one has that one.
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return CpuFeatures::avx2;
#endif
  return CpuFeatures::scalar;
}

// The memory of one thread.
struct CpuAttention::Worker {
  std::vector<Eight> scratch = std::vector<Eight>(kTileScratch / 8);
  std::vector<Eight> out = std::vector<Eight>(std::size_t{kTileRows * kMostHeadDim / 8});
  std::vector<const std::uint16_t*> k;
  std::vector<const std::uint16_t*> v;
  const std::uint16_t* q[kTileRows] = {};
  std::size_t out_at[kTileRows] = {};
  std::int32_t visible[kTileRows] = {};

  Tile gather(const AttentionProblem& problem, const TileAt& at);
  void write(const AttentionProblem& problem, const Tile& tile) const;
};

Tile CpuAttention::Worker::gather(const AttentionProblem& problem, const TileAt& at) {
  Tile tile;
  const std::int32_t group = heads_per_kv(problem);
  for (std::int32_t r = 0; r < at.rows; ++r) {
    const std::int32_t query = (at.first_row + r) / group;
    const std::int32_t head = at.kv_head * group + (at.first_row + r) % group;
    out_at[r] = q_offset(problem, problem.q_starts[at.sequence] + query, head);
    q[r] = static_cast<const std::uint16_t*>(problem.q) + out_at[r];
    visible[r] = visible_keys(problem, at.sequence, query);
    tile.keys = std::max(tile.keys, visible[r]);
  }
  k.clear();
  v.clear();
  for (std::int32_t key = 0; key < tile.keys; ++key) {
    const std::size_t offset = kv_offset(problem, at.sequence, key, at.kv_head);
    k.push_back(static_cast<const std::uint16_t*>(problem.k) + offset);
    v.push_back(static_cast<const std::uint16_t*>(problem.v) + offset);
  }
  tile.type = problem.type;
  tile.rows = at.rows;
  tile.head_dim = problem.head_dim;
  tile.scale = problem.scale;
  tile.q = q;
  tile.visible = visible;
  tile.k = k.data();
  tile.v = v.data();
  tile.scratch = scratch.front().values;
  tile.out = out.front().values;
  return tile;
}

void CpuAttention::Worker::write(const AttentionProblem& problem, const Tile& tile) const {
  for (std::int32_t r = 0; r < tile.rows; ++r) {
    std::uint16_t* const row = static_cast<std::uint16_t*>(problem.out) + out_at[r];
    for (std::int32_t d = 0; d < tile.head_dim; ++d) {
      row[d] = from_float(problem.type, tile.out[r * tile.head_dim + d]);
    }
  }
}

struct CpuAttention::State {
  State(CpuThreads& all, AttendTile tile) : threads(all), attend(tile) {}

  CpuThreads& threads;
  AttendTile attend;
  std::vector<Worker> workers;
  std::vector<TileAt> tiles;
  std::atomic<std::size_t> next{0};
};

CpuAttention::CpuAttention(CpuThreads& threads, CpuFeatures features)
    : state_(std::make_unique<State>(
          threads, features == CpuFeatures::avx2 ? attend_tile_avx2 : attend_tile_scalar)) {
  state_->workers.resize(static_cast<std::size_t>(threads.count()));
}

CpuAttention::~CpuAttention() = default;

void CpuAttention::run(const AttentionProblem& problem) {
  state_->tiles = tiles_of(problem);
  state_->next = 0;
  state_->threads.run(
      [&](int thread) { take_tiles(problem, state_->workers[static_cast<std::size_t>(thread)]); });
}

void CpuAttention::take_tiles(const AttentionProblem& problem, Worker& worker) {
  while (true) {
    // The last tiles of a causal prefill see the most keys: they are taken first.
    const std::size_t taken = state_->next.fetch_add(1, std::memory_order_relaxed);
    if (taken >= state_->tiles.size()) return;
    const Tile tile = worker.gather(problem, state_->tiles[state_->tiles.size() - 1 - taken]);
    state_->attend(tile);
    worker.write(problem, tile);
  }
}

}  // namespace headroom::kernels
