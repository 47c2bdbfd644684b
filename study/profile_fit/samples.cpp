#include "study/profile_fit/samples.hpp"

#include "study/profile/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

namespace headroom::profile_fit {
namespace {

struct Found {
  std::vector<Sample> samples;
  std::vector<std::string> sources;
};

using ByFit = std::map<std::pair<FitKey, std::string>, Found>;

double real(std::int64_t value) { return static_cast<double>(value); }

std::string source_of(const profile::Profile& profile) {
  const profile::Source& source = profile.source;
  std::string out = source.name.value_or(source.imported ? "imported tables" : "measured");
  if (source.license) out += ", " + *source.license;
  return profile::plain_text(out);
}

void add(ByFit& to, const std::string& implementation, const std::string& source, Sample sample) {
  Found& found = to[{sample.load.key, implementation}];
  if (std::find(found.sources.begin(), found.sources.end(), source) == found.sources.end()) {
    found.sources.push_back(source);
  }
  found.samples.push_back(std::move(sample));
}

bool taken(const profile::Point& point) {
  const bool decode = point.op == profile::Op::decode;
  return point.lengths == profile::Lengths::equal && (decode || point.causal) &&
         point.verified.value_or(true);
}

Sample sample_of(const profile::Point& point) {
  AttentionLoad load;
  load.type = point.type;
  load.kv_type = point.kv_type;
  load.q_heads = real(point.shape.q_heads);
  load.kv_heads = real(point.shape.kv_heads);
  load.head_dim = point.shape.head_dim;
  load.batch = real(point.batch);
  load.q_len = real(point.q_len);
  load.kv_len = real(point.kv_len);
  return {attention_load(load, point.op == profile::Op::decode), profile::engine_us(point),
          Shape{point.shape.q_heads, point.shape.kv_heads, point.shape.head_dim}, 0};
}

Kernel kernel_of(profile::CollectiveOp op) {
  switch (op) {
    case profile::CollectiveOp::all_reduce:
      return Kernel::all_reduce;
    case profile::CollectiveOp::all_gather:
      return Kernel::all_gather;
    case profile::CollectiveOp::reduce_scatter:
      return Kernel::reduce_scatter;
    case profile::CollectiveOp::alltoall:
      return Kernel::alltoall;
    default:
      return Kernel::send_recv;
  }
}

Sample sample_of(const profile::Collective& measured) {
  CollectiveLoad load;
  load.op = kernel_of(measured.op);
  load.type = measured.type;
  load.gpus = real(measured.gpus);
  load.topology = measured.topology;
  load.gpus_per_node = real(measured.gpus_per_node.value_or(measured.gpus));
  load.bytes = real(measured.bytes);
  return {collective_load(load), measured.median_us, Shape{measured.gpus, measured.bytes},
          measured.gpus};
}

Sample sample_of(const profile::Matmul& measured) {
  return {matmul_load(measured.type, real(measured.m), real(measured.n), real(measured.k)),
          measured.median_us, Shape{measured.n, measured.k}, 0};
}

Sample sample_of(const profile::LatentPoint& point) {
  const bool decode = point.op == profile::Op::decode;
  return {latent_load(point.type, point.kv_type, real(point.q_heads), real(point.batch),
                      real(point.length), decode),
          point.median_us, Shape{point.q_heads}, 0};
}

template <class Measured>
void add_all(ByFit& to, const std::string& source, const std::vector<Measured>& all) {
  for (const Measured& measured : all) {
    add(to, measured.implementation, source, sample_of(measured));
  }
}

void add_all(ByFit& to, const profile::Profile& profile) {
  const std::string source = source_of(profile);
  for (const profile::Point& point : profile.attention) {
    if (taken(point)) add(to, point.implementation, source, sample_of(point));
  }
  add_all(to, source, profile.collectives);
  add_all(to, source, profile.matmuls);
  add_all(to, source, profile.latent_attention);
}

}  // namespace

std::vector<SampleSet> samples_of(const profile::Profile& profile) {
  return samples_of(std::span<const profile::Profile>(&profile, 1));
}

std::vector<SampleSet> samples_of(std::span<const profile::Profile> profiles) {
  ByFit by_fit;
  for (const profile::Profile& profile : profiles) add_all(by_fit, profile);
  std::vector<SampleSet> out;
  for (auto& [fit, found] : by_fit) {
    out.push_back({fit.first, fit.second, fmt::format("{}", fmt::join(found.sources, "; ")),
                   std::move(found.samples)});
  }
  return out;
}

}  // namespace headroom::profile_fit
