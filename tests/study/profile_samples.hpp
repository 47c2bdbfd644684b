#pragma once
// Profiles for tests.

#include "study/profile/profile.hpp"

#include <string>
#include <vector>

namespace headroom::test {

/// A decode point of 32/16/128 with a hot median only; work is not counted.
[[nodiscard]] profile::Point decode_point(std::string id, double hot_us);
/// A profile of a GPU with these points and nothing else that is known.
[[nodiscard]] profile::Profile profile_of(std::vector<profile::Point> points);
/// One in which every value is known, with two points.
[[nodiscard]] profile::Profile full_profile();

}  // namespace headroom::test
