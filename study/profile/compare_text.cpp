// Comparisons of profiles as text and as JSON.

#include "study/profile/compare.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace headroom::profile {
namespace {

using Json = nlohmann::ordered_json;

std::string variant(const Point& p) {
  return fmt::format("{}{}", implementation_text(p.implementation),
                     p.page && *p.page > 0 ? fmt::format(" page {}", *p.page) : "");
}

/// "x", or "x -> y" where they differ.
std::string change(const std::string& a, const std::string& b) {
  return a == b ? a : a + " -> " + b;
}

std::string summary_table(const std::vector<RatioSummary>& rows) {
  std::string out = fmt::format("  {:<23} {:>7} {:>9} {:>7} {:>7} {:>7}\n", "times B / A", "points",
                                "geo mean", "p25", "median", "p75");
  for (const RatioSummary& row : rows) {
    out += fmt::format("  {:<23} {:>7} {:>9.3f} {:>7.3f} {:>7.3f} {:>7.3f}\n", row.what,
                       count_text(row.pairs), row.geometric_mean, row.p25, row.median, row.p75);
  }
  return out;
}

std::string only_line(std::size_t a, std::size_t b) {
  if (a == 0 && b == 0) return "";
  return fmt::format("  only in A: {}; only in B: {}\n", count_text(a), count_text(b));
}

constexpr const char* kLessDifferent = "that differ less: --top shows more, --json all";

std::string attention_pairs(const Comparison& c, std::size_t most) {
  constexpr const char* kLine =
      "  {:<15} {:<11} {:<9} {:>5} {:>8} {:>8} {:<9} {:>5} {:>10} {:>10} {:>7}  {}\n";
  std::string out = fmt::format(kLine, "op", "q/kv/dim", "types", "batch", "queries", "keys",
                                "lengths", "", "A, us", "B, us", "B / A", "implementation");
  const std::size_t shown = std::min(most, c.pairs.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const Pair& pair = c.pairs[i];
    const Point& p = *pair.a;
    const auto time = [&](const Point& of) {
      return us_text(pair.hot ? of.hot->median_us : of.cold->median_us);
    };
    out += fmt::format(kLine, name_of(kOps, p.op), p.shape.text(), types_text(p), p.batch, p.q_len,
                       p.kv_len, name_of(kLengths, p.lengths), pair.hot ? "hot" : "cold",
                       time(*pair.a), time(*pair.b), fmt::format("{:.3f}", pair.ratio),
                       change(variant(*pair.a), variant(*pair.b)));
  }
  return out + left_out(c.pairs.size(), shown, kLessDifferent);
}

std::string collective_pairs(const Comparison& c, std::size_t most) {
  constexpr const char* kLine = "  {:<15} {:<7} {:>5} {:>15} {:>11} {:>11} {:>7}  {}\n";
  std::string out = fmt::format(kLine, "op", "type", "GPUs", "bytes", "A, us", "B, us", "B / A",
                                "implementation");
  const std::size_t shown = std::min(most, c.collectives.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const CollectivePair& pair = c.collectives[i];
    out += fmt::format(kLine, name_of(kCollectiveOps, pair.a->op), name_of(kTypes, pair.a->type),
                       pair.a->gpus, count_text(static_cast<std::size_t>(pair.a->bytes)),
                       us_text(pair.a->median_us), us_text(pair.b->median_us),
                       fmt::format("{:.3f}", pair.ratio),
                       change(implementation_text(pair.a->implementation),
                              implementation_text(pair.b->implementation)));
  }
  return out + left_out(c.collectives.size(), shown, kLessDifferent);
}

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
  return {{"op", name_of(kOps, p.op)},
          {"type", name_of(kTypes, p.type)},
          {"kv_type", name_of(kTypes, p.kv_type)},
          {"q_heads", p.shape.q_heads},
          {"kv_heads", p.shape.kv_heads},
          {"head_dim", p.shape.head_dim},
          {"batch", p.batch},
          {"q_len", p.q_len},
          {"kv_len", p.kv_len},
          {"kv_tokens", p.kv_tokens},
          {"lengths", name_of(kLengths, p.lengths)},
          {"causal", p.causal},
          {"times", pair.hot ? "hot" : "cold"},
          {"a_us", time(*pair.a)},
          {"b_us", time(*pair.b)},
          {"ratio", pair.ratio},
          {"a_implementation", pair.a->implementation},
          {"b_implementation", pair.b->implementation},
          {"a_page", page_json(*pair.a)},
          {"b_page", page_json(*pair.b)}};
}

Json collective_json(const CollectivePair& pair) {
  return {{"op", name_of(kCollectiveOps, pair.a->op)},
          {"type", name_of(kTypes, pair.a->type)},
          {"gpus", pair.a->gpus},
          {"bytes", pair.a->bytes},
          {"a_us", pair.a->median_us},
          {"b_us", pair.b->median_us},
          {"ratio", pair.ratio},
          {"a_implementation", pair.a->implementation},
          {"b_implementation", pair.b->implementation}};
}

}  // namespace

std::string compare_text(const Comparison& c, std::size_t most) {
  std::string out = fmt::format("A  {}{}\nB  {}{}\n", device_words(c.a->device),
                                c.a->complete ? "" : ", incomplete", device_words(c.b->device),
                                c.b->complete ? "" : ", incomplete");
  const std::string kind = kind_words(c.a->device);
  if (!c.a->attention.empty() || !c.b->attention.empty()) {
    out += fmt::format("\nAttention, {}\n", kind);
    out += c.pairs.empty() ? "  no point is in both\n" : summary_table(c.attention_summary);
    out += only_line(c.only_a, c.only_b);
    if (c.incomparable > 0) {
      out += fmt::format("  one hot alone, the other cold alone: {}\n", c.incomparable);
    }
  }
  if (!c.pairs.empty() && most > 0) {
    out +=
        fmt::format("\nAttention, {}: the largest differences\n", kind) + attention_pairs(c, most);
  }
  if (!c.a->collectives.empty() || !c.b->collectives.empty()) {
    out += fmt::format("\nCollectives, {}\n", kind);
    out += c.collectives.empty() ? "  none is in both\n" : summary_table(c.collective_summary);
    out += only_line(c.collectives_only_a, c.collectives_only_b);
  }
  if (!c.collectives.empty() && most > 0) {
    out += fmt::format("\nCollectives, {}: the largest differences\n", kind) +
           collective_pairs(c, most);
  }
  return out;
}

std::string compare_json(const Comparison& c) {
  Json pairs = Json::array();
  for (const Pair& pair : c.pairs) pairs.push_back(pair_json(pair));
  Json collectives = Json::array();
  for (const CollectivePair& pair : c.collectives) collectives.push_back(collective_json(pair));
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
                    {"collectives",
                     {{"summary", summaries_json(c.collective_summary)},
                      {"only_a", c.collectives_only_a},
                      {"only_b", c.collectives_only_b},
                      {"pairs", std::move(collectives)}}}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom::profile
