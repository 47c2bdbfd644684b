#include "kernels/device/host_block.hpp"

#include <algorithm>
#include <cstring>

namespace headroom::kernels::simt::internal {

Block::Block(int threads, std::size_t shared, Schedule schedule)
    : fibers(threads, schedule),
      words(shared / sizeof(Words4) + 1),
      shown(words.size()),
      shared_bytes(shared),
      warps(static_cast<std::size_t>(threads / kWarp)),
      groups(static_cast<std::size_t>(threads / kThreadsOfGroup)),
      threads_of(static_cast<std::size_t>(threads)) {
  barrier.members = threads;
  for (Warp& warp : warps) warp.barrier.members = kWarp;
}

Warpgroup& Block::own_group() {
  const auto index = static_cast<std::size_t>(fibers.current() / kThreadsOfGroup);
  if (index >= groups.size()) throw KernelFault("a warp of no warpgroup");
  return groups[index];
}

unsigned char* Block::vector_at(std::uint32_t address) {
  if (address % 16 != 0) throw KernelFault("a shared address that is no multiple of 16");
  if (address + 16 > shared_bytes) throw KernelFault("beyond the shared memory");
  return reinterpret_cast<unsigned char*>(words.data()) + address;
}

unsigned char* Block::shown_at(std::uint32_t address) {
  const std::ptrdiff_t offset = vector_at(address) - reinterpret_cast<unsigned char*>(words.data());
  return reinterpret_cast<unsigned char*>(shown.data()) + offset;
}

void Block::clear() {
  std::memset(words.data(), 0xFF, words.size() * sizeof(Words4));
  std::memset(shown.data(), 0xFF, shown.size() * sizeof(Words4));
  in_memory.clear();
  some = {};
  for (Thread& thread : threads_of) thread = Thread{};
  for (Warpgroup& group : groups) {
    group = Warpgroup{};
    group.barrier.members = kThreadsOfGroup;
  }
}

void Block::check_end() const {
  for (std::size_t i = 0; i < threads_of.size(); ++i) {
    const Products& products = threads_of[i].products;
    if (!products.open.empty() || !products.groups.empty()) {
      throw KernelFault("a thread ends before its multiplications");
    }
    const std::size_t group = i / kThreadsOfGroup;
    if (group < groups.size() && products.count != groups[group].past.size()) {
      throw KernelFault("a warpgroup's threads differ in a multiplication");
    }
  }
}

}  // namespace headroom::kernels::simt::internal
