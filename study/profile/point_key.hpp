#pragma once
// What a measurement is told apart by: one that stands twice counts twice.

#include "study/profile/profile.hpp"

#include <string>

namespace headroom::profile {

[[nodiscard]] std::string key_of(const Point& point);
[[nodiscard]] std::string key_of(const Collective& collective);
[[nodiscard]] std::string key_of(const Matmul& matmul);
/// The tensor parallel size it was collected under is no part of it: heads are those of one GPU.
[[nodiscard]] std::string key_of(const LatentPoint& point);
[[nodiscard]] std::string key_of(const Served& served);

}  // namespace headroom::profile
