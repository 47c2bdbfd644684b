// The alpha-beta model worked by hand, and against measured all-reduces.

#include "sim/links/collective.hpp"

#include "tests/support.hpp"
#include "traces/csv.hpp"

#include <algorithm>
#include <array>
#include <map>

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr std::int64_t kGB = 1'000'000'000;

const Link kNvSwitchA100{300 * kGB, Transport::nvlink};
const Link kPcie4{32 * kGB, Transport::pcie};
const Link kHundredGbit{12'500'000'000, Transport::network};

/// Median seconds by bytes of all-reduces above 10 MB.
using Times = std::map<std::int64_t, double>;

Times measured(const std::filesystem::path& file, const std::string& network, int workers,
               int per_node) {
  static const std::array<std::string, 6> columns{"network",          "op",    "num_workers",
                                                  "devices_per_node", "bytes", "median_ms"};
  auto rows = require_value(CsvReader::open(file, "measured all-reduces", columns));
  Times out;
  while (require_value(rows.next())) {
    if (rows.field(rows.column("network")) != network) continue;
    if (rows.field(rows.column("op")) != "all_reduce") continue;
    const auto integer = [&](const char* name) {
      return require_value(rows.integer(rows.column(name), {0, 1'000'000'000}));
    };
    if (integer("num_workers") != workers || integer("devices_per_node") != per_node) continue;
    if (integer("bytes") <= 10'000'000) continue;
    out[integer("bytes")] =
        1e-3 * to_seconds(require_value(rows.seconds(rows.column("median_ms"))));
  }
  return out;
}

struct Ratios {
  double least = 1e9;
  double most = 0.0;
  std::size_t sizes = 0;

  void add(double ratio) {
    least = std::min(least, ratio);
    most = std::max(most, ratio);
    ++sizes;
  }
};

}  // namespace

TEST_CASE("an all-reduce is steps of alpha and a ring over the worst link", "[links]") {
  // Four GPUs, 64 MB, 300 GB/s of which a collective gets 0.65: 6 x 12 us + 1.5 x 64 MB / 195 GB/s.
  CHECK(all_reduce_seconds(kNvSwitchA100, 4, 64e6) == Approx(72e-6 + 96e6 / 195e9));
  // Two GPUs over PCIe: 2 x 12 us + 1 x 1 MB / 24 GB/s.
  CHECK(all_reduce_seconds(kPcie4, 2, 1e6) == Approx(24e-6 + 1e6 / 24e9));
  // Sixteen over 100 Gbit/s: 30 x 20 us + 15/8 x 8 MB / 6.25 GB/s.
  CHECK(all_reduce_seconds(kHundredGbit, 16, 8e6) == Approx(600e-6 + 15e6 / 6.25e9));
  CHECK(all_reduce_seconds(kPcie4, 1, 64e6) == 0.0);
  CHECK(transfer_seconds(kHundredGbit, 1e6) == Approx(20e-6 + 1e6 / 6.25e9));
}

TEST_CASE("below 8 MiB over NVLink an engine's own kernels take the place of the ring", "[links]") {
  // 195 GB/s as above. Few bytes: one shot, 5 us + 3 x S / B; more: two, 10 us + 1.5 x S / B.
  CHECK(all_reduce_seconds(kNvSwitchA100, 4, 65536) == Approx(5e-6 + 3 * 65536 / 195e9));
  CHECK(all_reduce_seconds(kNvSwitchA100, 4, 8e6) == Approx(10e-6 + 12e6 / 195e9));
  const double limit = 8 * 1024 * 1024;
  CHECK(all_reduce_seconds(kNvSwitchA100, 4, limit) == Approx(72e-6 + 1.5 * limit / 195e9));
  // PCIe: 6 x 12 us and 24 GB/s, whatever the size.
  CHECK(all_reduce_seconds(kPcie4, 4, 65536) == Approx(72e-6 + 1.5 * 65536 / 24e9));
}

TEST_CASE("an all-gather is half an all-reduce", "[links]") {
  CHECK(all_gather_seconds(kNvSwitchA100, 8, 1e6) == Approx(5e-6 + 0.875e6 / 195e9));
  CHECK(all_gather_seconds(kNvSwitchA100, 8, 64e6) == Approx(84e-6 + 56e6 / 195e9));
  CHECK(all_gather_seconds(kHundredGbit, 16, 8e6) == Approx(300e-6 + 7.5e6 / 6.25e9));
  CHECK(all_gather_seconds(kPcie4, 1, 64e6) == 0.0);
}

TEST_CASE("more bytes, more GPUs and worse links never make an all-reduce faster", "[links]") {
  for (const int n : {2, 3, 4, 8, 64}) {
    for (const double bytes : {1.0, 1e3, 1e6, 1e9}) {
      const double here = all_reduce_seconds(kNvSwitchA100, n, bytes);
      CHECK(here < all_reduce_seconds(kNvSwitchA100, n + 1, bytes));
      CHECK(here < all_reduce_seconds(kNvSwitchA100, n, 2 * bytes));
      CHECK(here < all_reduce_seconds(kPcie4, n, bytes));
      CHECK(all_reduce_seconds(kPcie4, n, bytes) < all_reduce_seconds(kHundredGbit, n, bytes));
    }
  }
}

TEST_CASE("four A100: pairs and two nodes cost, over NVSwitch, what was measured", "[links]") {
  const auto file = shared_path("silicon/vidur_network_median.csv.gz");
  if (!file) return;
  const Times one_switch = measured(*file, "a100_dgx", 4, 4);
  const Times pairs = measured(*file, "a100_pairwise_nvlink", 4, 4);
  const Times two_nodes = measured(*file, "a100_dgx", 4, 2);
  REQUIRE(one_switch.size() > 400);
  const auto compare = [&](const Times& other, const Link& link) {
    Ratios seen;
    Ratios modelled;
    for (const auto& [bytes, seconds] : one_switch) {
      const auto found = other.find(bytes);
      if (found == other.end()) continue;
      seen.add(found->second / seconds);
      const auto size = static_cast<double>(bytes);
      modelled.add(all_reduce_seconds(link, 4, size) / all_reduce_seconds(kNvSwitchA100, 4, size));
    }
    REQUIRE(seen.sizes > 300);
    INFO("measured " << seen.least << " to " << seen.most << ", modelled " << modelled.least
                     << " to " << modelled.most);
    CHECK(modelled.least >= seen.least);
    CHECK(modelled.most <= seen.most);
    return seen;
  };
  const Ratios over_pairs = compare(pairs, kPcie4);
  CHECK(over_pairs.least > 4.0);
  CHECK(over_pairs.most < 7.5);
  const Ratios over_nodes = compare(two_nodes, kHundredGbit);
  CHECK(over_nodes.least > 9.0);
  CHECK(over_nodes.most < 29.5);
}

TEST_CASE("modelled times of A100 in one node lie near the measured ones", "[links]") {
  const auto file = shared_path("silicon/vidur_network_median.csv.gz");
  if (!file) return;
  const auto check = [&](const char* network, int gpus, const Link& link, double least,
                         double most) {
    Ratios ratios;
    for (const auto& [bytes, seconds] : measured(*file, network, gpus, gpus)) {
      ratios.add(all_reduce_seconds(link, gpus, static_cast<double>(bytes)) / seconds);
    }
    INFO(network << ", " << gpus << " GPUs: " << ratios.least << " to " << ratios.most);
    CHECK(ratios.sizes > 300);
    CHECK(ratios.least > least);
    CHECK(ratios.most < most);
  };
  check("a100_dgx", 2, kNvSwitchA100, 0.6, 0.9);
  check("a100_dgx", 4, kNvSwitchA100, 0.85, 1.15);
  check("a100_dgx", 8, kNvSwitchA100, 1.0, 1.55);
  check("a100_pairwise_nvlink", 2, kNvSwitchA100, 0.85, 1.05);
  check("a100_pairwise_nvlink", 4, kPcie4, 0.85, 1.1);
}

TEST_CASE("modelled times of engines' own all-reduces lie near the measured ones", "[links]") {
  const auto file = shared_path("silicon/collectives_h200_h100_a100.csv.gz");
  if (!file) return;
  static const std::array<std::string, 9> columns{
      "gpu", "source", "impl", "op", "dtype", "num_gpus", "elements", "bytes", "latency_ms"};
  auto rows = require_value(CsvReader::open(*file, "measured collectives", columns));
  Ratios ratios;
  while (require_value(rows.next())) {
    if (rows.field(rows.column("impl")) != "vllm_graph") continue;
    if (rows.field(rows.column("op")) != "all_reduce") continue;
    const auto integer = [&](const char* name) {
      return require_value(rows.integer(rows.column(name), {0, 2'000'000'000}));
    };
    const auto bytes = static_cast<double>(integer("bytes"));
    if (bytes >= kDirectBytes) continue;
    const bool a100 = rows.field(rows.column("gpu")) == "a100";
    const Link link{(a100 ? 300 : 450) * kGB, Transport::nvlink};
    const double seconds =
        1e-3 * to_seconds(require_value(rows.seconds(rows.column("latency_ms"))));
    ratios.add(all_reduce_seconds(link, static_cast<int>(integer("num_gpus")), bytes) / seconds);
  }
  INFO(ratios.least << " to " << ratios.most);
  CHECK(ratios.sizes > 80);
  CHECK(ratios.least > 0.85);
  CHECK(ratios.most < 1.3);
}
