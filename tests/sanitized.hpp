#pragma once
// Whether this build is watched by a sanitizer: then the widest tests, which would take minutes, do
// a part of their cases, spread evenly. The release build does all of them.

namespace headroom::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace headroom::test
