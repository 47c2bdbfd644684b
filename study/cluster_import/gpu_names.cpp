#include "study/cluster_import/gpu_names.hpp"

#include "sim/core/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

namespace headroom {
namespace {

using Words = std::set<std::string, std::less<>>;

// The words of a product name in lower case: "NVIDIA-A100-SXM4-80GB" -> a100, sxm4, 80gb.
Words words_of(std::string_view product) {
  static const Words idle = {"nvidia", "tesla", "geforce", "quadro", "graphics", "device"};
  Words words;
  std::string word;
  const auto close = [&] {
    if (!word.empty() && !idle.contains(word)) words.insert(word);
    word.clear();
  };
  for (const char c : product) {
    if (c == ' ' || c == '-' || c == '_' || c == '/') {
      close();
    } else {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  close();
  return words;
}

// A catalogue name and the words that a product of it has, and has not. Checked in order, and the
// memory decides between types of equal words.
struct Rule {
  const char* type;
  std::array<const char*, 3> has;
  std::array<const char*, 3> has_not;
};

// Product names are recalled from nvidia-smi's output on such GPUs.
constexpr Rule kRules[] = {
    {"B300", {"b300"}, {}},
    {"GB200", {"gb200"}, {}},
    {"B200", {"b200"}, {}},
    {"GH200-96GB", {"gh200"}, {}},
    {"H200", {"h200"}, {}},
    {"H100-NVL", {"h100", "nvl"}, {}},
    {"H100-PCIe", {"h100", "pcie"}, {}},
    {"H100-80GB", {"h100"}, {"nvl", "pcie"}},
    {"H20-96GB", {"h20"}, {}},
    {"A800-80GB", {"a800"}, {}},
    {"A100-80GB", {"a100", "80gb"}, {}},
    {"A100-40GB", {"a100", "40gb"}, {}},
    {"A100-80GB", {"a100"}, {"40gb", "80gb"}},
    {"A100-40GB", {"a100"}, {"40gb", "80gb"}},
    {"A100-80GB", {"a100x"}, {}},
    {"A40", {"a40"}, {}},
    {"A30", {"a30"}, {}},
    {"A16", {"a16"}, {}},
    {"A10", {"a10"}, {}},
    {"A10", {"a10g"}, {}},
    {"L40S", {"l40s"}, {}},
    {"L40", {"l40"}, {}},
    {"L20", {"l20"}, {}},
    {"L4", {"l4"}, {}},
    {"T4", {"t4"}, {}},
    {"V100M32", {"v100", "32gb"}, {}},
    {"V100M16", {"v100", "16gb"}, {}},
    {"V100M32", {"v100"}, {"16gb", "32gb"}},
    {"V100M16", {"v100"}, {"16gb", "32gb"}},
    {"V100M32", {"v100s"}, {}},
    {"P100", {"p100"}, {}},
    {"RTX-PRO-6000", {"rtx", "pro", "6000"}, {}},
    {"RTX-6000-Ada", {"rtx", "6000", "ada"}, {}},
    {"A6000", {"rtx", "a6000"}, {}},
    {"A6000", {"a6000"}, {}},
    {"RTX-A5000", {"rtx", "a5000"}, {}},
    {"RTX-A4000", {"rtx", "a4000"}, {}},
    {"RTX-5090", {"rtx", "5090"}, {"d", "laptop"}},
    {"RTX-4090", {"rtx", "4090"}, {"d", "laptop"}},
    {"RTX-4080", {"rtx", "4080"}, {"super", "laptop"}},
    {"RTX-3090", {"rtx", "3090"}, {"ti"}},
    {"RTX-3060-12GB", {"rtx", "3060"}, {"ti", "laptop"}},
};

bool matches(const Rule& rule, const Words& words) {
  const auto in = [&](const char* word) { return word == nullptr || words.contains(word); };
  const auto out = [&](const char* word) { return word == nullptr || !words.contains(word); };
  return std::all_of(rule.has.begin(), rule.has.end(), in) &&
         std::all_of(rule.has_not.begin(), rule.has_not.end(), out);
}

// What a driver reports is a little below what the vendor names.
bool is_near(Bytes told, Bytes catalogue) {
  return told <= 0 || std::llabs(told - catalogue) <= catalogue / 10;
}

}  // namespace

std::optional<GpuType> catalogue_type_of(std::string_view product, Bytes memory) {
  if (product == "nvidia-tesla-a100") product = "A100-40GB";  // as GKE labels that one
  // A name of the catalogue itself, or one in other letter case.
  if (auto type = find_gpu_type(product); type && is_near(memory, type->memory)) return *type;
  const Words words = words_of(product);
  for (const Rule& rule : kRules) {
    if (!matches(rule, words)) continue;
    auto type = find_gpu_type(rule.type);
    if (type && is_near(memory, type->memory)) return *type;
  }
  return std::nullopt;
}

std::string near_gpu_name(std::string_view product) {
  std::vector<std::string> names;
  for (const GpuType& type : gpu_catalogue()) names.push_back(type.name);
  std::string wanted(product);
  for (const std::string_view vendor : {"NVIDIA-", "NVIDIA ", "Tesla-", "Tesla ", "AMD-", "AMD "}) {
    if (wanted.starts_with(vendor)) wanted.erase(0, vendor.size());
  }
  return nearest_name(wanted, names);
}

}  // namespace headroom
