#include "sim/policy/timeline.hpp"

namespace headroom {
namespace {

constexpr std::size_t kBits = 64;

}  // namespace

MachineSet::MachineSet(std::int64_t count)
    : words_(static_cast<std::size_t>(count) / kBits, ~std::uint64_t{0}), size_(count) {
  const auto rest = static_cast<std::size_t>(count) % kBits;
  if (rest > 0) words_.push_back((std::uint64_t{1} << rest) - 1);
}

MachineSet::MachineSet(const std::vector<int>& machines) {
  for (const int machine : machines) {
    const auto place = static_cast<std::size_t>(machine);
    if (words_.size() <= place / kBits) words_.resize(place / kBits + 1);
    words_[place / kBits] |= std::uint64_t{1} << (place % kBits);
  }
  tidy();
}

MachineSet MachineSet::lowest(std::int64_t count) const {
  MachineSet out;
  for (std::uint64_t word : words_) {
    std::uint64_t taken = 0;
    for (; word != 0 && out.size_ < count; ++out.size_) {
      taken |= word & (~word + 1);  // its lowest bit
      word &= word - 1;
    }
    out.words_.push_back(taken);
    if (out.size_ == count) break;
  }
  out.tidy();
  return out;
}

void MachineSet::keep_common(const MachineSet& other) {
  words_.resize(std::min(words_.size(), other.words_.size()));
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  tidy();
}

void MachineSet::take(const MachineSet& other) {
  const std::size_t both = std::min(words_.size(), other.words_.size());
  for (std::size_t i = 0; i < both; ++i) words_[i] &= ~other.words_[i];
  tidy();
}

void MachineSet::give(const MachineSet& other) {
  if (words_.size() < other.words_.size()) words_.resize(other.words_.size());
  for (std::size_t i = 0; i < other.words_.size(); ++i) words_[i] |= other.words_[i];
  tidy();
}

bool MachineSet::has(const MachineSet& other) const {
  MachineSet common = *this;
  common.keep_common(other);
  return common.size_ == other.size_;
}

std::vector<int> MachineSet::machines() const {
  std::vector<int> out;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
      out.push_back(static_cast<int>(i * kBits) + std::countr_zero(word));
    }
  }
  return out;
}

bool operator==(const MachineSet& a, const MachineSet& b) { return a.words_ == b.words_; }

void MachineSet::tidy() {
  while (!words_.empty() && words_.back() == 0) words_.pop_back();
  size_ = 0;
  for (const std::uint64_t word : words_) size_ += std::popcount(word);
}

}  // namespace headroom
