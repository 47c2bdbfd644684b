// Fits of times whose truth is known.

#include "study/profile_fit/fit_kernel.hpp"

#include "sim/cost/gpu_times.hpp"
#include "tests/catch.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <cmath>
#include <random>

using namespace headroom;
using namespace headroom::profile_fit;
using headroom::test::require_value;

namespace {

GpuType h200() { return require_value(find_gpu_type("H200")); }

/// What is measured: a launch of 12 us, the bytes at four fifths of the memory's rate, and a
/// correction by batches and lengths.
double true_us(const KernelLoad& load) {
  TimeForm form;
  form.launch_us = 12.0;
  form.bytes = 1.25;
  const double batch = load.sizes[2];
  const double length = load.sizes[3];
  const double correction = 0.02 * std::log2(batch) - 0.001 * std::pow(std::log2(length), 2.0);
  return form_us(form, load.work, rates_of(h200(), load.key.type)) * std::exp(correction);
}

KernelLoad decode_load(double q_heads, double kv_heads, double batch, double length) {
  AttentionLoad load;
  load.q_heads = q_heads;
  load.kv_heads = kv_heads;
  load.batch = batch;
  load.kv_len = length;
  return attention_load(load, true);
}

/// A standard normal value, the same everywhere.
double normal(std::mt19937_64& bits) {
  double sum = -6.0;
  for (int i = 0; i < 12; ++i) sum += static_cast<double>(bits() >> 11U) * 0x1p-53;
  return sum;
}

SampleSet decode_set(double noise) {
  std::mt19937_64 bits(11);
  SampleSet out;
  out.implementation = "made";
  out.source = "a test";
  for (const std::int64_t kv_heads : {1, 2, 4, 8}) {
    for (const std::int64_t group : {1, 2, 4, 8, 16}) {
      const auto kv = static_cast<double>(kv_heads);
      const double q = kv * static_cast<double>(group);
      for (double batch = 1; batch <= 256; batch *= 2) {
        for (double length = 2; length <= 32768; length *= 2) {
          Sample sample;
          sample.load = decode_load(q, kv, batch, length);
          sample.us = true_us(sample.load) * std::exp(noise * normal(bits));
          sample.shape = {kv_heads * group, kv_heads};
          out.samples.push_back(std::move(sample));
        }
      }
    }
  }
  out.key = out.samples.front().load.key;
  return out;
}

}  // namespace

TEST_CASE("form and correction of made-up times are found") {
  const FittedTime fit = require_value(fit_kernel(decode_set(0.0), h200()));
  CHECK(fit.errors.points == 20 * 9 * 15);
  CHECK(fit.errors.shapes == 20);
  CHECK(fit.errors.folds == 5);
  CHECK(fit.errors.median_percent < 0.5);
  CHECK(fit.errors.p90_percent < 1.5);
  CHECK(fit.form.launch_us == Approx(12.0).epsilon(0.2));
  CHECK(fit.form.bytes == Approx(1.25).epsilon(0.2));
  CHECK(fit.form.wire_bytes == 0.0);
  CHECK(fit.form.hop_us == 0.0);
  // Of a shape and sizes between those measured.
  const Rates rates = rates_of(h200(), ElementType::bf16);
  const KernelLoad between = decode_load(18, 3, 48, 5000);
  const Estimate estimate = fit.estimate(between, rates);
  CHECK(estimate.us == Approx(true_us(between)).epsilon(0.02));
  CHECK(estimate.basis == Basis::interpolated);
  const KernelLoad beyond = decode_load(18, 3, 48, 500'000);
  CHECK(fit.estimate(beyond, rates).basis == Basis::extrapolated);
  CHECK(fit.estimate(beyond, rates).us == Approx(true_us(beyond)).epsilon(0.25));
}

TEST_CASE("the interval holds nine of ten measurements that were not seen") {
  const FittedTime fit = require_value(fit_kernel(decode_set(0.05), h200()));
  CHECK(fit.errors.median_percent == Approx(3.4).epsilon(0.15));  // 0.67 standard deviations
  CHECK(fit.outside.low <= fit.inside.low);
  CHECK(fit.outside.high >= fit.inside.high);
  std::mt19937_64 bits(99);
  const Rates rates = rates_of(h200(), ElementType::bf16);
  int within = 0;
  constexpr int kTries = 2000;
  for (int i = 0; i < kTries; ++i) {
    const double kv = 1.0 + static_cast<double>(bits() % 8);
    const KernelLoad load = decode_load(kv * static_cast<double>(1 + bits() % 16), kv,
                                        static_cast<double>(1 + bits() % 256),
                                        static_cast<double>(2 + bits() % 32'000));
    const Estimate estimate = fit.estimate(load, rates);
    const double us = true_us(load) * std::exp(0.05 * normal(bits));
    if (estimate.low_us <= us && us <= estimate.high_us) ++within;
  }
  CHECK(within > kTries * 85 / 100);
  CHECK(within < kTries * 95 / 100);
}

TEST_CASE("corners that nothing was measured in are predicted without surprise") {
  SampleSet set = decode_set(0.0);
  std::erase_if(set.samples, [](const Sample& sample) {
    return sample.load.sizes[0] * sample.load.sizes[2] * sample.load.sizes[3] > 1e5;
  });
  const FittedTime fit = require_value(fit_kernel(set, h200()));
  const Rates rates = rates_of(h200(), ElementType::bf16);
  const KernelLoad corner = decode_load(32, 8, 256, 32'768);
  const Estimate estimate = fit.estimate(corner, rates);
  CHECK(estimate.basis == Basis::extrapolated);
  CHECK(estimate.us == Approx(true_us(corner)).epsilon(0.4));
}

TEST_CASE("of folds by shape and by group size the larger errors are reported") {
  // Between 4 GPUs all is known but one time in six, which only its own shape tells.
  SampleSet set;
  set.implementation = "made";
  std::int64_t number = 0;
  for (const std::int64_t gpus : {2, 4, 8}) {
    for (std::int64_t bytes = 1024; bytes <= 1 << 28; bytes *= 2) {
      CollectiveLoad load;
      load.gpus = static_cast<double>(gpus);
      load.gpus_per_node = load.gpus;
      load.bytes = static_cast<double>(bytes);
      Sample sample{collective_load(load), 0.0, {gpus, bytes}, gpus};
      const double odd = ++number % 6 == 0 ? 3.0 : 1.0;
      sample.us = odd * (5.0 + 0.1 * load.gpus + static_cast<double>(bytes) / 3e5);
      set.samples.push_back(std::move(sample));
    }
  }
  set.key = set.samples.front().load.key;
  const FittedTime fit = require_value(fit_kernel(set, h200()));
  SampleSet by_shape = set;
  for (Sample& sample : by_shape.samples) sample.family = 0;
  const FittedTime shapes = require_value(fit_kernel(by_shape, h200()));
  SampleSet by_group = set;
  for (Sample& sample : by_group.samples) sample.shape = {sample.family};
  const FittedTime groups = require_value(fit_kernel(by_group, h200()));
  CHECK(fit.errors.median_percent ==
        std::max(shapes.errors.median_percent, groups.errors.median_percent));
  CHECK(fit.errors.p90_percent == std::max(shapes.errors.p90_percent, groups.errors.p90_percent));
  CHECK(fit.inside.low == std::min(shapes.inside.low, groups.inside.low));
  CHECK(fit.inside.high == std::max(shapes.inside.high, groups.inside.high));
}

TEST_CASE("group sizes are left out whole, and too few points are not fitted") {
  SampleSet set;
  set.implementation = "made";
  for (const std::int64_t gpus : {2, 4, 8}) {
    for (std::int64_t bytes = 1024; bytes <= 1 << 28; bytes *= 2) {
      CollectiveLoad load;
      load.gpus = static_cast<double>(gpus);
      load.gpus_per_node = load.gpus;
      load.bytes = static_cast<double>(bytes);
      Sample sample{collective_load(load), 0.0, {gpus, bytes}, gpus};
      // Steps that only the group itself could tell.
      const double steps = gpus == 4 ? 2.0 : 1.0;
      sample.us = steps * (5.0 + static_cast<double>(bytes) / 3e5);
      set.samples.push_back(std::move(sample));
    }
  }
  set.key = set.samples.front().load.key;
  const FittedTime fit = require_value(fit_kernel(set, h200()));
  CHECK(fit.errors.folds == 3);
  CHECK(fit.errors.shapes == 3);
  CHECK(fit.errors.median_percent > 20.0);
  CHECK(fit.inside.low <= 1.0);
  CHECK(fit.inside.high >= 1.0);

  SampleSet without = set;
  std::erase_if(without.samples, [](const Sample& sample) { return sample.family == 4; });
  CHECK(require_value(fit_kernel(without, h200())).errors.folds == 5);

  set.samples.resize(kFewestSamples - 1);
  const auto few = fit_kernel(set, h200());
  REQUIRE_FALSE(few.has_value());
  CHECK(few.error().message == "19 points; at least 20 are needed");
}
