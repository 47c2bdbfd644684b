#include "study/profile/point_json.hpp"

namespace headroom::profile {

void add_load(nlohmann::ordered_json& out, const Point& point) {
  out["type"] = name_of(kTypes, point.type);
  out["kv_type"] = name_of(kTypes, point.kv_type);
  out["q_heads"] = point.shape.q_heads;
  out["kv_heads"] = point.shape.kv_heads;
  out["head_dim"] = point.shape.head_dim;
  out["batch"] = point.batch;
  out["q_len"] = point.q_len;
  out["kv_len"] = point.kv_len;
  out["kv_tokens"] = point.kv_tokens;
  out["lengths"] = name_of(kLengths, point.lengths);
  out["causal"] = point.causal;
}

nlohmann::ordered_json served_json(const Served& served) {
  nlohmann::ordered_json out{{"id", served.id}, {"engine", served.engine}};
  const auto add = [&](const char* key, const auto& value) {
    out[key] = nullptr;
    if (value) out[key] = *value;
  };
  add("engine_version", served.engine_version);
  out["model"] = served.model;
  add("precision", served.precision);
  out["input_tokens"] = served.input_tokens;
  out["output_tokens"] = served.output_tokens;
  out["concurrency"] = served.concurrency;
  out["tp"] = served.tp;
  out["pp"] = served.pp;
  out["dp"] = served.dp;
  out["ep"] = served.ep;
  add("ttft_ms", served.ttft_ms);
  add("tpot_ms", served.tpot_ms);
  return out;
}

}  // namespace headroom::profile
