// The figures of `headroom profile show` for other programs.

#include "study/profile/fits_io.hpp"
#include "study/profile/point_json.hpp"
#include "study/profile/show.hpp"
#include "study/profile/words.hpp"

#include <nlohmann/json.hpp>

namespace headroom::profile {
namespace {

using Json = nlohmann::ordered_json;

Json share(double value, const Number& ceiling) {
  return ceiling && *ceiling > 0.0 ? Json(value / *ceiling) : Json(nullptr);
}

Json median(const std::optional<Statistics>& times) {
  return times ? Json(times->median_us) : Json(nullptr);
}

Json point_json(const Profile& profile, const Point& p) {
  const Rates rates = rates_of(p);
  return {{"id", p.id},
          {"op", name_of(kOps, p.op)},
          {"cold_us", median(p.cold)},
          {"hot_us", median(p.hot)},
          {"bytes_per_s", rates.bytes_per_s},
          {"of_read", share(rates.bytes_per_s, profile.ceilings.read_bytes_per_s)},
          {"flop_per_s", rates.flop_per_s},
          {"of_matmul", share(rates.flop_per_s, profile.ceilings.matmul_flop_per_s)},
          {"flags", p.flags}};
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json collective_json(const Collective& c) {
  return {{"op", name_of(kCollectiveOps, c.op)},
          {"implementation", c.implementation},
          {"type", name_of(kTypes, c.type)},
          {"gpus", c.gpus},
          {"bytes", c.bytes},
          {"us", c.median_us},
          {"topology", c.topology ? Json(name_of(kTopologies, *c.topology)) : Json(nullptr)},
          {"gpus_per_node", or_null(c.gpus_per_node)},
          {"bytes_per_s", static_cast<double>(c.bytes) / c.median_us * 1e6}};
}

Json matmul_json(const Matmul& m) {
  const Rates rates = rates_of(m);
  return {{"implementation", m.implementation},
          {"type", name_of(kTypes, m.type)},
          {"m", m.m},
          {"n", m.n},
          {"k", m.k},
          {"us", m.median_us},
          {"bytes_per_s", rates.bytes_per_s},
          {"flop_per_s", rates.flop_per_s}};
}

Json latent_json(const LatentPoint& p) {
  return {{"op", name_of(kOps, p.op)},
          {"implementation", p.implementation},
          {"type", name_of(kTypes, p.type)},
          {"kv_type", name_of(kTypes, p.kv_type)},
          {"q_heads", p.q_heads},
          {"batch", p.batch},
          {"length", p.length},
          {"us", p.median_us},
          {"cache_bytes_per_s", or_null(cache_bytes_per_s(p))}};
}

/// What `write` makes of each; nothing where one shape of attention is asked for.
template <class Value, class Write>
Json list_json(const std::vector<Value>& values, const ShowOptions& options, Write write) {
  Json out = Json::array();
  if (options.shape) return out;
  for (const Value& value : values) out.push_back(write(value));
  return out;
}

Json row_json(const Scaling& scaling, const ScalingRow& row) {
  const Point& p = *row.point;
  Json cells = Json::array();
  for (std::size_t i = 0; i < scaling.sizes.size(); ++i) {
    if (!row.cells[i]) continue;
    const ScalingCell& cell = *row.cells[i];
    cells.push_back(
        {{"tensor_parallel", scaling.sizes[i].tp},
         {"us", cell.us},
         {"tokens_per_s_per_gpu", cell.tokens_per_s ? Json(*cell.tokens_per_s) : Json(nullptr)},
         {"efficiency", cell.efficiency},
         {"verified", cell.point->verified ? Json(*cell.point->verified) : Json(nullptr)},
         {"flags", cell.point->flags}});
  }
  return {{"op", name_of(kOps, p.op)},
          {"type", name_of(kTypes, p.type)},
          {"kv_type", name_of(kTypes, p.kv_type)},
          {"implementation", p.implementation},
          {"page", p.page ? Json(*p.page) : Json(nullptr)},
          {"lengths", name_of(kLengths, p.lengths)},
          {"batch", p.batch},
          {"q_len", p.q_len},
          {"kv_len", p.kv_len},
          {"kv_tokens", p.kv_tokens},
          {"sizes", std::move(cells)}};
}

Json windowed_json(const WindowedLayers& windowed) {
  const bool sliding = windowed.reach == Attention::Reach::sliding;
  return {{"reach", sliding ? "sliding" : "chunked"},
          {"window", windowed.window},
          {"layers", windowed.layers}};
}

Json scaling_json(const Scaling& scaling) {
  Json sizes = Json::array();
  for (const ScalingSize& size : scaling.sizes) {
    sizes.push_back({{"tensor_parallel", size.tp},
                     {"q_heads", size.shape.q_heads},
                     {"kv_heads", size.shape.kv_heads},
                     {"head_dim", size.shape.head_dim},
                     {"kv_replication", size.kv_replication},
                     {"measured", size.measured}});
  }
  Json windowed = Json::array();
  for (const WindowedLayers& some : scaling.windowed) windowed.push_back(windowed_json(some));
  Json refused = Json::array();
  for (const auto& [size, reason] : scaling.refused) {
    refused.push_back({{"tensor_parallel", size}, {"reason", reason}});
  }
  Json rows = Json::array();
  for (const ScalingRow& row : scaling.rows) rows.push_back(row_json(scaling, row));
  return {{"model", scaling.model},       {"q_heads", scaling.heads},
          {"kv_heads", scaling.kv_heads}, {"head_dim", scaling.head_dim},
          {"layers", scaling.layers},     {"windowed", std::move(windowed)},
          {"sizes", std::move(sizes)},    {"refused", std::move(refused)},
          {"rows", std::move(rows)}};
}

Json fit_json(const FittedTime& fit) {
  Json out = key_json(fit.key);
  out["implementation"] = fit.implementation;
  out["fitted_to"] = fit.fitted_to;
  out["knots"] = fit.grid.size();
  out.update(errors_json(fit.errors));
  return out;
}

}  // namespace

std::string show_json(const Profile& profile, std::span<const Scaling> scalings,
                      const ShowOptions& options) {
  Json points = Json::array();
  for (const Point& point : profile.attention) {
    if (!options.shape || point.shape == *options.shape) {
      points.push_back(point_json(profile, point));
    }
  }
  Json fits = Json::array();
  for (const FittedTime& fit : profile.fits) fits.push_back(fit_json(fit));
  Json models = Json::array();
  for (const Scaling& scaling : scalings) models.push_back(scaling_json(scaling));
  const Json out = {{"schema", "headroom.profile_show"},
                    {"version", 1},
                    {"device", profile.device.name},
                    {"kind", name_of(kDeviceKinds, profile.device.kind)},
                    {"complete", profile.complete},
                    {"points", std::move(points)},
                    {"models", std::move(models)},
                    {"fits", std::move(fits)},
                    {"collectives", list_json(profile.collectives, options, collective_json)},
                    {"matmuls", list_json(profile.matmuls, options, matmul_json)},
                    {"latent_attention", list_json(profile.latent_attention, options, latent_json)},
                    {"served", list_json(profile.served, options, served_json)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom::profile
