#include "tests/study/profile_samples.hpp"

#include <array>
#include <vector>

namespace headroom::test {

using namespace headroom::profile;

namespace {

Statistics full_statistics() {
  Statistics out;
  out.n = 50;
  out.median_us = 12.5;
  out.median_ci95_us = std::array<double, 2>{12.25, 12.75};
  out.mean_us = 12.625;
  out.stdev_us = 0.5;
  out.min_us = 12.0;
  out.p05_us = 12.125;
  out.p25_us = 12.25;
  out.p75_us = 12.75;
  out.p95_us = 13.5;
  return out;
}

Point full_point() {
  Point out = decode_point("full", 10.0);
  out.verified = true;
  out.page = 16;
  out.from = {{"gemma-3-27b-it", 2, 1}};
  out.hot = full_statistics();
  out.hot->launches = 100;
  out.cold = full_statistics();
  out.kernels.emplace();
  out.kernels->push_back({"split", 9.5, 168, 65'536, std::vector<int>{4, 16, 1}});
  out.state = State{1980.0, 512.5, 41.0, std::vector<std::string>{"power"}};
  out.counters = Counters{{}, 1'000'000, 2'000, 3.5};
  out.check = Check{1e-3, 64};
  out.flags = {"noisy", "drift"};
  return out;
}

FittedTime decode_fit() {
  FittedTime out;
  out.key = {headroom::Kernel::decode, ElementType::bf16, ElementType::fp8, 128, {}, 0};
  out.implementation = "split";
  out.fitted_to = "n, l";
  out.form = {12.5, 0.75, 1.25, 0.0, 0.0, 0.0};
  out.grid =
      LogGrid::make({{"kv_heads", {1, 3}}, {"group", {1, 64}}, {"batch", {1}}, {"kv_len", {2, 8}}})
          .value();
  out.correction = {0, -1, 2, 10'000, -10'000, 5, 6, 7};
  out.measured = {true, false, false, true, true, true, false, true};
  out.inside = {0.875, 1.125};
  out.outside = {0.5, 1.5};
  out.errors = {40, 8, 5, 1.25, 6.5, -0.125};
  return out;
}

FittedTime all_reduce_fit() {
  FittedTime out = decode_fit();
  out.key = {headroom::Kernel::all_reduce,
             ElementType::fp16,
             ElementType::bf16,
             0,
             Topology::nvlink_pairs,
             8};
  out.form = {0.0, 0.0, 0.0, 0.0, 1.5, 2.25};
  out.grid = LogGrid::make({{"gpus", {2, 4, 8}}, {"bytes", {1024, 2048}}}).value();
  out.correction.resize(6);
  out.measured.resize(6);
  return out;
}

}  // namespace

Point decode_point(std::string id, double hot_us) {
  Point out;
  out.id = std::move(id);
  out.implementation = "split";
  out.shape = {32, 16, 128};
  out.batch = 4;
  out.kv_len = 1024;
  out.kv_tokens = 4096;
  out.flops = 1;
  out.bytes = 1;
  out.scores = 1;
  out.hot.emplace();
  out.hot->median_us = hot_us;
  return out;
}

Profile profile_of(std::vector<Point> points) {
  Profile out;
  out.device.name = "H200";
  out.attention = std::move(points);
  return out;
}

Profile full_profile() {
  Point second = decode_point("second", 3.0);
  second.counters = Counters{"not permitted", {}, {}, {}};
  Profile out = profile_of({full_point(), second});
  out.source = {false, "n", "l", "p", "note \"quoted\""};
  out.created = "2026-11-23T16:00:00Z";
  out.complete = false;
  out.tool = {"0.1.0", "abc", "Release", "gcc 12", "nvcc 13", std::vector<std::string>{"90a"}};
  out.device = {DeviceKind::cuda, "H200", "9.0",  132,    64,    "avx2", 1 << 25, 1L << 37, 6144,
                "580.1",          "13.0", 1980.0, 3201.0, 700.0, true,   false};
  out.libraries = {"13", "13.0", "9.1", "missing: no such file"};
  out.ceilings = {4.2e12, 2.1e12, 8e14, 1e13, 1.25};
  out.collectives = {
      {CollectiveOp::all_reduce, "nccl 2.29", Type::bf16, 8, 1024, 9.5, Topology::nvlink_pairs, 4}};
  out.matmuls = {{"linear", Type::fp8, 16, 4096, 1024, 5.5}};
  out.latent_attention = {{Op::prefill, "mla", Type::bf16, Type::fp8, 16, 4, 1024, 70.5}};
  out.served = {
      {"llama tp4", "vllm", "0.24.0", "llama", "fp8", 1024, 128, 32, 4, 1, 2, 8, 90.5, 12.25}};
  out.skipped = {{"other", "head size 192"}};
  out.fits = {decode_fit(), all_reduce_fit()};
  return out;
}

}  // namespace headroom::test
