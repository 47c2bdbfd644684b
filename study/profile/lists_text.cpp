// Tables of what a profile has beside shards of attention.

#include "study/profile/show.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom::profile {
namespace {

constexpr double kGiga = 1e9;
constexpr double kTera = 1e12;

std::string heading(const Profile& profile, const char* what, std::size_t count) {
  return fmt::format("\n{} on {}: {}\n", what, device_words(profile.device), count_text(count));
}

/// A row for each of them, or for some at even distances.
template <class Item, class Row>
std::string rows_text(const std::vector<Item>& items, bool all, const char* what, Row row) {
  const std::size_t most = all ? items.size() : kTableRows;
  std::string out;
  for (const std::size_t i : spread(items.size(), most)) out += row_text(row(items[i]));
  return out + left_out(items.size(), most, fmt::format("{}: --all shows them", what));
}

std::string rate_text(double per_s, double unit) { return fmt::format("{:.4g}", per_s / unit); }

std::string collective_table(const Profile& profile, bool all) {
  if (profile.collectives.empty()) return "";
  constexpr const char* kLine = "  {:<14} {:<6} {:>5} {:>8} {:<12} {:>15} {:>11} {:>9}  {}";
  return heading(profile, "collectives", profile.collectives.size()) +
         row_text(fmt::format(kLine, "op", "type", "GPUs", "per node", "topology", "bytes", "us",
                              "GB/s", "implementation")) +
         rows_text(profile.collectives, all, "collectives", [&](const Collective& c) {
           const double bytes_per_s = static_cast<double>(c.bytes) / c.median_us * 1e6;
           return fmt::format(kLine, name_of(kCollectiveOps, c.op), name_of(kTypes, c.type), c.gpus,
                              count_or_dash(c.gpus_per_node), topology_text(c),
                              count_text(static_cast<std::size_t>(c.bytes)), us_text(c.median_us),
                              rate_text(bytes_per_s, kGiga), implementation_text(c.implementation));
         });
}

/// Of each type how many there are, and the most of each rate.
std::string matmul_summary(const Profile& profile) {
  std::string out;
  for (const Type type : {Type::bf16, Type::fp16, Type::fp8}) {
    std::size_t count = 0;
    Rates best;
    for (const Matmul& m : profile.matmuls) {
      if (m.type != type) continue;
      ++count;
      const Rates rates = rates_of(m);
      best.bytes_per_s = std::max(best.bytes_per_s, rates.bytes_per_s);
      best.flop_per_s = std::max(best.flop_per_s, rates.flop_per_s);
    }
    if (count == 0) continue;
    out += fmt::format("  {}: {}, up to {} TFLOP/s and {} GB/s\n", name_of(kTypes, type),
                       count_text(count), rate_text(best.flop_per_s, kTera),
                       rate_text(best.bytes_per_s, kGiga));
  }
  return out;
}

std::string matmul_table(const Profile& profile, bool all) {
  if (profile.matmuls.empty()) return "";
  constexpr const char* kLine = "  {:<6} {:>8} {:>8} {:>8} {:>11} {:>9} {:>9}  {}";
  return heading(profile, "matrix products", profile.matmuls.size()) + matmul_summary(profile) +
         row_text(
             fmt::format(kLine, "type", "m", "n", "k", "us", "TFLOP/s", "GB/s", "implementation")) +
         rows_text(profile.matmuls, all, "matrix products", [&](const Matmul& m) {
           const Rates rates = rates_of(m);
           return fmt::format(kLine, name_of(kTypes, m.type), m.m, m.n, m.k, us_text(m.median_us),
                              rate_text(rates.flop_per_s, kTera),
                              rate_text(rates.bytes_per_s, kGiga),
                              implementation_text(m.implementation));
         });
}

std::string latent_table(const Profile& profile, bool all) {
  if (profile.latent_attention.empty()) return "";
  constexpr const char* kLine = "  {:<8} {:<9} {:>7} {:>8} {:>8} {:>11} {:>11}  {}";
  return heading(profile, "latent attention", profile.latent_attention.size()) +
         row_text(fmt::format(kLine, "op", "types", "heads", "batch", "length", "us", "cache, GB/s",
                              "implementation")) +
         rows_text(profile.latent_attention, all, "points", [&](const LatentPoint& p) {
           const auto rate = cache_bytes_per_s(p);
           return fmt::format(kLine, name_of(kOps, p.op), types_text(p.type, p.kv_type), p.q_heads,
                              p.batch, p.length, us_text(p.median_us),
                              rate ? rate_text(*rate, kGiga) : "-",
                              implementation_text(p.implementation));
         });
}

std::string ms_text(const Number& ms) { return ms ? fmt::format("{:.2f}", *ms) : "-"; }

std::string served_table(const Profile& profile, bool all) {
  if (profile.served.empty()) return "";
  constexpr const char* kLine = "  {:<40} {:<24} {:<9} {:>7} {:>7} {:>8} {:<12} {:>11} {:>9}";
  return heading(profile, "deployments", profile.served.size()) +
         row_text(fmt::format(kLine, "model", "engine", "precision", "input", "output", "requests",
                              "tp/pp/dp/ep", "TTFT, ms", "TPOT, ms")) +
         rows_text(profile.served, all, "deployments", [&](const Served& s) {
           const std::string engine =
               s.engine_version ? s.engine + " " + *s.engine_version : s.engine;
           return fmt::format(kLine, plain_text(s.model, 40), plain_text(engine, 24),
                              plain_text(s.precision.value_or("-"), 9), s.input_tokens,
                              s.output_tokens, s.concurrency,
                              fmt::format("{}/{}/{}/{}", s.tp, s.pp, s.dp, s.ep),
                              ms_text(s.ttft_ms), ms_text(s.tpot_ms));
         });
}

}  // namespace

std::string lists_text(const Profile& profile, const ShowOptions& options) {
  if (options.shape) return "";
  return collective_table(profile, options.all) + matmul_table(profile, options.all) +
         latent_table(profile, options.all) + served_table(profile, options.all);
}

}  // namespace headroom::profile
