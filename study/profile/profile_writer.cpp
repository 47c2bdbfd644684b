#include "study/profile/fits_io.hpp"
#include "study/profile/point_json.hpp"
#include "study/profile/profile.hpp"
#include "study/profile/shape_use.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace headroom::profile {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

/// What `write` makes of the value, or null.
template <class Value, class Write>
Json or_null(const std::optional<Value>& value, Write write) {
  return value ? Json(write(*value)) : Json(nullptr);
}

template <class Value, class Write>
Json list_of(const std::vector<Value>& values, Write write) {
  Json out = Json::array();
  for (const Value& value : values) out.push_back(write(value));
  return out;
}

Json source_json(const Source& s) {
  return {{"kind", kSourceKinds[s.imported ? 1 : 0]},
          {"name", or_null(s.name)},
          {"license", or_null(s.license)},
          {"location", or_null(s.location)},
          {"note", or_null(s.note)}};
}

Json tool_json(const Tool& t) {
  return {{"version", or_null(t.version)},
          {"revision", or_null(t.revision)},
          {"build", or_null(t.build)},
          {"compiler", or_null(t.compiler)},
          {"cuda_compiler", or_null(t.cuda_compiler)},
          {"cuda_architectures", or_null(t.cuda_architectures)}};
}

Json device_json(const Device& d) {
  return {{"kind", name_of(kDeviceKinds, d.kind)},
          {"name", d.name},
          {"compute_capability", or_null(d.compute_capability)},
          {"multiprocessors", or_null(d.multiprocessors)},
          {"threads", or_null(d.threads)},
          {"features", or_null(d.features)},
          {"cache_bytes", or_null(d.cache_bytes)},
          {"memory_bytes", or_null(d.memory_bytes)},
          {"memory_bus_bits", or_null(d.memory_bus_bits)},
          {"driver", or_null(d.driver)},
          {"cuda_runtime", or_null(d.cuda_runtime)},
          {"clock_max_mhz", or_null(d.clock_max_mhz)},
          {"memory_clock_mhz", or_null(d.memory_clock_mhz)},
          {"power_limit_w", or_null(d.power_limit_w)},
          {"ecc", or_null(d.ecc)},
          {"mig", or_null(d.mig)}};
}

Json libraries_json(const Libraries& l) {
  return {{"nvml", or_null(l.nvml)},
          {"cupti", or_null(l.cupti)},
          {"cudnn", or_null(l.cudnn)},
          {"nccl", or_null(l.nccl)}};
}

Json ceilings_json(const Ceilings& c) {
  return {{"read_bytes_per_s", or_null(c.read_bytes_per_s)},
          {"copy_bytes_per_s", or_null(c.copy_bytes_per_s)},
          {"matmul_flop_per_s", or_null(c.matmul_flop_per_s)},
          {"exp_per_s", or_null(c.exp_per_s)},
          {"launch_us", or_null(c.launch_us)}};
}

Json cold_json(const Statistics& s) {
  return {{"n", or_null(s.n)},
          {"median_us", s.median_us},
          {"median_ci95_us", or_null(s.median_ci95_us)},
          {"mean_us", or_null(s.mean_us)},
          {"stdev_us", or_null(s.stdev_us)},
          {"min_us", or_null(s.min_us)},
          {"p05_us", or_null(s.p05_us)},
          {"p25_us", or_null(s.p25_us)},
          {"p75_us", or_null(s.p75_us)},
          {"p95_us", or_null(s.p95_us)}};
}

Json hot_json(const Statistics& s) {
  Json out = cold_json(s);
  out["launches"] = or_null(s.launches);
  return out;
}

Json kernel_json(const Kernel& k) {
  return {{"name", k.name},
          {"us", or_null(k.us)},
          {"registers", or_null(k.registers)},
          {"shared_bytes", or_null(k.shared_bytes)},
          {"grid", or_null(k.grid)}};
}

Json state_json(const State& s) {
  return {{"clock_mhz", or_null(s.clock_mhz)},
          {"power_w", or_null(s.power_w)},
          {"temperature_c", or_null(s.temperature_c)},
          {"throttle", or_null(s.throttle)}};
}

Json counters_json(const Counters& c) {
  if (c.unavailable) {
    Json why;
    why["unavailable"] = *c.unavailable;
    return why;
  }
  return {{"dram_read_bytes", or_null(c.dram_read_bytes)},
          {"dram_write_bytes", or_null(c.dram_write_bytes)},
          {"tensor_active_percent", or_null(c.tensor_active_percent)}};
}

Json point_json(const Point& p) {
  Json out = {{"id", p.id},
              {"op", name_of(kOps, p.op)},
              {"implementation", p.implementation},
              {"verified", or_null(p.verified)}};
  add_load(out, p);
  out["page"] = or_null(p.page);
  out["from"] = uses_json(p.from);
  out["flops"] = p.flops;
  out["bytes"] = p.bytes;
  out["scores"] = p.scores;
  out["cold"] = or_null(p.cold, cold_json);
  out["hot"] = or_null(p.hot, hot_json);
  out["kernels"] =
      or_null(p.kernels, [](const auto& kernels) { return list_of(kernels, kernel_json); });
  out["state"] = or_null(p.state, state_json);
  out["counters"] = or_null(p.counters, counters_json);
  out["check"] = or_null(p.check, [](const Check& c) {
    return Json{{"relative_error", c.relative_error}, {"rows", or_null(c.rows)}};
  });
  out["flags"] = p.flags;
  return out;
}

Json collective_json(const Collective& c) {
  return {{"op", name_of(kCollectiveOps, c.op)},
          {"implementation", c.implementation},
          {"type", name_of(kTypes, c.type)},
          {"gpus", c.gpus},
          {"bytes", c.bytes},
          {"median_us", c.median_us},
          {"topology", or_null(c.topology, [](Topology t) { return name_of(kTopologies, t); })},
          {"gpus_per_node", or_null(c.gpus_per_node)}};
}

Json matmul_json(const Matmul& m) {
  return {{"implementation", m.implementation},
          {"type", name_of(kTypes, m.type)},
          {"m", m.m},
          {"n", m.n},
          {"k", m.k},
          {"median_us", m.median_us}};
}

Json latent_json(const LatentPoint& p) {
  return {{"op", name_of(kOps, p.op)},
          {"implementation", p.implementation},
          {"type", name_of(kTypes, p.type)},
          {"kv_type", name_of(kTypes, p.kv_type)},
          {"q_heads", p.q_heads},
          {"batch", p.batch},
          {"length", p.length},
          {"median_us", p.median_us}};
}

Json skipped_json(const Skipped& s) { return {{"id", s.id}, {"reason", s.reason}}; }

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// ",\n  "KEY": [" and a line for each.
template <class Value, class Write>
std::string lines_of(const char* key, const std::vector<Value>& values, Write write) {
  std::string out = fmt::format(",\n  \"{}\": [", key);
  for (std::size_t i = 0; i < values.size(); ++i) {
    out += (i == 0 ? "\n    " : ",\n    ") + text_of(write(values[i]));
  }
  return out + (values.empty() ? "]" : "\n  ]");
}

}  // namespace

std::string profile_json(const Profile& profile) {
  const Json head = {{"schema", kSchema},
                     {"version", kVersion},
                     {"source", source_json(profile.source)},
                     {"created", or_null(profile.created)},
                     {"complete", profile.complete},
                     {"tool", tool_json(profile.tool)},
                     {"device", device_json(profile.device)},
                     {"libraries", libraries_json(profile.libraries)},
                     {"ceilings", ceilings_json(profile.ceilings)}};
  std::string out;
  for (const auto& [key, value] : head.items()) {
    out += fmt::format("{}  \"{}\": {}", out.empty() ? "{\n" : ",\n", key, text_of(value));
  }
  out += lines_of("attention", profile.attention, point_json);
  out += lines_of("collectives", profile.collectives, collective_json);
  out += lines_of("matmuls", profile.matmuls, matmul_json);
  out += lines_of("latent_attention", profile.latent_attention, latent_json);
  out += lines_of("served", profile.served, served_json);
  out += lines_of("skipped", profile.skipped, skipped_json);
  const std::string fits = fits_text(profile.fits);
  out += fmt::format(",\n  \"fits\": [{}{}", fits, fits.empty() ? "]" : "\n  ]");
  return out + "\n}\n";
}

}  // namespace headroom::profile
