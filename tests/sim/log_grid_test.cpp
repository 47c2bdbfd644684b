// Grids in logarithms, and times from fits whose corrections are known.

#include "sim/cost/log_grid.hpp"

#include "sim/cost/gpu_times.hpp"
#include "tests/fixtures.hpp"
#include "tests/sim/toy_fits.hpp"

#include <array>
#include <cmath>
#include <numeric>

using namespace headroom;
using namespace headroom::test;

namespace {

LogGrid grid_of(std::vector<LogGrid::Axis> axes) {
  return require_value(LogGrid::make(std::move(axes)));
}

double total(const LogGrid::Cell& cell) {
  return std::accumulate(cell.knots().begin(), cell.knots().end(), 0.0,
                         [](double sum, const LogGrid::Share& s) { return sum + s.weight; });
}

}  // namespace

TEST_CASE("a place between knots has shares by its logarithms") {
  const LogGrid grid = grid_of({{"m", {1, 4, 64}}, {"k", {2, 8}}});
  CHECK(grid.size() == 6);
  // 8 is a quarter of the way from 4 to 64, and 4 half of the way from 2 to 8.
  const LogGrid::Cell cell = grid.cell(std::array{8.0, 4.0});
  REQUIRE(cell.count == 4);
  CHECK_FALSE(cell.outside);
  std::array<double, 6> shares = {};
  for (const LogGrid::Share& share : cell.knots()) shares[share.knot] += share.weight;
  const std::array<double, 6> expected = {0, 0, 0.375, 0.375, 0.125, 0.125};
  for (std::size_t i = 0; i < shares.size(); ++i) {
    CHECK(shares[i] == Approx(expected[i]).margin(1e-12));
  }
}

TEST_CASE("a place on a knot has that knot alone, one outside the nearest edge") {
  const LogGrid grid = grid_of({{"m", {1, 4, 64}}, {"k", {2, 8}}});
  const LogGrid::Cell on = grid.cell(std::array{4.0, 8.0});
  REQUIRE(on.count == 1);
  CHECK(on.shares[0].knot == 3);
  CHECK_FALSE(on.outside);
  const LogGrid::Cell out = grid.cell(std::array{1000.0, 1.0});
  REQUIRE(out.count == 1);
  CHECK(out.shares[0].knot == 4);
  CHECK(out.outside);
  for (const double m : {0.5, 1.0, 3.0, 17.0, 64.0, 65.0}) {
    CHECK(total(grid.cell(std::array{m, 3.0})) == Approx(1.0));
  }
}

TEST_CASE("an axis of one knot does not matter") {
  const LogGrid grid = grid_of({{"gpus", {2}}, {"bytes", {1, 16}}});
  const LogGrid::Cell cell = grid.cell(std::array{8.0, 4.0});
  CHECK_FALSE(cell.outside);
  REQUIRE(cell.count == 2);
  CHECK(cell.shares[0].weight == Approx(0.5));
}

TEST_CASE("grids whose knots do not rise, or that are too large, are refused") {
  CHECK_FALSE(LogGrid::make({{"m", {}}}).has_value());
  CHECK_FALSE(LogGrid::make({{"m", {0, 1}}}).has_value());
  CHECK_FALSE(LogGrid::make({{"m", {2, 2}}}).has_value());
  CHECK_FALSE(LogGrid::make({{"m", {2, 1}}}).has_value());
  CHECK_FALSE(LogGrid::make({{"m", {1, HUGE_VAL}}}).has_value());
  CHECK_FALSE(LogGrid::make({{"a", {1}}, {"b", {1}}, {"c", {1}}, {"d", {1}}, {"e", {1}}}));
  std::vector<double> many(2000);
  std::iota(many.begin(), many.end(), 1.0);
  const auto large = LogGrid::make({{"m", many}, {"n", many}});
  REQUIRE_FALSE(large.has_value());
  CHECK(large.error().message == "a grid of more than 1000000 knots");
}

TEST_CASE("a fit's time is its form times the correction around the place") {
  FittedTime fit = matmul_fit({2.0, 1.5, 1.25, 0, 0, 0});
  fit.grid = grid_of({{"m", {1, 16}}, {"n", {1024}}, {"k", {1024}}});
  fit.correction = {0, 200};
  fit.measured = {true, true};
  fit.inside = {0.9, 1.2};
  fit.outside = {0.5, 2.0};
  const GpuTimes times(round_gpu(), "toy tables", {fit});
  const double bytes = 2.0 * (4 * 1024 + 1024 * 1024 + 4 * 1024);
  const double form = 2.0 + 1.5 * (2.0 * 4 * 1024 * 1024 / 100e6) + 1.25 * bytes / 1e6;
  const Estimate at = times.estimate(matmul_load(ElementType::bf16, 4, 1024, 1024));
  CHECK(at.us == Approx(form * std::exp(0.1)));
  CHECK(at.low_us == Approx(0.9 * at.us));
  CHECK(at.high_us == Approx(1.2 * at.us));
  CHECK(at.basis == Basis::interpolated);
}

TEST_CASE("a prediction says how much of its surroundings was measured") {
  FittedTime fit = matmul_fit({1, 1, 1, 0, 0, 0});
  fit.grid = grid_of({{"m", {1, 16, 256}}, {"n", {1024}}, {"k", {1024}}});
  fit.correction = {0, 0, 0};
  fit.measured = {true, false, false};
  fit.inside = {0.9, 1.1};
  fit.outside = {0.5, 2.0};
  const GpuTimes times(round_gpu(), "toy tables", {fit});
  const auto at = [&](double m) {
    return times.estimate(matmul_load(ElementType::bf16, m, 1024, 1024));
  };
  CHECK(at(1).basis == Basis::interpolated);
  CHECK(at(4).basis == Basis::fitted);
  CHECK(at(64).basis == Basis::extrapolated);
  CHECK(at(512).basis == Basis::extrapolated);
  CHECK(at(512).us > at(256).us);  // the form goes on
  CHECK(at(4).high_us == Approx(2.0 * at(4).us));
}

TEST_CASE("weights of fewer bits are read faster and multiplied as fast") {
  const GpuTimes times(round_gpu(), "toy tables", {matmul_fit({0, 0, 1, 0, 0, 0})});
  const auto bytes = [&](double each) {
    return times.estimate(matmul_load(ElementType::bf16, 1, 4096, 4096, each)).us;
  };
  CHECK(bytes(0.5) / bytes(2.0) == Approx(0.25).epsilon(0.01));
  CHECK(matmul_load(ElementType::bf16, 1, 4096, 4096, 0.5).work.flops ==
        matmul_load(ElementType::bf16, 1, 4096, 4096).work.flops);
}

TEST_CASE("what no fit is of goes to the nearest one, as an extrapolation") {
  FittedTime narrow = decode_fit(64, {1, 0, 1, 0, 0, 0});
  FittedTime wide = decode_fit(256, {3, 0, 1, 0, 0, 0});
  const GpuTimes times(round_gpu(), "toy tables", {narrow, wide});
  AttentionLoad load;
  load.head_dim = 80;
  load.kv_len = 1;
  load.q_heads = 1;
  const Estimate near_narrow = times.estimate(attention_load(load, true));
  CHECK(near_narrow.us == Approx(1.0).epsilon(0.01));
  CHECK(near_narrow.basis == Basis::extrapolated);
  load.head_dim = 192;
  CHECK(times.estimate(attention_load(load, true)).us == Approx(3.0).epsilon(0.01));
  load.head_dim = 64;
  load.type = ElementType::fp16;  // the same work as bf16
  CHECK(times.estimate(attention_load(load, true)).basis == Basis::interpolated);
}

TEST_CASE("moved to another GPU, traffic scales with its bandwidth and launches stay") {
  const GpuTimes times(round_gpu(), "toy tables", {matmul_fit({5, 0, 1, 0, 0, 0})});
  GpuType twice = round_gpu();
  twice.name = "twice";
  twice.memory_bandwidth *= 2;
  const GpuTimes moved = times.moved_to(twice);
  const KernelLoad load = matmul_load(ElementType::bf16, 1, 4096, 4096);
  CHECK(moved.estimate(load).us - 5.0 == Approx((times.estimate(load).us - 5.0) / 2));
  CHECK(times.source() == "measured: round, toy tables");
  CHECK(moved.source() == "scaled from round, toy tables");
}

TEST_CASE("of two implementations the preferred one counts, unless only the other knows the size") {
  const auto all_reduce = [](const char* name, double launch, std::vector<double> gpus) {
    FittedTime fit = toy_fit(
        {Kernel::all_reduce, ElementType::bf16, ElementType::bf16, 0, Topology::nvswitch, 0},
        {launch, 0, 0, 0, 0, 0});
    fit.implementation = name;
    fit.grid = grid_of({{"gpus", std::move(gpus)}, {"bytes", {1, 1e9}}});
    fit.correction.assign(fit.grid.size(), 0);
    fit.measured.assign(fit.grid.size(), true);
    return fit;
  };
  const GpuTimes times(round_gpu(), "toy tables",
                       {all_reduce("ring 2", 9, {2, 4, 8}), all_reduce("direct", 4, {2, 4})});
  const auto at = [&](double gpus, const char* preferred) {
    CollectiveLoad load;
    load.topology = Topology::nvswitch;
    load.gpus = load.gpus_per_node = gpus;
    load.bytes = 1024;
    return times.estimate(collective_load(load), 0.0, preferred).us;
  };
  CHECK(at(4, "direct") == Approx(4));
  CHECK(at(4, "ring") == Approx(9));
  CHECK(at(8, "direct") == Approx(9));
}

TEST_CASE("work of attention, by hand") {
  AttentionLoad load;
  load.q_heads = 8;
  load.kv_heads = 2;
  load.head_dim = 64;
  load.batch = 3;
  load.kv_len = 100;
  const KernelLoad decode = attention_load(load, true);
  CHECK(decode.work.exps == 3 * 8 * 100);
  CHECK(decode.work.flops == 4.0 * 64 * 3 * 8 * 100);
  CHECK(decode.work.bytes == 2.0 * 3 * 64 * (2 * 8 + 2 * 2 * 100));
  CHECK(std::vector(decode.at().begin(), decode.at().end()) == std::vector{2.0, 4.0, 3.0, 100.0});
  // The last 40 of 100 tokens: 40 x 60 pairs with what came before, 40 x 41 / 2 among them.
  load.q_len = 40;
  const KernelLoad chunk = attention_load(load, false);
  CHECK(chunk.work.exps == 3 * 8 * (40 * 60 + 820));
  CHECK(chunk.at()[0] == Approx(3 * 8 * 0.4));
  load.q_len = 100;
  CHECK(attention_load(load, false).work.exps == 3 * 8 * 5050);
}

TEST_CASE("work of collectives, by hand") {
  CollectiveLoad load;
  load.gpus = 4;
  load.gpus_per_node = 4;
  load.bytes = 1000;
  CHECK(collective_load(load).work.wire_bytes == 1500);
  CHECK(collective_load(load).work.hops == 3);
  CHECK(collective_load(load).key.gpus_per_node == 0);
  load.op = Kernel::all_gather;
  CHECK(collective_load(load).work.wire_bytes == 750);
  load.op = Kernel::send_recv;
  CHECK(collective_load(load).work.wire_bytes == 1000);
  load.gpus_per_node = 2;
  CHECK(collective_load(load).key.gpus_per_node == 2);
}
