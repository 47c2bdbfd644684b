#pragma once
// A profile for people: docs/profile.md.

#include "study/profile/profile.hpp"
#include "study/profile/scaling.hpp"

#include <optional>
#include <span>
#include <string>

namespace headroom::profile {

struct ShowOptions {
  bool all = false;                 // every row
  std::optional<ShardShape> shape;  // of this alone
};

/// Device, origin, ceilings and counts.
[[nodiscard]] std::string header_text(const Profile& profile);
/// A table for each op, by shapes where there are many points, those of lists_text and
/// one of the fits.
[[nodiscard]] std::string tables_text(const Profile& profile, const ShowOptions& options);
/// Tables of collectives, matrix products, latent attention and deployments; none of them where one
/// shape is asked for.
[[nodiscard]] std::string lists_text(const Profile& profile, const ShowOptions& options);
/// The fits alone, one a row; nothing where there is none, or where a shape is asked for.
[[nodiscard]] std::string fits_table(const Profile& profile, const ShowOptions& options);
/// Throughput of a GPU against tensor parallel size.
[[nodiscard]] std::string scaling_text(const Profile& profile, const Scaling& scaling, bool all);
/// Schema headroom.profile_show, version 1.
[[nodiscard]] std::string show_json(const Profile& profile, std::span<const Scaling> scalings,
                                    const ShowOptions& options);

}  // namespace headroom::profile
