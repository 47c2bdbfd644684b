#include "study/profile/join.hpp"

#include "sim/core/assert.hpp"
#include "study/profile/point_key.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

namespace headroom::profile {
namespace {

/// "A", or "A; B" where B says something else.
void add_text(Text& to, const Text& other) {
  if (!other || to == other) return;
  to = to ? *to + "; " + *other : *other;
}

template <class Value>
void append(std::vector<Value>& to, std::vector<Value>& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

void add(Profile& to, Profile& other) {
  to.source.imported = to.source.imported || other.source.imported;
  add_text(to.source.name, other.source.name);
  add_text(to.source.license, other.source.license);
  add_text(to.source.location, other.source.location);
  add_text(to.source.note, other.source.note);
  if (to.created != other.created) to.created.reset();
  to.complete = to.complete && other.complete;
  append(to.attention, other.attention);
  append(to.collectives, other.collectives);
  append(to.matmuls, other.matmuls);
  append(to.latent_attention, other.latent_attention);
  append(to.served, other.served);
  append(to.skipped, other.skipped);
}

/// The profile that each measurement is of.
struct Owners {
  std::map<std::string, std::size_t> of = {};

  template <class Measured>
  Status add(const std::vector<Measured>& all, std::size_t profile) {
    for (const Measured& measured : all) {
      const auto [owner, is_new] = of.emplace(key_of(measured), profile);
      if (is_new || owner->second == profile) continue;
      return fail(fmt::format("'{}' stands in several profiles", plain_text(owner->first, 160)), {},
                  "give each measurement once");
    }
    return {};
  }
};

Status check_apart(const std::vector<Profile>& profiles) {
  Owners owners;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    HEADROOM_CHECK(owners.add(profiles[i].attention, i));
    HEADROOM_CHECK(owners.add(profiles[i].collectives, i));
    HEADROOM_CHECK(owners.add(profiles[i].matmuls, i));
    HEADROOM_CHECK(owners.add(profiles[i].latent_attention, i));
    HEADROOM_CHECK(owners.add(profiles[i].served, i));
  }
  return {};
}

}  // namespace

Result<Profile> join(std::vector<Profile> profiles) {
  HEADROOM_ASSERT(!profiles.empty(), "no profile to join");
  HEADROOM_CHECK(check_apart(profiles));
  Profile out = std::move(profiles.front());
  for (std::size_t i = 1; i < profiles.size(); ++i) add(out, profiles[i]);
  out.fits.clear();
  return out;
}

}  // namespace headroom::profile
