#include "study/trace_figures.hpp"

#include "sim/core/assert.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace headroom {
namespace {

constexpr std::uint64_t kThousand = 1'000;

/// FNV-1a, 64 bits (Fowler, Noll and Vo).
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x0000'0100'0000'01b3U;
  }
  return hash;
}

}  // namespace

void Quantiles::add(std::int64_t value) {
  ++count_;
  sum_ += value;
  max_ = std::max(max_, value);
  if (values_.size() < most_exact_) {
    values_.push_back(value);
    sorted_ = false;
    return;
  }
  // The first value too many: from here on all of them are in the histogram.
  if (histogram_.count() == 0) {
    for (const std::int64_t earlier : values_) histogram_.add(Duration(earlier));
  }
  histogram_.add(Duration(value));
}

std::int64_t Quantiles::at(int per_mille) const {
  if (count_ == 0) return 0;
  const std::uint64_t place =
      (static_cast<std::uint64_t>(per_mille) * (count_ - 1) + kThousand / 2) / kThousand;
  if (!exact()) return histogram_.at_rank(place + 1).count();
  if (!sorted_) std::sort(values_.begin(), values_.end());
  sorted_ = true;
  return values_[place];
}

double Quantiles::mean() const {
  return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

void Arrivals::add(SimTime arrival) {
  if (count_++ == 0) {
    first_ = last_ = arrival;
    return;
  }
  HEADROOM_ASSERT(arrival >= last_, "arrivals out of order");
  const Duration gap = arrival - last_;
  last_ = arrival;
  if (gap == Duration::zero()) ++zero_gaps_;
  const double seconds = to_seconds(gap);
  const double difference = seconds - mean_;
  mean_ += difference / static_cast<double>(count_ - 1);
  squares_ += difference * (seconds - mean_);
}

std::optional<double> Arrivals::variation() const {
  if (count_ < 2 || span() == Duration::zero()) return std::nullopt;
  const auto gaps = static_cast<double>(count_ - 1);
  return std::sqrt(squares_ / gaps) / (to_seconds(span()) / gaps);
}

double Arrivals::zero_share() const {
  return count_ < 2 ? 0.0 : static_cast<double>(zero_gaps_) / static_cast<double>(count_ - 1);
}

void Concurrency::add(SimTime arrival, Duration lifetime, std::int64_t milli) {
  if (!begin_) begin_ = arrival;
  end_ = std::max(arrival + lifetime, end_);
  gpu_time_ += Int128{milli} * lifetime.count();
  if (given_up_) return;
  while (!ends_.empty() && ends_.front().first <= arrival) {
    held_ -= ends_.front().second;
    std::pop_heap(ends_.begin(), ends_.end(), std::greater<>());
    ends_.pop_back();
  }
  if (ends_.size() == most_alive_) {
    given_up_ = true;
    ends_ = {};
    return;
  }
  ends_.emplace_back(arrival + lifetime, milli);
  std::push_heap(ends_.begin(), ends_.end(), std::greater<>());
  held_ += milli;
  peak_ = std::max(peak_, held_);
}

std::optional<std::int64_t> Concurrency::peak() const {
  if (given_up_) return std::nullopt;
  return peak_;
}

double Concurrency::mean() const {
  if (!begin_ || end_ <= *begin_) return 0.0;
  return static_cast<double>(gpu_time_) / static_cast<double>((end_ - *begin_).count());
}

double offered_gpus(Int128 gpu_milli_ns, Duration span) {
  if (span <= Duration::zero()) return 0.0;
  return static_cast<double>(gpu_milli_ns) / 1'000.0 / static_cast<double>(span.count());
}

void Distinct::add(std::string_view text) {
  if (full_) return;
  hashes_.push_back(hash_of(text));
  if (hashes_.size() >= 2 * most_) fold();
}

void Distinct::fold() {
  if (folded_ == hashes_.size()) return;
  std::sort(hashes_.begin(), hashes_.end());
  hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
  if (hashes_.size() > most_) {
    full_ = true;
    hashes_.resize(most_);
  }
  folded_ = hashes_.size();
}

std::uint64_t Distinct::count() {
  fold();
  return hashes_.size();
}

bool Distinct::all() {
  fold();
  return !full_;
}

}  // namespace headroom
