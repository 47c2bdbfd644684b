#pragma once
// Several profiles of one GPU type as one.

#include "study/profile/profile.hpp"

#include <vector>

namespace headroom::profile {

/// Head and ceilings of the first; all that was measured and what was skipped of all. Their fits
/// are left out, as each knows of its own points alone. Of the sources all names, licences and
/// places are kept. Preconditions: there is one; all are of one GPU type. Error: a measurement
/// stands in two of them.
[[nodiscard]] Result<Profile> join(std::vector<Profile> profiles);

}  // namespace headroom::profile
