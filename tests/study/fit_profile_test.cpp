// From the points of a profile to its fits, on made-up times and on published tables.

#include "study/profile/fitted_gpu.hpp"
#include "study/profile/import.hpp"
#include "study/profile/join.hpp"
#include "study/profile_fit/validate.hpp"
#include "tests/catch.hpp"
#include "tests/study/profile_samples.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <map>
#include <set>

using namespace headroom;
using namespace headroom::profile_fit;
using headroom::test::require_value;

namespace {

void nothing() {}

/// Decodes of `us` for each MiB of cache and 10 us of launch.
profile::Profile decode_profile(const std::string& implementation, double us_per_mib) {
  std::vector<profile::Point> points;
  for (const std::int64_t kv_heads : {1, 2, 4, 8}) {
    for (std::int64_t length = 64; length <= 16384; length *= 2) {
      const double mib = static_cast<double>(kv_heads * length * 128 * 4) / 1048576.0;
      profile::Point point = test::decode_point(
          implementation + std::to_string(kv_heads) + "-" + std::to_string(length),
          10.0 + us_per_mib * mib);
      point.implementation = implementation;
      point.shape = {4 * kv_heads, kv_heads, 128};
      point.batch = 1;
      point.kv_len = length;
      point.kv_tokens = length;
      points.push_back(std::move(point));
    }
  }
  profile::Profile out = test::profile_of(std::move(points));
  out.source.name = "made up";
  out.source.license = "CC0";
  return out;
}

/// Median and 90th percentile in percent, by kernel and head size.
std::map<std::pair<Kernel, std::int64_t>, std::pair<double, double>> required_bounds() {
  return {{{Kernel::decode, 64}, {2, 8}},    {{Kernel::decode, 128}, {2, 8}},
          {{Kernel::decode, 256}, {2, 8}},   {{Kernel::prefill, 64}, {6, 25}},
          {{Kernel::prefill, 128}, {4, 15}}, {{Kernel::prefill, 256}, {6, 25}},
          {{Kernel::matmul, 0}, {5, 15}},    {{Kernel::all_reduce, 0}, {8, 25}}};
}

profile::Profile imported(const std::string& gpu, const std::vector<std::string>& names,
                          bool& there) {
  profile::ImportOptions options;
  options.gpu = gpu;
  options.source_name = "aiconfigurator";
  for (const std::string& name : names) {
    const auto file = test::shared_path("silicon/" + name + ".csv.gz");
    there = there && file.has_value();
    if (!there) return {};
    options.files.push_back(*file);
  }
  return require_value(profile::import_tables(options)).profile;
}

}  // namespace

TEST_CASE("points become samples by kernel, types and implementation") {
  profile::Profile made = decode_profile("split", 0.3);
  made.attention[0].lengths = profile::Lengths::uniform;
  made.attention[1].verified = false;
  made.attention[2].kv_type = ElementType::fp8;
  made.attention[3].implementation = "other";
  made.collectives = {{profile::CollectiveOp::all_gather, "nccl", ElementType::bf16, 4, 4096, 9.5}};
  made.collectives[0].topology = Topology::nvlink_pairs;
  made.collectives[0].gpus_per_node = 2;
  made.matmuls = {{"linear", ElementType::fp8, 16, 512, 256, 4.5}};
  made.latent_attention = {
      {profile::Op::prefill, "mla", ElementType::bf16, ElementType::fp8, 32, 2, 128, 7.5}};
  const std::vector<SampleSet> sets = samples_of(made);
  REQUIRE(sets.size() == 6);
  CHECK(sets[0].implementation == "other");
  CHECK(sets[0].samples.size() == 1);
  CHECK(sets[1].samples.size() == made.attention.size() - 4);
  CHECK(sets[1].source == "made up, CC0");
  CHECK(sets[1].samples[0].shape == Shape{4, 1, 128});
  CHECK(sets[2].key.kv_type == ElementType::fp8);
  CHECK(sets[3].key.kernel == Kernel::matmul);
  CHECK(sets[3].key.type == ElementType::fp8);
  CHECK(sets[3].samples[0].load.work.flops == 2.0 * 16 * 512 * 256);
  CHECK(sets[3].samples[0].shape == Shape{512, 256});
  CHECK(sets[4].key.kernel == Kernel::latent_prefill);
  CHECK(sets[4].samples[0].us == 7.5);
  CHECK(sets[4].samples[0].shape == Shape{32});
  CHECK(sets[5].key.kernel == Kernel::all_gather);
  CHECK(sets[5].key.topology == Topology::nvlink_pairs);
  CHECK(sets[5].key.gpus_per_node == 2);
  CHECK(sets[5].samples[0].us == 9.5);
  CHECK(sets[5].samples[0].family == 4);
  CHECK(sets[5].samples[0].load.work.wire_bytes == Approx(3072.0));
}

TEST_CASE("of one key the fastest implementation comes first, and too few points are named") {
  profile::Profile both =
      require_value(profile::join({decode_profile("aaa", 0.6), decode_profile("zzz", 0.3)}));
  CHECK(both.source.name == "made up");
  both.attention.push_back(test::decode_point("one", 5.0));
  const auto sets = samples_of(both);
  const GpuType gpu = require_value(gpu_of({&both, 1}));
  const ProfileFits found = fit_sets(sets, gpu, nothing);
  REQUIRE(found.fits.size() == 2);
  CHECK(found.fits[0].implementation == "zzz");
  CHECK(found.fits[1].implementation == "aaa");
  REQUIRE(found.left_out.size() == 1);
  CHECK(found.left_out[0] == "decode, bf16, head size 128, split: 1 point; at least 20 are needed");

  both.fits = found.fits;
  const GpuTimes times = require_value(profile::gpu_times_of(both));
  CHECK(times.source() == "measured: H200, made up, CC0");
  AttentionLoad load;
  load.q_heads = 16;
  load.kv_heads = 4;
  load.kv_len = 8192;
  const Estimate estimate = times.estimate(attention_load(load, true));
  CHECK(estimate.us == Approx(10.0 + 0.3 * 16.0).epsilon(0.05));
}

TEST_CASE("a measurement stands in one profile only, of whatever kind it is") {
  const profile::Profile full = test::full_profile();
  const std::vector<void (*)(profile::Profile&, const profile::Profile&)> kinds = {
      [](auto& to, const auto& from) { to.attention = from.attention; },
      [](auto& to, const auto& from) { to.collectives = from.collectives; },
      [](auto& to, const auto& from) { to.matmuls = from.matmuls; },
      [](auto& to, const auto& from) { to.latent_attention = from.latent_attention; },
      [](auto& to, const auto& from) { to.served = from.served; }};
  for (const auto& kind : kinds) {
    profile::Profile one = test::profile_of({});
    kind(one, full);
    const auto joined = profile::join({one, test::profile_of({}), one});
    REQUIRE_FALSE(joined.has_value());
    CHECK(joined.error().message.find("stands in several profiles") != std::string::npos);
    CHECK(profile::join({one, test::profile_of({})}).has_value());
  }
}

TEST_CASE("a fit names the sources of its own points") {
  std::vector<profile::Profile> profiles = {decode_profile("a", 1.0), decode_profile("b", 1.0),
                                            decode_profile("b", 1.5)};
  profiles[1].source.name = "other";
  profiles[1].source.license = "MIT";
  profiles[2].source.name = "third";
  const std::vector<SampleSet> sets = samples_of(profiles);
  REQUIRE(sets.size() == 2);
  CHECK(sets[0].source == "made up, CC0");
  CHECK(sets[1].source == "other, MIT; third, CC0");
  CHECK(sets[1].samples.size() == 2 * sets[0].samples.size());
}

TEST_CASE("sources reach the terminal short and without control characters") {
  profile::Profile made = test::full_profile();
  made.fits[0].fitted_to = "a\x1b[2J" + std::string(500, 'x');
  const std::string source = require_value(profile::gpu_times_of(made)).source();
  CHECK(source.find('\x1b') == std::string::npos);
  CHECK(source.size() < 160);
}

TEST_CASE("a fit just above its bound is not ok") {
  for (const auto& [what, bound] : required_bounds()) {
    profile::Profile made = test::profile_of({});
    FittedTime fit;
    fit.key.kernel = what.first;
    fit.key.head_dim = what.second;
    const auto ok = [&](double median, double p90) {
      fit.errors = {100, 20, 5, median, p90, 0.0};
      made.fits = {fit};
      return require_value(validate(made, nullptr, nothing)).ok();
    };
    CHECK(ok(bound.first, bound.second));
    CHECK_FALSE(ok(bound.first + 0.001, bound.second));
    CHECK_FALSE(ok(bound.first, bound.second + 0.001));
  }
}

TEST_CASE("rows of single points are marked, and no row is wider than the table") {
  Validation made;
  made.gpu = "H200";
  KernelRow row;
  row.implementation = std::string(60, 'i');
  row.errors = {46, 46, 5, 1.0, 2.0, 0.0};
  made.kernels = {row};
  made.against = "H100";
  made.moved = {{row.key, row.implementation, row.errors, 90.0}};
  const std::string text = validation_text(made);
  CHECK(text.find(" 46* ") != std::string::npos);
  CHECK(text.find("single points were left out") != std::string::npos);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    CHECK(end - at <= 120);
    at = end + 1;
  }
  made.kernels[0].errors.shapes = 9;
  CHECK(validation_text(made).find("single points") == std::string::npos);
}

TEST_CASE("fits are of one GPU type that is known") {
  std::vector<profile::Profile> profiles = {decode_profile("a", 1.0), decode_profile("b", 1.0)};
  profiles[0].device.name = "NVIDIA H200";
  CHECK(require_value(gpu_of(profiles)).name == "H200");
  profiles[1].device.name = "H100";
  CHECK(gpu_of(profiles).error().message.find("of H200 and of H100") != std::string::npos);
  profiles[1].device.name = "Abacus";
  CHECK(gpu_of(profiles).error().message.find("'Abacus' is no GPU type") != std::string::npos);
  profiles[1].device.kind = profile::DeviceKind::cpu;
  CHECK(gpu_of(profiles).error().message.find("a CPU") != std::string::npos);
  CHECK_FALSE(profile::gpu_times_of(profiles[0]).has_value());
}

TEST_CASE("a validation is of the points, or else of what the fits state") {
  profile::Profile made = decode_profile("split", 0.3);
  const Validation fresh = require_value(validate(made, nullptr, nothing));
  CHECK(fresh.from_points);
  REQUIRE(fresh.kernels.size() == 1);
  CHECK(fresh.kernels[0].bound.has_value());
  CHECK(fresh.ok());

  made.fits = fit_sets(samples_of(made), require_value(find_gpu_type("H200")), nothing).fits;
  made.attention.clear();
  Validation stated = require_value(validate(made, nullptr, nothing));
  CHECK_FALSE(stated.from_points);
  CHECK(stated.kernels[0].errors.median_percent == fresh.kernels[0].errors.median_percent);
  stated.kernels[0].errors.p90_percent = 8.5;
  CHECK_FALSE(stated.ok());
  made.fits.clear();
  CHECK_FALSE(validate(made, nullptr, nothing).has_value());
}

TEST_CASE("fits of the published tables hold their bounds for shapes that they have not seen") {
  bool there = true;
  const profile::Profile h200 =
      imported("H200",
               {"h200_context_attention_vllm-0.24.0", "h200_generation_attention_vllm-0.24.0",
                "h200_gemm_vllm-0.24.0_subset", "h200_context_mla_trtllm-1.3.0rc20",
                "h200_generation_mla_trtllm-1.3.0rc20", "collectives_h200_h100_a100"},
               there);
  if (!there) return;
  const Validation found = require_value(validate(h200, nullptr, nothing));
  std::set<std::pair<Kernel, std::int64_t>> bound;
  const auto required = required_bounds();
  std::size_t knots = 0;
  for (const KernelRow& row : found.kernels) {
    INFO(validation_text(found));
    CHECK(row.ok());
    const auto wanted = required.find({row.key.kernel, row.key.head_dim});
    const bool wide = type_bytes(row.key.type) == 2 && type_bytes(row.key.kv_type) == 2;
    if (wide && wanted != required.end()) {
      CHECK(row.errors.median_percent <= wanted->second.first);
      CHECK(row.errors.p90_percent <= wanted->second.second);
      bound.insert(wanted->first);
    }
    knots += row.knots;
  }
  CHECK(bound.size() == required.size());
  CHECK(found.left_out.empty());
  CHECK(knots < 15'000);
}
