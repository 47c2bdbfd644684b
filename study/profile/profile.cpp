#include "study/profile/profile.hpp"

#include "sim/core/assert.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>

namespace headroom::profile {

std::string ShardShape::text() const {
  return fmt::format("{}/{}/{}", q_heads, kv_heads, head_dim);
}

std::string device_words(const Device& device) {
  return fmt::format("{} ({})", plain_text(device.name, 80),
                     device.kind == DeviceKind::cpu ? "cpu: not a GPU" : "CUDA");
}

double engine_us(const Point& point) {
  HEADROOM_ASSERT(point.hot || point.cold, "a point without times");
  return point.hot ? point.hot->median_us : point.cold->median_us;
}

}  // namespace headroom::profile
