#include "study/profile/compare.hpp"

#include "sim/core/quantile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

namespace headroom::profile {
namespace {

auto key_of(const Point& p) {
  // One query sees all keys: a mask changes nothing.
  const bool causal = p.causal || p.op == Op::decode;
  return std::tuple(p.op, p.type, p.kv_type, p.shape, p.batch, p.q_len, p.kv_len, p.kv_tokens,
                    p.lengths, causal);
}
auto key_of(const Collective& c) {
  return std::tuple(c.op, c.type, c.gpus, c.gpus_per_node, c.topology, c.bytes);
}
auto key_of(const Matmul& m) { return std::tuple(m.type, m.m, m.n, m.k); }
auto key_of(const LatentPoint& p) {
  return std::tuple(p.op, p.type, p.kv_type, p.q_heads, p.batch, p.length);
}

// What may differ between points of one shape.
auto variant_of(const Point& p) { return std::tuple(p.implementation, p.page); }
template <class Item>
auto variant_of(const Item& item) {
  return std::tuple(item.implementation);
}

double time_of(const Point& p) { return engine_us(p); }
template <class Item>
double time_of(const Item& item) {
  return item.median_us;
}

/// Fastest first, then by name.
template <class Item>
void sort_by_time(std::vector<const Item*>& items) {
  std::sort(items.begin(), items.end(), [](const Item* x, const Item* y) {
    return std::tuple(time_of(*x), variant_of(*x)) < std::tuple(time_of(*y), variant_of(*y));
  });
}

/// Equal variants with each other; where none is equal, the fastest with the fastest.
template <class Item>
std::vector<std::pair<const Item*, const Item*>> matched(std::vector<const Item*> of_a,
                                                         std::vector<const Item*> of_b) {
  std::vector<std::pair<const Item*, const Item*>> out;
  for (const Item* a : of_a) {
    const auto same = std::find_if(of_b.begin(), of_b.end(),
                                   [&](const Item* b) { return variant_of(*a) == variant_of(*b); });
    if (same == of_b.end()) continue;
    out.emplace_back(a, *same);
    of_b.erase(same);
  }
  if (!out.empty() || of_a.empty() || of_b.empty()) return out;
  sort_by_time(of_a);
  sort_by_time(of_b);
  return {{of_a.front(), of_b.front()}};
}

template <class Item>
std::vector<std::pair<const Item*, const Item*>> matches(const std::vector<Item>& a,
                                                         const std::vector<Item>& b) {
  using Sides = std::pair<std::vector<const Item*>, std::vector<const Item*>>;
  std::map<decltype(key_of(std::declval<Item>())), Sides> shapes;
  for (const Item& item : a) shapes[key_of(item)].first.push_back(&item);
  for (const Item& item : b) shapes[key_of(item)].second.push_back(&item);
  std::vector<std::pair<const Item*, const Item*>> out;
  for (auto& [key, sides] : shapes) {
    const auto found = matched(std::move(sides.first), std::move(sides.second));
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

/// Rounded once, so that nothing else decides an order.
std::int64_t difference(double ratio) {
  constexpr double kScale = 1e9;
  return std::llabs(std::llround(kScale * std::log(ratio)));
}

// They come in the order of their shapes, which stays where differences are equal.
template <class Pairs>
void largest_first(Pairs& pairs) {
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& x, const auto& y) {
    return difference(x.ratio) > difference(y.ratio);
  });
}

RatioSummary summary_of(std::string what, std::vector<double> ratios) {
  std::sort(ratios.begin(), ratios.end());
  double sum = 0.0;
  for (const double ratio : ratios) sum += std::log(ratio);
  return {std::move(what),
          ratios.size(),
          std::exp(sum / static_cast<double>(ratios.size())),
          quantile(ratios, 0.25),
          quantile(ratios, 0.5),
          quantile(ratios, 0.75)};
}

/// For each name, which begins with its rank.
template <class Pairs, class Name>
std::vector<RatioSummary> summaries_of(const Pairs& pairs, Name name) {
  std::map<std::pair<int, std::string>, std::vector<double>> ratios;
  for (const auto& pair : pairs) {
    ratios[name(pair)].push_back(pair.ratio);
  }
  std::vector<RatioSummary> out;
  out.reserve(ratios.size());
  for (auto& [key, values] : ratios) out.push_back(summary_of(key.second, std::move(values)));
  return out;
}

void compare_attention(Comparison& to) {
  const auto found = matches(to.a->attention, to.b->attention);
  for (const auto& [a, b] : found) {
    const bool hot = a->hot && b->hot;
    if (!hot && !(a->cold && b->cold)) {
      ++to.incomparable;
      continue;
    }
    const double ratio =
        hot ? b->hot->median_us / a->hot->median_us : b->cold->median_us / a->cold->median_us;
    to.pairs.push_back({a, b, hot, ratio});
  }
  to.only_a = to.a->attention.size() - found.size();
  to.only_b = to.b->attention.size() - found.size();
  largest_first(to.pairs);
  to.attention_summary = summaries_of(to.pairs, [](const Pair& pair) {
    const Op op = pair.a->op;
    return std::pair(static_cast<int>(op),
                     fmt::format("{}, {}", name_of(kOps, op), pair.hot ? "hot" : "cold"));
  });
}

/// Summaries are by the member `value`, which has those names.
template <class Item, class Names, class Value>
Compared<Item> compared(const std::vector<Item>& a, const std::vector<Item>& b, const Names& names,
                        Value Item::*value) {
  Compared<Item> out;
  const auto found = matches(a, b);
  for (const auto& [x, y] : found) out.pairs.push_back({x, y, y->median_us / x->median_us});
  out.only_a = a.size() - found.size();
  out.only_b = b.size() - found.size();
  largest_first(out.pairs);
  out.summary = summaries_of(out.pairs, [&](const auto& pair) {
    const Value of = pair.a->*value;
    return std::pair(static_cast<int>(of), name_of(names, of));
  });
  return out;
}

}  // namespace

Result<Comparison> compare(const Profile& a, const Profile& b) {
  if (a.device.kind != b.device.kind) {
    return fail(fmt::format("{} and {} are not compared: one is a GPU, the other is none",
                            device_words(a.device), device_words(b.device)),
                {}, "profiles of a CPU serve to try the harness");
  }
  Comparison out;
  out.a = &a;
  out.b = &b;
  compare_attention(out);
  out.collectives = compared(a.collectives, b.collectives, kCollectiveOps, &Collective::op);
  out.matmuls = compared(a.matmuls, b.matmuls, kTypes, &Matmul::type);
  out.latent_attention = compared(a.latent_attention, b.latent_attention, kOps, &LatentPoint::op);
  return out;
}

}  // namespace headroom::profile
