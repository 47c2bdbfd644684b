#include "sim/observe/histogram.hpp"

#include "sim/core/assert.hpp"

#include <algorithm>
#include <bit>

namespace headroom {
namespace {

constexpr unsigned kBits = 10;  // 2^10 buckets to the octave
constexpr std::uint64_t kPerOctave = std::uint64_t{1} << kBits;

// Values below 2^10 have a bucket each; above, the top ten bits after the leading one name it.
std::uint32_t bucket_of(std::uint64_t value) {
  if (value < kPerOctave) return static_cast<std::uint32_t>(value);
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kBits;
  return static_cast<std::uint32_t>((std::uint64_t{shift} << kBits) + (value >> shift));
}

std::uint64_t upper_edge(std::uint32_t bucket) {
  if (bucket < kPerOctave) return bucket;
  const std::uint64_t shift = (bucket >> kBits) - 1;
  const std::uint64_t top = bucket - (shift << kBits);
  return ((top + 1) << shift) - 1;
}

}  // namespace

void DurationHistogram::add(Duration value) {
  HEADROOM_ASSERT(value.count() >= 0, "a negative duration");
  ++buckets_[bucket_of(static_cast<std::uint64_t>(value.count()))];
  ++count_;
  max_ = std::max(max_, value.count());
  sum_ += value.count();
}

Duration DurationHistogram::quantile(int per_mille) const {
  if (count_ == 0) return Duration(0);
  const auto thousandths = static_cast<std::uint64_t>(per_mille);
  const std::uint64_t rank = std::max<std::uint64_t>(1, (count_ * thousandths + 999) / 1000);
  return at_rank(rank);
}

Duration DurationHistogram::at_rank(std::uint64_t rank) const {
  HEADROOM_ASSERT(rank >= 1 && rank <= count_, "there is no value of this rank");
  std::uint64_t seen = 0;
  for (const auto& [bucket, count] : buckets_) {
    seen += count;
    if (seen >= rank) {
      return Duration(std::min(max_, static_cast<std::int64_t>(upper_edge(bucket))));
    }
  }
  return max();
}

Duration DurationHistogram::mean() const {
  if (count_ == 0) return Duration(0);
  return Duration(static_cast<std::int64_t>(sum_ / static_cast<Int128>(count_)));
}

}  // namespace headroom
