#include "study/profile/scaling.hpp"

#include "study/profile/shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace headroom::profile {
namespace {

// All that is equal in a row, in the order of rows.
auto row_key(const Point& p) {
  return std::tuple(p.op, p.type, p.kv_type, p.implementation, p.page, p.causal, p.lengths, p.batch,
                    p.q_len, p.kv_len, p.kv_tokens);
}

/// Queries of all sequences; none where a profile does not tell.
std::optional<double> queries_of(const Point& p) {
  if (p.op == Op::decode) return static_cast<double>(p.batch);
  if (p.op == Op::prefill) return static_cast<double>(p.kv_tokens);
  if (p.lengths != Lengths::equal) return std::nullopt;
  return static_cast<double>(p.batch) * static_cast<double>(p.q_len);
}

void fill_efficiency(ScalingRow& row, const std::vector<ScalingSize>& sizes) {
  std::optional<double> base;  // GPU-microseconds at the smallest size
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (!row.cells[i]) continue;
    const double gpu_us = sizes[i].tp * row.cells[i]->us;
    if (!base) base = gpu_us;
    row.cells[i]->efficiency = *base / gpu_us;
  }
}

void fill_layers(Scaling& to, const TextArch& text, const Attention& heads) {
  for (std::size_t i = 0; i < text.kinds.size(); ++i) {
    const Attention* attention = text.kinds[i].attention();
    if (attention == nullptr || !same_heads(*attention, heads)) continue;
    const std::int64_t layers = std::count(text.kind_of_layer.begin(), text.kind_of_layer.end(), i);
    to.layers += layers;
    if (attention->reach == Attention::Reach::full || layers == 0) continue;
    const auto known =
        std::find_if(to.windowed.begin(), to.windowed.end(), [&](const WindowedLayers& w) {
          return w.reach == attention->reach && w.window == attention->window;
        });
    if (known == to.windowed.end()) {
      to.windowed.push_back({attention->reach, attention->window, layers});
    } else {
      known->layers += layers;
    }
  }
}

void fill_rows(Scaling& to, const Profile& profile) {
  std::map<decltype(row_key(std::declval<Point>())), ScalingRow> rows;
  for (const Point& point : profile.attention) {
    for (std::size_t i = 0; i < to.sizes.size(); ++i) {
      if (to.sizes[i].shape != point.shape) continue;
      ScalingRow& row = rows[row_key(point)];
      row.point = &point;
      row.cells.resize(to.sizes.size());
      ScalingCell cell;
      cell.point = &point;
      cell.us = engine_us(point);
      const auto queries = queries_of(point);
      if (queries) cell.tokens_per_s = *queries * 1e6 / (to.sizes[i].tp * cell.us);
      row.cells[i] = cell;
      to.sizes[i].measured = true;
    }
  }
  for (auto& [key, row] : rows) {
    fill_efficiency(row, to.sizes);
    to.rows.push_back(std::move(row));
  }
}

}  // namespace

Result<std::vector<Scaling>> scaling_of(const Profile& profile, const Model& model,
                                        std::span<const int> sizes) {
  std::vector<Scaling> out;
  for (const Attention* attention : plain_attention(model)) {
    Scaling one;
    one.model = model.name;
    one.heads = attention->heads;
    one.kv_heads = attention->kv_heads;
    one.head_dim = attention->head_dim;
    fill_layers(one, model.text, *attention);
    for (const int size : sizes) {
      const std::string why = refusal_of(model, size);
      if (why.empty()) {
        one.sizes.push_back(
            {size, shard_of(*attention, size), kv_replication(*attention, size), false});
      } else {
        one.refused.emplace_back(size, why);
      }
    }
    fill_rows(one, profile);
    out.push_back(std::move(one));
  }
  if (out.empty()) {
    return fail(fmt::format("no layer of {} has plain attention, so it has no shards", model.name),
                {"--model"}, "headroom profile shapes --model NAME says why");
  }
  return out;
}

}  // namespace headroom::profile
