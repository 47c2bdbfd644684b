#include "study/profile/point_key.hpp"

#include <fmt/format.h>

namespace headroom::profile {

std::string key_of(const Point& point) { return point.id; }

std::string key_of(const Collective& c) {
  return fmt::format("{}-{}-{}-{}-{}-{}-{}", name_of(kCollectiveOps, c.op), c.implementation,
                     name_of(kTypes, c.type), c.gpus, c.gpus_per_node.value_or(0),
                     c.topology ? name_of(kTopologies, *c.topology) : "unknown", c.bytes);
}

std::string key_of(const Matmul& m) {
  return fmt::format("matmul-{}-{}-{}-{}-{}", m.implementation, name_of(kTypes, m.type), m.m, m.n,
                     m.k);
}

std::string key_of(const LatentPoint& p) {
  return fmt::format("latent-{}-{}-{}-{}-{}-b{}-l{}", name_of(kOps, p.op), p.implementation,
                     name_of(kTypes, p.type), name_of(kTypes, p.kv_type), p.q_heads, p.batch,
                     p.length);
}

std::string key_of(const Served& served) { return "served-" + served.id; }

}  // namespace headroom::profile
