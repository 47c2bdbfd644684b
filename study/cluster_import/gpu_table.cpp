#include "study/cluster_import/gpu_table.hpp"

#include "sim/core/int128.hpp"
#include "study/cluster_import/gpu_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace headroom {
namespace {

constexpr std::size_t kMostNameBytes = 80;

// Compute slices of a whole GPU (NVIDIA's MIG user guide; recalled).
int slices_of(const GpuType& whole) {
  return whole.name == "A30" || whole.name == "RTX-PRO-6000" ? 4 : 7;
}

// Rates of a type of which only the memory is known, as docs/cluster.md gives them.
GpuType plain_type(std::string name, Bytes memory, int capability) {
  GpuType type;
  type.name = std::move(name);
  type.memory = memory;
  type.memory_bandwidth = 1'000'000'000'000;
  type.fp16_rate = 100'000'000'000'000;
  type.bf16_rate = capability > 0 && capability < 80 ? 0 : type.fp16_rate;
  type.compute_capability = capability;
  type.pcie_bandwidth = 32'000'000'000;
  type.price_milli = 1000;
  type.source = "imported: memory alone is known, rates are assumed";
  return type;
}

// A product as a name that stands in tables and on command lines: "AMD-Instinct-MI300X-OAM".
std::string as_name(const std::string& product) {
  std::string out;
  for (const char c : product) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-';
    if (good) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
    if (out.size() == kMostNameBytes) break;
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

// "3" of "3g.20gb" or "1c.3g.20gb"; 0 where the profile does not say.
int compute_slices(std::string_view profile, int most) {
  const auto g = profile.find("g.");
  if (g == std::string_view::npos || g == 0) return 0;
  const int slices = profile[g - 1] - '0';
  return slices >= 1 && slices <= most ? slices : 0;
}

// "20gb" of "3g.20gb", "3g.20gb+me".
Bytes profile_memory(std::string_view profile) {
  const auto end = profile.find("gb");
  if (end == std::string_view::npos) return 0;
  auto begin = end;
  while (begin > 0 && profile[begin - 1] >= '0' && profile[begin - 1] <= '9') --begin;
  std::int64_t gib = 0;
  const auto [at, code] = std::from_chars(profile.data() + begin, profile.data() + end, gib);
  return code == std::errc() && at == profile.data() + end && gib <= 4096 ? gib * kGiB : 0;
}

// As nvidia-smi and labels tell it: what differs by less than a GiB still differs.
std::string mib_text(Bytes memory) { return fmt::format("{} MiB", memory / kMiB); }

std::string gib_name(Bytes memory) { return fmt::format("{}GiB", (memory + kGiB / 2) / kGiB); }

bool names_pcie(const std::string& name) {
  return name.find("PCIe") != std::string::npos || name.find("PCIE") != std::string::npos;
}

}  // namespace

void GpuTable::assume(std::string sentence) {
  if (std::find(assumptions_.begin(), assumptions_.end(), sentence) == assumptions_.end()) {
    assumptions_.push_back(std::move(sentence));
  }
}

Result<const GpuType*> GpuTable::type_of(const FoundDevice& device, const std::string& node) {
  const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) {
    return e.product == device.product && e.slice == device.slice && e.memory == device.memory &&
           e.capability == device.compute_capability;
  });
  if (known != entries_.end()) return &known->type;
  HEADROOM_TRY(Entry entry, make(device, node));
  entries_.push_back(std::move(entry));
  return &entries_.back().type;
}

Result<GpuTable::Entry> GpuTable::make(const FoundDevice& device, const std::string& node) {
  Entry out{device.product, device.slice, device.memory, device.compute_capability, {}, false, {}};
  const bool sliced = !device.slice.empty();
  const Bytes whole_memory = sliced ? 0 : device.memory;
  std::optional<GpuType> known = catalogue_type_of(device.product, whole_memory);
  if (!known && device.product.empty() && device.memory == 0 && fallback_ != nullptr) {
    known = *fallback_;
    assume(fmt::format("the type of some GPUs is not told: taken as {}", known->name));
  }
  if (known && !sliced) {
    take_whole(*known, out);
    assume_differences(*known, device);
    return out;
  }
  if (known && sliced) {
    out.type = slice_of(*known, device);
    out.own = true;
    return out;
  }
  const Bytes memory = device.memory > 0 ? device.memory : profile_memory(device.slice);
  if (memory == 0) {
    return fail(fmt::format("the GPUs of node '{}' ('{}') are of no type that is known, and their "
                            "memory is not told",
                            node, as_name(device.product)),
                {},
                "install NVIDIA's GPU feature discovery (labels nvidia.com/gpu.product and "
                "nvidia.com/gpu.memory), or name a type with --assume-gpu");
  }
  std::string name = as_name(device.product);
  if (name.empty()) name = "GPU-" + gib_name(memory);
  if (sliced) name += "-MIG-" + as_name(device.slice);
  out.type = plain_type(free_name(name, memory), memory, device.compute_capability);
  out.own = true;
  const std::string near = near_gpu_name(device.product);
  assume(fmt::format("'{}' is not in the catalogue: memory {} as told, rates assumed{}",
                     out.type.name, bytes_text(memory),
                     near.empty() ? "" : fmt::format(" (nearest name: {})", near)));
  return out;
}

// The catalogue's, of the memory that was told: under its name, or, where devices of the same type
// tell several memories, under that of the first. An own type hides the catalogue's of its name.
void GpuTable::take_whole(const GpuType& known, Entry& entry) {
  entry.catalogue = known.name;
  const Bytes memory = entry.memory > 0 ? entry.memory : known.memory;
  const auto find = [this](const auto& wanted) -> const Entry* {
    const auto at = std::find_if(entries_.begin(), entries_.end(), wanted);
    return at == entries_.end() ? nullptr : &*at;
  };
  const Entry* named = find([&](const Entry& e) { return e.type.name == known.name; });
  const Entry* same =
      find([&](const Entry& e) { return e.catalogue == known.name && e.type.memory == memory; });
  if (same == nullptr && entry.memory == 0) same = named;
  if (same != nullptr) {
    entry.type = same->type;
    return;
  }
  entry.type = known;
  entry.type.memory = memory;
  entry.own = named != nullptr || memory != known.memory;
  if (!entry.own) return;
  if (named != nullptr) entry.type.name = free_name(known.name, memory);
  entry.type.source =
      fmt::format("imported: memory as told, the rest as {} of the catalogue", known.name);
}

void GpuTable::assume_differences(const GpuType& known, const FoundDevice& device) {
  const std::string product = as_name(device.product);
  if (!product.empty() && device.memory == 0) {
    assume(fmt::format("the memory of '{}' is not told: as other {} here or in the catalogue have",
                       product, known.name));
  }
  if (names_pcie(device.product) && !names_pcie(known.name)) {
    assume(
        fmt::format("'{}' is taken as {} of the catalogue, whose memory and links are faster "
                    "than a PCIe card's: give its nodes `links = \"pcie\"` if no bridges join "
                    "them",
                    product, known.name));
  }
  if (device.memory > 0 && device.memory != known.memory) {
    assume(
        fmt::format("'{}' is taken as {} of the catalogue, but for its memory: {} as told, not {}",
                    product, known.name, mib_text(device.memory), mib_text(known.memory)));
  }
}

// Of a cut GPU: its memory, as much of the bandwidth as of the memory, and its share of the cores.
GpuType GpuTable::slice_of(const GpuType& whole, const FoundDevice& device) {
  GpuType type = whole;
  type.memory = device.memory > 0 ? device.memory : profile_memory(device.slice);
  const int all = slices_of(whole);
  if (type.memory == 0 || type.memory > whole.memory) type.memory = whole.memory / all;
  const int slices = compute_slices(device.slice, all);
  // Without a profile the share of the memory stands for that of the cores.
  const std::int64_t part = slices > 0 ? slices : type.memory;
  const std::int64_t of = slices > 0 ? all : whole.memory;
  type.memory_bandwidth = mul_div_ceil(whole.memory_bandwidth, type.memory, whole.memory);
  type.bf16_rate = mul_div_ceil(whole.bf16_rate, part, of);
  type.fp16_rate = mul_div_ceil(whole.fp16_rate, part, of);
  type.fp8_rate = mul_div_ceil(whole.fp8_rate, part, of);
  type.price_milli = mul_div_ceil(whole.price_milli, part, of);
  type.nvlink_bandwidth = 0;
  type.name = free_name(fmt::format("{}-MIG-{}", whole.name, as_name(device.slice)), type.memory);
  type.source = fmt::format("imported: a MIG slice of {}, rates by its share", whole.name);
  assume(
      "MIG devices stand as GPUs of their own, with their share of the rates; an engine cannot "
      "join them, which is not checked: give such deployments allowed_tp = [1]");
  return type;
}

// A type of the catalogue may come up on a later node: its name is not for an own type.
std::string GpuTable::free_name(const std::string& wanted, Bytes memory) const {
  const auto taken = [this](const std::string& name) {
    if (find_gpu_type(name)) return true;
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const Entry& entry) { return entry.type.name == name; });
  };
  if (!taken(wanted)) return wanted;
  std::string name = wanted + "-" + gib_name(memory);
  for (int i = 2; taken(name); ++i) name = fmt::format("{}-{}", wanted, i);
  return name;
}

std::vector<GpuType> GpuTable::own() const {
  std::vector<GpuType> out;
  for (const Entry& entry : entries_) {
    if (entry.own) out.push_back(entry.type);
  }
  return out;
}

}  // namespace headroom
