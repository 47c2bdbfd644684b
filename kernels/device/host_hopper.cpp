#include "kernels/device/host_hopper.hpp"

#include "kernels/attention/element.hpp"
#include "kernels/device/host_block.hpp"
#include "kernels/device/host_descriptor.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace headroom::kernels::simt {
namespace {

using internal::Barrier;
using internal::Block;
using internal::KernelFault;
using internal::MatrixPlace;
using internal::Operands;
using internal::Product;
using internal::Products;
using internal::running_block;

constexpr std::uint32_t kUnderWay = 0xFFFFFFFF;  // not a number

Products& own_products() { return running_block().own().products; }
int lane() { return running_block().fibers.current() % internal::kWarp; }

Barrier& barrier_at(std::uint32_t address) {
  auto& all = running_block().in_memory;
  const auto found = all.find(address);
  if (found == all.end()) throw KernelFault("a barrier in memory that was not made");
  return found->second;
}

float element_at(ElementType type, std::uint32_t address) {
  std::uint16_t element = 0;
  std::memcpy(&element, running_block().shown_at(address / 16 * 16) + address % 16, sizeof element);
  return to_float(type, element);
}

// PTX, wgmma m64nNk16: A in registers and the sums are laid out in each warp, which has 16 of the
// 64 rows, as those of mma m16n8k16 are.
void give_held_rows(const Product& product, Operands& operands) {
  if (std::memcmp(product.a_now, product.a_given.data(), sizeof product.a_given) != 0) {
    throw KernelFault("registers of A were changed while a multiplication read them");
  }
  for (int word = 0; word < 4; ++word) {
    for (int half = 0; half < 2; ++half) {
      const int row = lane() / 4 + word % 2 * 8;
      const int k = lane() % 4 * 2 + half + word / 2 * 8;
      const std::uint32_t bits = product.a_given[static_cast<std::size_t>(word)] >> (16 * half);
      operands.a[static_cast<std::size_t>(row)][static_cast<std::size_t>(k)] =
          to_float(product.shape.type, static_cast<std::uint16_t>(bits & 0xFFFF));
    }
  }
}

void give_rows_in_memory(const Product& product, Operands& operands) {
  const MatrixPlace place = internal::matrix_place(product.shape.a);
  const int first = running_block().fibers.current() % internal::kThreadsOfGroup / 32 * 16;
  for (int i = lane(); i < 16 * 16; i += internal::kWarp) {
    operands.a[static_cast<std::size_t>(i / 16)][static_cast<std::size_t>(i % 16)] =
        element_at(product.shape.type, internal::k_major_address(place, first + i / 16, i % 16));
  }
}

void give_columns(const Product& product, Operands& operands) {
  const MatrixPlace place = internal::matrix_place(product.shape.b);
  for (int i = lane(); i < product.shape.columns * 16; i += internal::kWarp) {
    const std::uint32_t address = product.shape.b_is_across
                                      ? internal::mn_major_address(place, i / 16, i % 16)
                                      : internal::k_major_address(place, i / 16, i % 16);
    operands.b[static_cast<std::size_t>(i / 16)][static_cast<std::size_t>(i % 16)] =
        element_at(product.shape.type, address);
  }
}

void add_products(const Operands& operands, bool accumulate, std::vector<float>& sums) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t lane_index = static_cast<std::size_t>(lane());
    const auto& row = operands.a[lane_index / 4 + i % 4 / 2 * 8];
    const auto& column = operands.b[i / 4 * 8 + lane_index % 4 * 2 + i % 2];
    float sum = accumulate ? sums[i] : 0.0F;
    for (std::size_t k = 0; k < 16; ++k) sum += row[k] * column[k];
    sums[i] = sum;
  }
}

// All lanes of a warp together.
void compute(const Product& product) {
  Operands& operands = running_block().own_warp().operands;
  if (product.shape.a_is_held) {
    give_held_rows(product, operands);
  } else {
    give_rows_in_memory(product, operands);
  }
  give_columns(product, operands);
  sync_warp();
  add_products(operands, product.shape.accumulate, own_products().sums.at(product.sums));
  sync_warp();  // before the next step's operands
}

bool is_written(const Products& products, const float* sums) {
  const auto writes = [&](const Product& product) { return product.sums == sums; };
  return std::any_of(products.open.begin(), products.open.end(), writes) ||
         std::any_of(products.groups.begin(), products.groups.end(), [&](const auto& group) {
           return std::any_of(group.begin(), group.end(), writes);
         });
}

// Sums that no multiplication writes any more, to their registers.
void hand_back(Products& products) {
  for (auto it = products.sums.begin(); it != products.sums.end();) {
    auto& [registers, values] = *it;
    if (is_written(products, registers)) {
      ++it;
      continue;
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::bit_cast<std::uint32_t>(registers[i]) != kUnderWay) {
        throw KernelFault("sums were written while a multiplication was under way");
      }
      registers[i] = values[i];
    }
    it = products.sums.erase(it);
  }
}

}  // namespace

void require_pattern_start(std::uint32_t address) {
  if (address % 1024 != 0) throw KernelFault("the 128-byte pattern does not begin here");
}

void sync_some(int barrier, int threads) {
  Block& block = running_block();
  if (barrier < 1 || barrier > 15) throw KernelFault("a barrier of no number from 1 to 15");
  Barrier& it = block.some[static_cast<std::size_t>(barrier)];
  if (it.arrived == 0) it.members = threads;
  if (it.members != threads) throw KernelFault("threads differ in the members of a barrier");
  block.fibers.wait(it);
}

void init_phases(std::uint32_t barrier, int arrivals) {
  if (barrier % 8 != 0) throw KernelFault("a barrier at an address that is no multiple of 8");
  if (barrier + 8 > running_block().shared_bytes) throw KernelFault("beyond the shared memory");
  Barrier fresh;
  fresh.members = arrivals;
  if (!running_block().in_memory.emplace(barrier, fresh).second) {
    throw KernelFault("a barrier in memory that was made twice");
  }
}

void arrive(std::uint32_t barrier) { internal::Fibers::arrive(barrier_at(barrier)); }

void wait_phase(std::uint32_t barrier, std::uint32_t parity) {
  const Barrier& it = barrier_at(barrier);
  // Again where two phases have ended meanwhile: a GPU's thread may see neither.
  while (it.phase % 2 == parity) running_block().fibers.wait_for_phase(it);
}

void show_to_multiplications() {
  Block& block = running_block();
  for (const std::uint32_t address : block.own().landed) {
    std::memcpy(block.shown_at(address), block.vector_at(address), 16);
  }
  block.own().landed.clear();
}

void order_registers() { own_products().is_ordered = true; }

void commit_multiplications() {
  Products& products = own_products();
  products.groups.push_back(std::exchange(products.open, {}));
}

void internal::set_registers(int registers) {
  if (registers < 24 || registers > 256 || registers % 8 != 0) {
    throw KernelFault("registers that are no multiple of 8 from 24 to 256");
  }
  Warpgroup& group = running_block().own_group();
  if (group.registers == 0) group.registers = registers;
  if (group.registers != registers) throw KernelFault("a warpgroup's threads differ in registers");
  running_block().fibers.wait(group.barrier);
}

void internal::multiply(ElementType type, float* sums, int columns, const std::uint32_t* a_words,
                        std::uint64_t a_matrix, std::uint64_t b_matrix, bool across,
                        bool accumulate) {
  Products& products = own_products();
  if (!products.is_ordered) throw KernelFault("a multiplication without a fence of registers");
  Product product{{type, columns, a_words != nullptr, across, accumulate, a_matrix, b_matrix},
                  a_words,
                  {},
                  sums};
  if (a_words != nullptr) std::copy_n(a_words, 4, product.a_given.begin());
  auto& past = running_block().own_group().past;
  if (products.count == past.size()) past.push_back(product.shape);
  if (!(past[products.count++] == product.shape)) {
    throw KernelFault("a warpgroup's threads differ in a multiplication");
  }
  const auto size = static_cast<std::size_t>(columns / 2);
  if (products.sums.count(sums) == 0) {
    products.sums.emplace(sums, std::vector<float>(sums, sums + size));
    for (std::size_t i = 0; i < size; ++i) sums[i] = std::bit_cast<float>(kUnderWay);
  }
  products.open.push_back(product);
}

void internal::wait_multiplications(std::size_t pending) {
  Products& products = own_products();
  while (products.groups.size() > pending) {
    for (const Product& product : products.groups.front()) compute(product);
    products.groups.pop_front();
  }
  hand_back(products);
  products.is_ordered = false;
}

void internal::hold(float* sums) {
  if (own_products().sums.count(sums) != 0) {
    throw KernelFault("sums are used while a multiplication is under way");
  }
}

}  // namespace headroom::kernels::simt
