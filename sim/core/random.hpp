#pragma once
// Named random streams.
//
// One stream per purpose, derived from the run's seed and the purpose's name, so that a draw added
// in one place shifts no other. Engine and distributions are Boost.Random's, whose output is the
// same on every platform (the standard library's distributions are not).

#include <boost/random/mersenne_twister.hpp>

#include <cstdint>
#include <string_view>

namespace headroom {

using RandomStream = boost::random::mt19937_64;

/// The stream for `purpose` in the run with this seed.
[[nodiscard]] RandomStream random_stream(std::uint64_t seed, std::string_view purpose);
/// One of many for the same purpose, by number: what is drawn from one depends on no other.
[[nodiscard]] RandomStream random_stream(std::uint64_t seed, std::string_view purpose,
                                         std::uint64_t number);

}  // namespace headroom
