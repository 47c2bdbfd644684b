#include "bench/attention/cuda/kernel_times.hpp"

#include "bench/attention/cuda/cupti.hpp"

#include <cupti.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

namespace headroom::bench {
namespace {

#if CUPTI_API_VERSION >= 130000
using KernelRecord = CUpti_ActivityKernel10;
#else
using KernelRecord = CUpti_ActivityKernel9;
#endif

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
constexpr std::size_t kBufferAlignment = 8;

struct Seen {
  std::uint64_t first = 0;
  std::vector<double> us;
  profile::Kernel kernel;
};

// CUPTI's callbacks take no argument of ours.
struct Records {
  std::mutex mutex;
  std::map<std::string, Seen> kernels;
  CUptiResult (*next)(std::uint8_t*, std::size_t, CUpti_Activity**) = nullptr;
};
Records& records() {
  static Records& all = *new Records;  // never freed: buffers may come while the program ends
  return all;
}

void add(const KernelRecord& record) {
  const std::string name = record.name == nullptr ? "?" : record.name;
  const auto [at, is_new] = records().kernels.try_emplace(name);
  Seen& seen = at->second;
  if (is_new) {
    seen.first = record.start;
    seen.kernel.name = name;
    seen.kernel.registers = record.registersPerThread;
    seen.kernel.shared_bytes = std::int64_t{record.staticSharedMemory} + record.dynamicSharedMemory;
    seen.kernel.grid = {record.gridX, record.gridY, record.gridZ};
  }
  seen.us.push_back(static_cast<double>(record.end - record.start) * 1e-3);
}

void CUPTIAPI give_buffer(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records) {
  *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(kBufferAlignment, kBufferBytes));
  *size = *buffer == nullptr ? 0 : kBufferBytes;
  *most_records = 0;  // as many as fit
}

void CUPTIAPI take_buffer(CUcontext /*context*/, std::uint32_t /*stream*/, std::uint8_t* buffer,
                          std::size_t /*size*/, std::size_t valid) {
  const std::lock_guard<std::mutex> lock(records().mutex);
  CUpti_Activity* record = nullptr;
  while (valid > 0 && records().next(buffer, valid, &record) == CUPTI_SUCCESS) {
    if (record->kind != CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) continue;
    add(*reinterpret_cast<const KernelRecord*>(record));
  }
  std::free(buffer);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

struct KernelTimes::Functions {
  explicit Functions(Library opened) : library(opened) {}

  Library library;
  decltype(&cuptiActivityEnable) enable = nullptr;
  decltype(&cuptiActivityDisable) disable = nullptr;
  decltype(&cuptiActivityFlushAll) flush = nullptr;
  decltype(&cuptiGetVersion) version = nullptr;
};

KernelTimes::KernelTimes(std::unique_ptr<Functions> functions) : functions_(std::move(functions)) {}
KernelTimes::~KernelTimes() = default;

Result<std::unique_ptr<KernelTimes>> KernelTimes::open() {
  HEADROOM_TRY(Library library, open_cupti());
  auto out = std::make_unique<Functions>(library);
  HEADROOM_TRY(out->enable, library.find<decltype(cuptiActivityEnable)>("cuptiActivityEnable"));
  HEADROOM_TRY(out->disable, library.find<decltype(cuptiActivityDisable)>("cuptiActivityDisable"));
  HEADROOM_TRY(out->flush, library.find<decltype(cuptiActivityFlushAll)>("cuptiActivityFlushAll"));
  HEADROOM_TRY(out->version, library.find<decltype(cuptiGetVersion)>("cuptiGetVersion"));
  HEADROOM_TRY(records().next,
               library.find<decltype(cuptiActivityGetNextRecord)>("cuptiActivityGetNextRecord"));
  HEADROOM_TRY(auto* const set_callbacks, library.find<decltype(cuptiActivityRegisterCallbacks)>(
                                              "cuptiActivityRegisterCallbacks"));
  // Tried once, so that a machine where it is not allowed is known from the start.
  if (const auto code = set_callbacks(give_buffer, take_buffer); code != CUPTI_SUCCESS) {
    return fail(fmt::format("CUPTI takes no callbacks here: code {}", static_cast<int>(code)));
  }
  if (const auto code = out->enable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL); code != CUPTI_SUCCESS) {
    return fail(fmt::format("CUPTI records no kernels here: code {}", static_cast<int>(code)));
  }
  out->disable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
  return std::unique_ptr<KernelTimes>(new KernelTimes(std::move(out)));
}

std::vector<profile::Kernel> KernelTimes::record(const std::function<void()>& launch) {
  {
    const std::lock_guard<std::mutex> lock(records().mutex);
    records().kernels.clear();
  }
  functions_->enable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
  launch();
  functions_->flush(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
  functions_->disable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);

  const std::lock_guard<std::mutex> lock(records().mutex);
  std::vector<const Seen*> in_order;
  for (const auto& [name, seen] : records().kernels) in_order.push_back(&seen);
  std::sort(in_order.begin(), in_order.end(),
            [](const Seen* a, const Seen* b) { return a->first < b->first; });
  std::vector<profile::Kernel> out;
  for (const Seen* seen : in_order) {
    out.push_back(seen->kernel);
    out.back().us = median(seen->us);
  }
  return out;
}

std::string KernelTimes::version() const {
  std::uint32_t version = 0;
  if (functions_->version(&version) != CUPTI_SUCCESS) return "unknown";
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

}  // namespace headroom::bench
