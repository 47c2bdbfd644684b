// GPUStack's workers, as its API lists them (schemas/workers.py of github.com/gpustack/gpustack).

#include "study/cluster_import/sources.hpp"
#include "study/input_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace headroom {
namespace {

using Json = nlohmann::json;

constexpr Bytes kMostMemory = Bytes{1} << 50U;

// A count or a size; nullopt where it is not there, and an error where it is no such thing.
Result<std::optional<std::int64_t>> number_at(const InputFile& source, const Json& object,
                                              std::initializer_list<std::string_view> path,
                                              const std::string& where) {
  const Json* found = member_at(object, path);
  if (found == nullptr) return std::nullopt;
  const bool good = found->is_number_integer() && found->is_number_unsigned() &&
                    found->get<std::uint64_t>() <= static_cast<std::uint64_t>(kMostMemory);
  if (!good) {
    return wrong_input(source,
                       fmt::format("{}: '{}' is {}, but must be a whole number of 0 to 2^50", where,
                                   *(path.end() - 1), found->dump().substr(0, 40)));
  }
  return found->get<std::int64_t>();
}

// "8.6" as 86.
int capability_of(const std::string& text) {
  int major = 0;
  int minor = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, minor);
  if (second.ec != std::errc() || major < 1 || major > 99 || minor < 0 || minor > 9) return 0;
  return 10 * major + minor;
}

struct Reserved {
  std::int64_t ram = 0;
  std::int64_t vram = 0;
};

Result<FoundDevice> read_device(const InputFile& source, const Json& gpu, const Reserved& reserved,
                                const std::string& where) {
  FoundDevice device;
  device.product = text_at(gpu, {"name"});
  device.compute_capability = capability_of(text_at(gpu, {"compute_capability"}));
  HEADROOM_TRY(const auto total, number_at(source, gpu, {"memory", "total"}, where));
  if (!total || *total == 0) {
    return wrong_input(source, fmt::format("{} has no memory.total above zero", where));
  }
  HEADROOM_TRY(const auto used, number_at(source, gpu, {"memory", "used"}, where));
  HEADROOM_TRY(const auto allocated, number_at(source, gpu, {"memory", "allocated"}, where));
  device.memory = *total;
  const Bytes claimed = allocated.value_or(0);
  Bytes measured = used.value_or(0);
  if (claimed == 0 && measured < device.memory / kDriverShare) measured = 0;
  device.used = std::min(device.memory, std::max(measured, claimed + reserved.vram));
  return device;
}

Result<FoundNode> read_worker(const InputFile& source, const Json& worker) {
  FoundNode out;
  out.name = text_at(worker, {"name"});
  if (out.name.empty()) out.name = text_at(worker, {"hostname"});
  if (out.name.empty()) return wrong_input(source, "a worker without a name");
  const std::string where = fmt::format("worker '{}'", out.name);
  const Json* status = member(worker, "status");
  if (status == nullptr || !status->is_object()) {
    return wrong_input(source, fmt::format("{} has no status", where));
  }
  Reserved reserved;
  HEADROOM_TRY(const auto ram, number_at(source, worker, {"system_reserved", "ram"}, where));
  HEADROOM_TRY(const auto vram, number_at(source, worker, {"system_reserved", "vram"}, where));
  reserved = {ram.value_or(0), vram.value_or(0)};
  HEADROOM_TRY(out.cpus, number_at(source, *status, {"cpu", "total"}, where));
  HEADROOM_TRY(const auto total, number_at(source, *status, {"memory", "total"}, where));
  if (total) {
    HEADROOM_TRY(const auto used, number_at(source, *status, {"memory", "used"}, where));
    HEADROOM_TRY(const auto claimed, number_at(source, *status, {"memory", "allocated"}, where));
    const Bytes taken = std::max(used.value_or(0), claimed.value_or(0) + reserved.ram);
    out.ram = std::max<Bytes>(0, *total - taken);
  }
  const Json* gpus = member(*status, "gpu_devices");
  if (gpus == nullptr) return out;
  if (!gpus->is_array()) return wrong_input(source, where + ": gpu_devices is no list");
  if (gpus->size() > kMostDevices) {
    return wrong_input(source, fmt::format("{} has {} GPUs, but a node may have {}", where,
                                           gpus->size(), kMostDevices));
  }
  for (std::size_t i = 0; i < gpus->size(); ++i) {
    HEADROOM_TRY(FoundDevice device,
                 read_device(source, (*gpus)[i], reserved, fmt::format("{}, GPU {}", where, i)));
    out.devices.push_back(std::move(device));
  }
  return out;
}

// The API answers with a page {"items": [...]}; a script may have taken the list out of it.
Result<const Json*> list_of(const InputFile& source, const Json& document) {
  const Json* items = document.is_array() ? &document : member(document, "items");
  if (items == nullptr || !items->is_array()) {
    return wrong_input(source, "there is no list of items in it");
  }
  if (items->empty()) return wrong_input(source, "the list of workers is empty");
  return items;
}

}  // namespace

Result<FoundCluster> import_gpustack(const std::filesystem::path& workers) {
  const InputFile source{workers, "GPUStack's list of workers",
                         "curl -H \"Authorization: Bearer $KEY\" "
                         "\"$GPUSTACK/v2/workers?perPage=100\""};
  HEADROOM_TRY(const Json document, read_input_json(source));
  HEADROOM_TRY(const Json* items, list_of(source, document));
  FoundCluster out;
  out.source = "GPUStack's list of workers";
  std::vector<std::string> not_ready;
  std::set<std::string> names;
  for (const Json& worker : *items) {
    if (!worker.is_object() || member(worker, "kind") != nullptr) {
      return wrong_input(source, "an item of the list is no worker");
    }
    const std::string state = text_at(worker, {"state"});
    if (!state.empty() && state != "ready") {
      not_ready.push_back(text_at(worker, {"name"}));
      continue;
    }
    HEADROOM_TRY(FoundNode node, read_worker(source, worker));
    if (!names.insert(node.name).second) {
      return wrong_input(source, fmt::format("two workers are named '{}'", node.name));
    }
    out.nodes.push_back(std::move(node));
  }
  if (out.nodes.empty()) return wrong_input(source, "no worker in it is ready");
  if (!not_ready.empty()) {
    out.assumptions.push_back(
        fmt::format("workers that are not ready are left out ({})", some_names(not_ready)));
  }
  if (const Json* pages = member_at(document, {"pagination", "totalPage"});
      pages != nullptr && pages->is_number_integer() && *pages > 1) {
    out.assumptions.push_back(fmt::format(
        "this is one page of {}: the workers of the others are not in it", pages->dump()));
  }
  out.assumptions.emplace_back(
      "used memory is what is measured, or what the instances there claim with the system's "
      "reserve, whichever is more; below 2 % without a claim it is taken for the driver's own");
  out.assumptions.emplace_back("the list does not tell how the GPUs of a worker are linked");
  return out;
}

}  // namespace headroom
