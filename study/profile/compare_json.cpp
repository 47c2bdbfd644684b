// Comparisons of profiles as JSON.

#include "study/profile/compare.hpp"
#include "study/profile/point_json.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace headroom::profile {
namespace {

using Json = nlohmann::ordered_json;

Json summaries_json(const std::vector<RatioSummary>& rows) {
  Json out = Json::array();
  for (const RatioSummary& row : rows) {
    out.push_back({{"what", row.what},
                   {"points", row.pairs},
                   {"geometric_mean", row.geometric_mean},
                   {"p25", row.p25},
                   {"median", row.median},
                   {"p75", row.p75}});
  }
  return out;
}

Json side_json(const Profile& profile) {
  return {{"device", profile.device.name},
          {"kind", name_of(kDeviceKinds, profile.device.kind)},
          {"created", profile.created ? Json(*profile.created) : Json(nullptr)},
          {"complete", profile.complete}};
}

Json page_json(const Point& p) { return p.page ? Json(*p.page) : Json(nullptr); }

Json pair_json(const Pair& pair) {
  const Point& p = *pair.a;
  const auto time = [&](const Point& of) {
    return pair.hot ? of.hot->median_us : of.cold->median_us;
  };
  Json out{{"op", name_of(kOps, p.op)}};
  add_load(out, p);
  out["times"] = pair.hot ? "hot" : "cold";
  out["a_us"] = time(*pair.a);
  out["b_us"] = time(*pair.b);
  out["ratio"] = pair.ratio;
  out["a_implementation"] = pair.a->implementation;
  out["b_implementation"] = pair.b->implementation;
  out["a_page"] = page_json(*pair.a);
  out["b_page"] = page_json(*pair.b);
  return out;
}

/// Times, ratio and implementations after what the pair is of.
template <class Pair>
Json with_times(Json out, const Pair& pair) {
  out["a_us"] = pair.a->median_us;
  out["b_us"] = pair.b->median_us;
  out["ratio"] = pair.ratio;
  out["a_implementation"] = pair.a->implementation;
  out["b_implementation"] = pair.b->implementation;
  return out;
}

Json key_json(const Collective& c) {
  return {{"op", name_of(kCollectiveOps, c.op)},
          {"type", name_of(kTypes, c.type)},
          {"gpus", c.gpus},
          {"gpus_per_node", c.gpus_per_node ? Json(*c.gpus_per_node) : Json(nullptr)},
          {"topology", c.topology ? Json(name_of(kTopologies, *c.topology)) : Json(nullptr)},
          {"bytes", c.bytes}};
}

Json key_json(const Matmul& m) {
  return {{"type", name_of(kTypes, m.type)}, {"m", m.m}, {"n", m.n}, {"k", m.k}};
}

Json key_json(const LatentPoint& p) {
  return {{"op", name_of(kOps, p.op)},
          {"type", name_of(kTypes, p.type)},
          {"kv_type", name_of(kTypes, p.kv_type)},
          {"q_heads", p.q_heads},
          {"batch", p.batch},
          {"length", p.length}};
}

template <class Item>
Json compared_json(const Compared<Item>& c) {
  Json pairs = Json::array();
  for (const auto& pair : c.pairs) pairs.push_back(with_times(key_json(*pair.a), pair));
  return {{"summary", summaries_json(c.summary)},
          {"only_a", c.only_a},
          {"only_b", c.only_b},
          {"pairs", std::move(pairs)}};
}

}  // namespace

std::string compare_json(const Comparison& c) {
  Json pairs = Json::array();
  for (const Pair& pair : c.pairs) pairs.push_back(pair_json(pair));
  const Json out = {{"schema", "headroom.profile_compare"},
                    {"version", 1},
                    {"a", side_json(*c.a)},
                    {"b", side_json(*c.b)},
                    {"attention",
                     {{"summary", summaries_json(c.attention_summary)},
                      {"only_a", c.only_a},
                      {"only_b", c.only_b},
                      {"incomparable", c.incomparable},
                      {"pairs", std::move(pairs)}}},
                    {"collectives", compared_json(c.collectives)},
                    {"matmuls", compared_json(c.matmuls)},
                    {"latent_attention", compared_json(c.latent_attention)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom::profile
