// The catalogue of GPU types.

#include "sim/hardware/gpu_type.hpp"

#include "tests/support.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace headroom;
using test::require_value;

namespace {

constexpr std::int64_t kGiga = 1'000'000'000;
constexpr std::int64_t kTera = 1'000 * kGiga;

void check_within(const GpuType& gpu, std::int64_t value, std::int64_t least, std::int64_t most) {
  INFO(gpu.name);
  CHECK(value >= least);
  CHECK(value <= most);
}

}  // namespace

TEST_CASE("the catalogue names at least 25 types, each one once") {
  const auto catalogue = gpu_catalogue();
  CHECK(catalogue.size() >= 25);
  std::set<std::string> names;
  for (const GpuType& gpu : catalogue) {
    names.insert(gpu.name);
    CHECK(require_value(find_gpu_type(gpu.name)) == gpu);  // no two names read as one
  }
  CHECK(names.size() == catalogue.size());
}

TEST_CASE("every figure of the catalogue is of a size that GPUs have") {
  for (const GpuType& gpu : gpu_catalogue()) {
    check_within(gpu, gpu.memory, 8 * kGiB, 300 * kGiB);
    check_within(gpu, gpu.memory_bandwidth, 150 * kGiga, 10'000 * kGiga);
    check_within(gpu, gpu.fp16_rate, 10 * kTera, 5'000 * kTera);
    check_within(gpu, gpu.compute_capability, 60, 129);
    check_within(gpu, gpu.pcie_bandwidth, 16 * kGiga, 128 * kGiga);
    check_within(gpu, gpu.price_milli, 100, 50'000);
    if (gpu.nvlink_bandwidth > 0) {
      check_within(gpu, gpu.nvlink_bandwidth, 150 * kGiga, 900 * kGiga);
    }
    INFO(gpu.name);
    CHECK(gpu.source.find_first_not_of(' ') != std::string::npos);
  }
}

TEST_CASE("bf16 came with capability 8.0 and fp8 with 8.9, at twice its rate") {
  for (const GpuType& gpu : gpu_catalogue()) {
    INFO(gpu.name);
    CHECK(gpu.bf16_rate == (gpu.compute_capability >= 80 ? gpu.fp16_rate : 0));
    CHECK((gpu.fp8_rate > 0) == (gpu.compute_capability >= 89));
    CHECK(gpu.matrix_rate() == gpu.fp16_rate);
    if (gpu.fp8_rate > 0) check_within(gpu, gpu.fp8_rate * 100 / gpu.fp16_rate, 199, 203);
  }
}

TEST_CASE("GPUs talk over NVLink where they have it, else over PCIe") {
  CHECK(require_value(find_gpu_type("H100-80GB")).link_bandwidth() == 450 * kGiga);
  CHECK(require_value(find_gpu_type("H100-PCIe")).link_bandwidth() == 64 * kGiga);
  for (const GpuType& gpu : gpu_catalogue()) {
    INFO(gpu.name);
    CHECK(gpu.link_bandwidth() == std::max(gpu.nvlink_bandwidth, gpu.pcie_bandwidth));
  }
}

TEST_CASE("the types of the shipped traces and of common clusters are there") {
  const auto memory = [](std::string_view name) {
    return require_value(find_gpu_type(name)).memory;
  };
  for (const auto* name : {"P100", "T4", "V100M16"}) CHECK(memory(name) == 16 * kGiB);
  CHECK(memory("V100M32") == 32 * kGiB);
  CHECK(memory("A10") == 24 * kGiB);
  CHECK(memory("RTX-4080") == 16 * kGiB);
  CHECK(memory("RTX-4090") == 24 * kGiB);
  CHECK(memory("A100-80GB") == 80 * kGiB);
  CHECK(memory("H100-80GB") == 80 * kGiB);
}

TEST_CASE("letter case and what joins the words of a name do not matter") {
  for (const auto* name : {"h100 80gb", "H100_80GB", "h100-80GB", "H10080GB"}) {
    CHECK(require_value(find_gpu_type(name)).name == "H100-80GB");
  }
  CHECK(require_value(find_gpu_type("rtx 6000 ada")).name == "RTX-6000-Ada");
  CHECK(require_value(find_gpu_type("h100pcie")).name == "H100-PCIe");
  CHECK_FALSE(find_gpu_type("H100"));
  CHECK_FALSE(find_gpu_type("H100.80GB"));
  CHECK_FALSE(find_gpu_type(""));
}

// The rows to read a source for: take a name off when its source is written, never put one on.
TEST_CASE("the rows without a source are these") {
  std::vector<std::string> recalled;
  for (const GpuType& gpu : gpu_catalogue()) {
    if (gpu.source == "recalled") recalled.push_back(gpu.name);
  }
  CHECK(recalled == std::vector<std::string>{"P100", "V100M16", "RTX-3060-12GB", "RTX-A4000",
                                             "RTX-4080", "A16", "RTX-3090", "RTX-A5000", "A30",
                                             "RTX-5090", "A6000", "A40", "L20", "RTX-6000-Ada",
                                             "A800-80GB", "H100-NVL", "RTX-PRO-6000", "GH200-96GB",
                                             "GB200"});
}
