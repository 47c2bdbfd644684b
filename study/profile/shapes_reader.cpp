#include "study/input_file.hpp"
#include "study/json_fields.hpp"
#include "study/profile/shape_use.hpp"
#include "study/profile/shapes.hpp"

#include <fmt/format.h>

#include <set>

namespace headroom::profile {
namespace {

// What kernels could at all take; larger numbers are mistakes.
constexpr int kMostHeads = 65536;

UsedShape used_shape(const JsonFields& f) {
  UsedShape out;
  out.shape = {f.small("q_heads", 1, kMostHeads), f.small("kv_heads", 1, kMostHeads),
               f.small("head_dim", 1, kMostHeads)};
  if (out.shape.kv_heads > 0 && out.shape.q_heads % out.shape.kv_heads != 0) {
    f.reject("kv_heads", fmt::format("a divisor of q_heads, {}", out.shape.q_heads));
  }
  out.from = read_uses(f);
  return out;
}

}  // namespace

Result<std::vector<UsedShape>> read_shapes(const std::filesystem::path& file) {
  const InputFile input{file, "a list of shapes", "headroom profile shapes"};
  HEADROOM_TRY(const nlohmann::json document, read_input_json(input));
  if (text_at(document, {"schema"}) != kShapesSchema) {
    return wrong_input(input, fmt::format("its schema is not {}", kShapesSchema));
  }
  std::optional<Error> error;
  const JsonFields fields(document, "", error);
  if (fields.number("version", 0, kMost) != kShapesVersion && !error) {
    return wrong_input(input, fmt::format("only version {} is read", kShapesVersion));
  }
  std::vector<UsedShape> out;
  // Points are named by their shapes, and each has a name of its own.
  std::set<ShardShape> known;
  for (const JsonFields& entry : fields.objects("shapes")) {
    out.push_back(used_shape(entry));
    const ShardShape& shape = out.back().shape;
    if (!known.insert(shape).second) {
      entry.reject("q_heads", fmt::format("of another shape: {} stands twice", shape.text()));
    }
  }
  if (error) return wrong_input(input, error->message);
  if (out.empty()) return wrong_input(input, "it names no shape");
  return out;
}

}  // namespace headroom::profile
