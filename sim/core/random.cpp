#include "sim/core/random.hpp"

namespace headroom {
namespace {

/// FNV-1a, 64 bits (Fowler, Noll and Vo): the same number on every platform, unlike std::hash.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x0000'0100'0000'01b3U;
  }
  return hash;
}

/// One step of splitmix64 (Steele, Lea and Flood, OOPSLA 2014): neighbouring seeds, which people
/// like, come out unrelated.
std::uint64_t splitmix(std::uint64_t value) {
  value += 0x9e37'79b9'7f4a'7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58'476d'1ce4'e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d0'49bb'1331'11ebU;
  return value ^ (value >> 31U);
}

}  // namespace

RandomStream random_stream(std::uint64_t seed, std::string_view purpose) {
  return RandomStream(splitmix(splitmix(seed) ^ hash_of(purpose)));
}

RandomStream random_stream(std::uint64_t seed, std::string_view purpose, std::uint64_t number) {
  return RandomStream(splitmix(splitmix(splitmix(seed) ^ hash_of(purpose)) + number));
}

}  // namespace headroom
