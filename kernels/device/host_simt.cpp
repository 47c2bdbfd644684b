#include "kernels/device/host_simt.hpp"

#include "kernels/device/host_block.hpp"

#include <cstring>
#include <utility>

namespace headroom::kernels::simt {
namespace {

using internal::Block;
using internal::Exchange;
using internal::KernelFault;
using internal::kWarp;
using internal::Thread;
using internal::Warp;

struct Settings {
  Schedule schedule = Schedule::in_step;
  int multiprocessors = 4;
  std::string failure;
};

thread_local Settings settings;
thread_local Block* running = nullptr;

Thread& own() { return running->own(); }
Warp& own_warp() { return running->own_warp(); }
std::size_t lane() { return static_cast<std::size_t>(running->fibers.current() % kWarp); }

// All lanes give something by `give`, and take after all have.
template <class Give>
const Exchange& exchange(Give give) {
  Exchange& now = own_warp().exchanges[own().instructions++ % 2];
  give(now);
  running->fibers.wait(own_warp().barrier);
  return now;
}

std::uint16_t element_of(const Exchange& all, std::size_t matrix, std::size_t row,
                         std::size_t column) {
  std::uint16_t element = 0;
  std::memcpy(&element, running->vector_at(all.addresses[matrix * 8 + row]) + 2 * column,
              sizeof element);
  return element;
}

// PTX: thread i has of each matrix row i / 4, columns 2 (i % 4) and the next; transposed, that of
// the transposed matrix.
void load(std::uint32_t (&words)[4], std::uint32_t address, bool transposed) {
  const Exchange& all = exchange([&](Exchange& now) { now.addresses[lane()] = address; });
  const std::size_t row = lane() / 4;
  const std::size_t column = lane() % 4 * 2;
  for (std::size_t m = 0; m < 4; ++m) {
    const std::uint32_t low =
        transposed ? element_of(all, m, column, row) : element_of(all, m, row, column);
    const std::uint32_t high =
        transposed ? element_of(all, m, column + 1, row) : element_of(all, m, row, column + 1);
    words[m] = low | high << 16;
  }
  sync_warp();  // nobody overwrites what another lane still reads
}

float half_of_word(ElementType type, std::uint32_t word, std::size_t which) {
  return to_float(type, static_cast<std::uint16_t>(word >> (16 * which)));
}

// PTX, m16n8k16: of A, thread i has rows i / 4 and that + 8, columns 2 (i % 4) and those + 8.
float a_element(const Exchange& all, ElementType type, std::size_t row, std::size_t k) {
  const std::size_t owner = row % 8 * 4 + k % 8 / 2;
  return half_of_word(type, all.operands[owner][row / 8 + k / 8 * 2], k % 2);
}
// Of B, rows 2 (i % 4) and those + 8 of column i / 4.
float b_element(const Exchange& all, ElementType type, std::size_t k, std::size_t column) {
  const std::size_t owner = column * 4 + k % 8 / 2;
  return half_of_word(type, all.operands[owner][4 + k / 8], k % 2);
}

}  // namespace

internal::Block& internal::running_block() { return *running; }

void set_schedule(Schedule schedule) { settings.schedule = schedule; }
void set_multiprocessors(int count) { settings.multiprocessors = count; }
int multiprocessors() { return settings.multiprocessors; }
const std::string& failure() { return settings.failure; }

int thread() { return running->fibers.current(); }
int block_x() { return running->x; }
int block_y() { return running->y; }
int block_z() { return running->z; }

unsigned char* shared_memory() { return reinterpret_cast<unsigned char*>(running->words.data()); }
std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(static_cast<const unsigned char*>(pointer) - shared_memory());
}

void sync_block() { running->fibers.wait(running->barrier); }
void sync_warp() { running->fibers.wait(own_warp().barrier); }

float shuffle_xor(float value, int mask) {
  const Exchange& all = exchange([&](Exchange& now) { now.floats[lane()] = value; });
  return all.floats[lane() ^ static_cast<std::size_t>(mask)];
}

void copy_async_16(std::uint32_t to, const void* from, bool valid) {
  if (reinterpret_cast<std::uintptr_t>(from) % 16 != 0) {
    throw KernelFault("a global address that is no multiple of 16");
  }
  std::memset(running->vector_at(to), 0xFF, 16);
  std::memset(running->shown_at(to), 0xFF, 16);
  own().open.push_back({to, valid ? from : nullptr});
}

void commit_copies() { own().groups.push_back(std::exchange(own().open, {})); }

void internal::wait_copies(std::size_t pending) {
  while (own().groups.size() > pending) {
    for (const Copy& copy : own().groups.front()) {
      unsigned char* to = running->vector_at(copy.to);
      if (copy.from == nullptr) {
        std::memset(to, 0, 16);
      } else {
        std::memcpy(to, copy.from, 16);
      }
      own().landed.push_back(copy.to);
    }
    own().groups.pop_front();
  }
}

void load_matrices(std::uint32_t (&words)[4], std::uint32_t address) {
  load(words, address, false);
}
void load_matrices_transposed(std::uint32_t (&words)[4], std::uint32_t address) {
  load(words, address, true);
}

void internal::multiply_add(ElementType type, float (&sums)[4], const std::uint32_t (&a)[4],
                            std::uint32_t b0, std::uint32_t b1) {
  const Exchange& all =
      exchange([&](Exchange& now) { now.operands[lane()] = {a[0], a[1], a[2], a[3], b0, b1}; });
  // Of the sums, thread i has rows i / 4 and that + 8, columns 2 (i % 4) and the next.
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t row = lane() / 4 + i / 2 * 8;
    const std::size_t column = lane() % 4 * 2 + i % 2;
    for (std::size_t k = 0; k < 16; ++k) {
      sums[i] += a_element(all, type, row, k) * b_element(all, type, k, column);
    }
  }
}

Status internal::run(const LaunchShape& shape, const std::function<void()>& kernel) {
  if (!within_grid_limits(shape)) return Status::unsupported;
  Block block(shape.threads, shape.shared_bytes, settings.schedule);
  running = &block;
  Status status = Status::ok;
  try {
    for (block.z = 0; block.z < shape.grid_z; ++block.z) {
      for (block.y = 0; block.y < shape.grid_y; ++block.y) {
        for (block.x = 0; block.x < shape.grid_x; ++block.x) {
          block.clear();
          block.fibers.run(kernel);
          block.check_end();
        }
      }
    }
  } catch (const KernelFault& fault) {
    settings.failure = fault.what();
    status = Status::launch_failed;
  }
  running = nullptr;
  return status;
}

}  // namespace headroom::kernels::simt
