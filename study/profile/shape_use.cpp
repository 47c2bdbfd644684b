#include "study/profile/shape_use.hpp"

namespace headroom::profile {
namespace {

// Of GPUs that share a layer; larger numbers are mistakes.
constexpr int kMostGpus = 65'536;

}  // namespace

nlohmann::ordered_json uses_json(const std::vector<ShapeUse>& uses) {
  auto out = nlohmann::ordered_json::array();
  for (const ShapeUse& use : uses) {
    out.push_back({{"model", use.model},
                   {"tensor_parallel", use.tensor_parallel},
                   {"kv_replication", use.kv_replication}});
  }
  return out;
}

std::vector<ShapeUse> read_uses(const JsonFields& fields) {
  std::vector<ShapeUse> out;
  for (const JsonFields& use : fields.objects("from")) {
    out.push_back({some_text(use, "model"), use.small("tensor_parallel", 1, kMostGpus),
                   use.small("kv_replication", 1, kMostGpus)});
  }
  return out;
}

std::string some_text(const JsonFields& fields, const char* key) {
  std::string out = fields.text(key);
  if (out.empty()) fields.reject(key, "text that is not empty");
  return out;
}

}  // namespace headroom::profile
