#pragma once
// A block that runs on the host: its fibers, its shared memory, and what its threads have under
// way. Internal to host_simt.cpp and host_hopper.cpp.

#include "kernels/device/host_fibers.hpp"
#include "kernels/device/host_products.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace headroom::kernels::simt::internal {

constexpr int kWarp = 32;
constexpr int kThreadsOfGroup = 128;  // of a warpgroup

struct Copy {
  std::uint32_t to;
  const void* from;  // null: zeros
};

// What the lanes of a warp hand one another in one instruction. Two, used in turn: a lane may be
// one instruction ahead of another, not two.
struct Exchange {
  std::array<float, kWarp> floats{};
  std::array<std::uint32_t, kWarp> addresses{};
  std::array<std::array<std::uint32_t, 6>, kWarp> operands{};
};

struct Warp {
  Barrier barrier;
  std::array<Exchange, 2> exchanges;
  Operands operands;  // of the multiplication by wgmma that the warp computes
};

struct Warpgroup {
  Barrier barrier;
  int registers = 0;               // what its first thread asked for
  std::vector<ProductShape> past;  // what its threads have multiplied, each the same
};

struct Thread {
  std::vector<Copy> open;
  std::deque<std::vector<Copy>> groups;
  std::vector<std::uint32_t> landed;  // copies that multiplications may not see yet
  Products products;
  unsigned instructions = 0;
};

struct Block {
  Block(int threads, std::size_t shared, Schedule schedule);

  Thread& own() { return threads_of[static_cast<std::size_t>(fibers.current())]; }
  Warp& own_warp() { return warps[static_cast<std::size_t>(fibers.current() / kWarp)]; }
  Warpgroup& own_group();
  /// The 16 bytes of shared memory at an address.
  unsigned char* vector_at(std::uint32_t address);
  /// The same as multiplications see it: what was copied there before a fence of the thread that
  /// copied. Not a number elsewhere, ordinary stores included.
  unsigned char* shown_at(std::uint32_t address);

  /// As a block begins; and what is wrong where it ended.
  void clear();
  void check_end() const;

  Fibers fibers;
  std::vector<Words4> words;  // shared memory
  std::vector<Words4> shown;
  std::size_t shared_bytes;
  Barrier barrier;
  std::array<Barrier, 16> some;                // by number
  std::map<std::uint32_t, Barrier> in_memory;  // by address
  std::vector<Warp> warps;
  std::vector<Warpgroup> groups;
  std::vector<Thread> threads_of;
  int x = 0, y = 0, z = 0;
};

/// The block that this thread runs now.
Block& running_block();

}  // namespace headroom::kernels::simt::internal
