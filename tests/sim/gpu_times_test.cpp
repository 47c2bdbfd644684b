// Which fit answers for a load, and how sure the answer is.

#include "sim/cost/gpu_times.hpp"

#include "tests/catch.hpp"
#include "tests/support.hpp"

using namespace headroom;
using headroom::test::require_value;

namespace {

/// Matrix products at `flops` times the time at full rate, known for m from 1 to 64.
FittedTime matmul_fit(ElementType type, double flops, bool measured) {
  FittedTime out;
  out.key.type = type;
  out.form.launch_us = 5.0;
  out.form.flops = flops;
  out.form.bytes = 1.0;
  out.grid = require_value(LogGrid::make({{"m", {1, 64}}, {"n", {1024}}, {"k", {1024}}}));
  out.correction = {0, 0};
  out.measured = {measured, measured};
  out.inside = {0.9, 1.1};
  out.outside = {0.5, 2.0};
  return out;
}

GpuType type_of(const char* name) { return require_value(find_gpu_type(name)); }

}  // namespace

TEST_CASE("the first fit of a key that has measured the sizes answers, else the nearest key's") {
  const GpuTimes times(
      type_of("H200"), "tables",
      {matmul_fit(ElementType::bf16, 9.0, false), matmul_fit(ElementType::bf16, 1.0, true),
       matmul_fit(ElementType::fp8, 1.0, true)});
  const KernelLoad load = matmul_load(ElementType::fp16, 8, 1024, 1024);
  const Rates rates = rates_of(times.gpu(), ElementType::bf16);
  const Estimate estimate = times.estimate(load);
  CHECK(estimate.us == Approx(form_us(times.fits()[1].form, load.work, rates)));
  CHECK(estimate.basis == Basis::interpolated);
  CHECK(estimate.high_us == Approx(1.1 * estimate.us));
  CHECK(times.source() == "measured: H200, tables");

  const KernelLoad beyond = matmul_load(ElementType::bf16, 4096, 1024, 1024);
  const Estimate of_first = times.estimate(beyond);
  CHECK(of_first.us == Approx(form_us(times.fits()[0].form, beyond.work, rates)));
  CHECK(of_first.basis == Basis::extrapolated);
  CHECK(of_first.high_us == Approx(2.0 * of_first.us));

  const GpuTimes fp8(type_of("H200"), "tables", {matmul_fit(ElementType::fp8, 1.0, true)});
  CHECK(fp8.estimate(load).basis == Basis::extrapolated);
  CHECK(fp8.has(Kernel::matmul));
  CHECK_FALSE(fp8.has(Kernel::decode));
}

TEST_CASE("fits that are moved to another type may be off by all that its rates change") {
  const GpuTimes h200(type_of("H200"), "tables", {matmul_fit(ElementType::bf16, 1.0, true)});
  const GpuTimes h100 = h200.moved_to(type_of("H100-80GB"));
  const KernelLoad load = matmul_load(ElementType::bf16, 8, 1024, 1024);
  const Estimate there = h200.estimate(load);
  const Estimate moved = h100.estimate(load);
  CHECK(moved.us > there.us);
  CHECK(moved.basis == Basis::extrapolated);
  CHECK(moved.low_us == Approx(0.5 * there.us));
  CHECK(moved.high_us == Approx(2.0 * moved.us));
  CHECK(h100.source() == "scaled from H200, tables");
}
