#include "sim/hardware/gpu_type.hpp"

#include "sim/core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

namespace headroom {
namespace {

constexpr Bytes kGB = 1'000'000'000;

// One line of the catalogue: rates in TFLOP/s, bandwidths in GB/s, the price in units per GPU-hour.
struct Row {
  const char* name;
  int capability;
  Bytes memory;
  int bandwidth;
  double bf16;
  double fp16;
  double fp8;
  int nvlink;
  int pcie;
  double price;
  const char* source;
};

// A page is a row's source where its memory, memory bandwidth and 16-bit rate were read there, the
// rate halved if the page counts sparsity. The rest may be recalled, but for the capabilities,
// which are those of developer.nvidia.com/cuda-gpus and /cuda-legacy-gpus (A800, L20, H20: of their
// chips).
constexpr const char* kRecalled = "recalled";
constexpr const char* kA100 = "https://glennklockwood.com/garden/processors/A100";
constexpr const char* kB200 = "https://glennklockwood.com/garden/processors/B200";
constexpr const char* kB300 = "https://glennklockwood.com/garden/processors/B300";
constexpr const char* kSheet = "https://www.kunwar.page/chapter/appendix-d-hardware-reference";
constexpr const char* kH20 = "https://willitrunai.com/es/gpus/h20-96gb";
constexpr const char* kL4 = "https://grokipedia.com/page/NVIDIA_L4_vs_L40S";
constexpr const char* kL40 = "https://www.mullet.se/product.html?product_id=355414";
constexpr const char* kA10 = "https://gist.github.com/kimbochen";
constexpr const char* kT4 =
    "https://huggingface.co/RajBhope/gpu-runtime-predictor/blob/main/gpu_catalog.json";
constexpr const char* k4090 =
    "https://hmc-tech.com/gpus/nvidia-geforce-rtx-4090-vs-nvidia-rtx-pro-5000-blackwell";

// Memory is as vendors name it: their GB are GiB, but for B200 and B300, whose names count in
// powers of ten. An A16 is one of the four GPUs of its board, a GB200 one of the two of its module.
// Prices are rough on-demand cloud prices: they only order types.
// clang-format off
constexpr Row kRows[] = {
    // name           cap  memory     GB/s    bf16    fp16     fp8 nvlink pcie price  source
    {"P100",           60,  16 * kGiB,  732,    0.0,   19.0,    0.0,    0,  16,  1.46, kRecalled},
    {"T4",             75,  16 * kGiB,  320,    0.0,   65.0,    0.0,    0,  16,  0.35, kT4},
    {"V100M16",        70,  16 * kGiB,  900,    0.0,  125.0,    0.0,  150,  16,  2.48, kRecalled},
    {"V100M32",        70,  32 * kGiB,  900,    0.0,  125.0,    0.0,  150,  16,  2.48, kSheet},
    {"RTX-3060-12GB",  86,  12 * kGiB,  360,   25.5,   25.5,    0.0,    0,  32,  0.20, kRecalled},
    {"RTX-A4000",      86,  16 * kGiB,  448,   76.7,   76.7,    0.0,    0,  32,  0.40, kRecalled},
    {"RTX-4080",       89,  16 * kGiB,  717,   97.5,   97.5,  195.0,    0,  32,  0.50, kRecalled},
    {"A10",            86,  24 * kGiB,  600,  125.0,  125.0,    0.0,    0,  32,  1.00, kA10},
    {"A16",            86,  16 * kGiB,  200,   17.9,   17.9,    0.0,    0,  32,  0.30, kRecalled},
    {"L4",             89,  24 * kGiB,  300,  121.0,  121.0,  242.0,    0,  32,  0.70, kL4},
    {"RTX-3090",       86,  24 * kGiB,  936,   71.0,   71.0,    0.0,    0,  32,  0.50, kRecalled},
    {"RTX-A5000",      86,  24 * kGiB,  768,  111.0,  111.0,    0.0,    0,  32,  0.60, kRecalled},
    {"RTX-4090",       89,  24 * kGiB, 1008,  165.0,  165.0,  330.0,    0,  32,  0.70, k4090},
    {"A30",            80,  24 * kGiB,  933,  165.0,  165.0,    0.0,    0,  32,  1.20, kRecalled},
    {"RTX-5090",      120,  32 * kGiB, 1792,  209.5,  209.5,  419.0,    0,  64,  1.00, kRecalled},
    {"A6000",          86,  48 * kGiB,  768,  155.0,  155.0,    0.0,    0,  32,  1.20, kRecalled},
    {"A40",            86,  48 * kGiB,  696,  149.7,  149.7,    0.0,    0,  32,  1.20, kRecalled},
    {"L20",            89,  48 * kGiB,  864,  119.5,  119.5,  239.0,    0,  32,  1.30, kRecalled},
    {"L40",            89,  48 * kGiB,  864,  181.0,  181.0,  362.0,    0,  32,  1.50, kL40},
    {"L40S",           89,  48 * kGiB,  864,  362.0,  362.0,  733.0,    0,  32,  1.80, kL40},
    {"RTX-6000-Ada",   89,  48 * kGiB,  960,  364.0,  364.0,  728.0,    0,  32,  1.80, kRecalled},
    {"A100-40GB",      80,  40 * kGiB, 1555,  312.0,  312.0,    0.0,  300,  32,  3.00, kA100},
    {"A100-80GB",      80,  80 * kGiB, 2039,  312.0,  312.0,    0.0,  300,  32,  4.00, kA100},
    {"A800-80GB",      80,  80 * kGiB, 2039,  312.0,  312.0,    0.0,  200,  32,  4.00, kRecalled},
    {"H100-PCIe",      90,  80 * kGiB, 2000,  756.0,  756.0, 1513.0,    0,  64,  6.00, kSheet},
    {"H100-80GB",      90,  80 * kGiB, 3350,  989.0,  989.0, 1979.0,  450,  64,  8.00, kSheet},
    {"H100-NVL",       90,  94 * kGiB, 3900,  835.0,  835.0, 1671.0,    0,  64,  7.00, kRecalled},
    {"RTX-PRO-6000",  120,  96 * kGiB, 1792,  503.8,  503.8, 1007.6,    0,  64,  3.00, kRecalled},
    {"H20-96GB",       90,  96 * kGiB, 4000,  148.0,  148.0,  296.0,  450,  64,  4.00, kH20},
    {"GH200-96GB",     90,  96 * kGiB, 4000,  989.0,  989.0, 1979.0,  450,  64,  8.00, kRecalled},
    {"H200",           90, 141 * kGiB, 4800,  989.0,  989.0, 1979.0,  450,  64, 10.00, kSheet},
    {"B200",          100, 192 * kGB,  8000, 2250.0, 2250.0, 4500.0,  900,  64, 14.00, kB200},
    {"GB200",         100, 186 * kGiB, 8000, 2500.0, 2500.0, 5000.0,  900,  64, 16.00, kRecalled},
    {"B300",          103, 288 * kGB,  8000, 2250.0, 2250.0, 4500.0,  900, 128, 18.00, kB300},
};
// clang-format on

std::int64_t flops(double tera) { return std::llround(tera * 1e12); }

GpuType type_of(const Row& row) {
  return {.name = row.name,
          .memory = row.memory,
          .memory_bandwidth = row.bandwidth * kGB,
          .bf16_rate = flops(row.bf16),
          .fp16_rate = flops(row.fp16),
          .fp8_rate = flops(row.fp8),
          .compute_capability = row.capability,
          .nvlink_bandwidth = row.nvlink * kGB,
          .pcie_bandwidth = row.pcie * kGB,
          .price_milli = std::llround(row.price * 1000.0),
          .source = row.source};
}

std::vector<GpuType> make_catalogue() {
  std::vector<GpuType> types;
  std::transform(std::begin(kRows), std::end(kRows), std::back_inserter(types), type_of);
  return types;
}

// In lower case, whatever the locale, and without what joins words.
std::string folded(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '-' || c == '_' || c == ' ') continue;
    text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

}  // namespace

std::span<const GpuType> gpu_catalogue() {
  static const std::vector<GpuType> catalogue = make_catalogue();
  return catalogue;
}

Result<GpuType> find_gpu_type(std::string_view name) {
  const auto catalogue = gpu_catalogue();
  const std::string wanted = folded(name);
  const auto found = std::find_if(catalogue.begin(), catalogue.end(),
                                  [&](const GpuType& type) { return folded(type.name) == wanted; });
  if (found != catalogue.end()) return *found;
  std::vector<std::string> names;
  for (const auto& type : catalogue) names.push_back(type.name);
  return fail(fmt::format("unknown GPU type '{}'", name), {},
              suggest(name, names) +
                  " An undisclosed type needs a line in [gpu_alias], a new one a [[gpu]] table");
}

}  // namespace headroom
