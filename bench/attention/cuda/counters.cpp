#include "bench/attention/cuda/counters.hpp"

#include "bench/attention/cuda/cupti.hpp"

#include <cupti.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#if CUPTI_API_VERSION >= 130000
#include <cupti_profiler_host.h>
#include <cupti_range_profiler.h>
#include <cupti_target.h>
#endif

namespace headroom::bench {
namespace {

// In the order of Value. Chips that have them all count them in one pass.
constexpr std::array<const char*, 4> kMetrics{
    "dram__bytes_read.sum", "dram__bytes_write.sum",
    "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed", "gpu__time_duration.sum"};

}  // namespace

std::span<const char* const> counter_metrics() { return kMetrics; }

#if CUPTI_API_VERSION >= 130000

// Every function of this interface takes one struct, which begins with its own size.
#define HEADROOM_CUPTI_PARAMS(type, name) \
  type name{};                            \
  name.structSize = type##_STRUCT_SIZE
#define HEADROOM_CUPTI_CALL(cupti, function, params) \
  (cupti).call<decltype(function)>(#function, params)

namespace {

enum Value : std::size_t { read_bytes, write_bytes, tensor_percent, nanoseconds, value_count };
using Values = std::array<double, value_count>;

constexpr std::size_t kMostKernels = 16;  // of a launch

class Cupti {
 public:
  static Result<Cupti> open() {
    HEADROOM_TRY(Library library, open_cupti());
    return Cupti(library);
  }

  /// Error: there is no such function, or what it returned.
  template <class Function, class Params>
  Status call(const char* name, Params& params) const {
    HEADROOM_TRY(auto* const function, library_.find<Function>(name));
    const CUptiResult code = function(&params);
    if (code == CUPTI_SUCCESS) return {};
    return fail(fmt::format("{}: {}", name, text_of(code)));
  }

 private:
  explicit Cupti(Library library) : library_(library) {}

  std::string text_of(CUptiResult code) const {
    const char* text = nullptr;
    const auto find = library_.find<decltype(cuptiGetResultString)>("cuptiGetResultString");
    if (find && (*find)(code, &text) == CUPTI_SUCCESS) return text;
    return fmt::format("code {}", static_cast<int>(code));
  }

  Library library_;
};

struct EndHost {
  const Cupti* cupti;
  void operator()(CUpti_Profiler_Host_Object* host) const {
    HEADROOM_CUPTI_PARAMS(CUpti_Profiler_Host_Deinitialize_Params, params);
    params.pHostObject = host;
    (void)HEADROOM_CUPTI_CALL(*cupti, cuptiProfilerHostDeinitialize, params);
  }
};
/// What knows the metrics of a chip.
using Host = std::unique_ptr<CUpti_Profiler_Host_Object, EndHost>;

struct EndRanges {
  const Cupti* cupti;
  void operator()(CUpti_RangeProfiler_Object* ranges) const {
    HEADROOM_CUPTI_PARAMS(CUpti_RangeProfiler_Disable_Params, params);
    params.pRangeProfilerObject = ranges;
    (void)HEADROOM_CUPTI_CALL(*cupti, cuptiRangeProfilerDisable, params);
  }
};
/// What counts in a context.
using Ranges = std::unique_ptr<CUpti_RangeProfiler_Object, EndRanges>;

Result<Host> host_of(const Cupti& cupti, const std::string& chip) {
  HEADROOM_CUPTI_PARAMS(CUpti_Profiler_Host_Initialize_Params, params);
  params.profilerType = CUPTI_PROFILER_TYPE_RANGE_PROFILER;
  params.pChipName = chip.c_str();
  if (const auto done = HEADROOM_CUPTI_CALL(cupti, cuptiProfilerHostInitialize, params); !done) {
    return fail(fmt::format("the chip '{}': {}", chip, done.error().message));
  }
  return Host(params.pHostObject, EndHost{&cupti});
}

/// Adds them one by one, so that an error names the metric.
Status add_metrics(const Cupti& cupti, const Host& host, const std::string& chip,
                   std::span<const char* const> metrics) {
  for (const char* metric : metrics) {
    HEADROOM_CUPTI_PARAMS(CUpti_Profiler_Host_ConfigAddMetrics_Params, params);
    params.pHostObject = host.get();
    params.ppMetricNames = &metric;
    params.numMetrics = 1;
    const auto done = HEADROOM_CUPTI_CALL(cupti, cuptiProfilerHostConfigAddMetrics, params);
    if (!done) {
      return fail(
          fmt::format("the chip '{}' has no metric '{}': {}", chip, metric, done.error().message));
    }
  }
  return {};
}

/// How the hardware is set up to count what was added.
struct Schedule {
  std::vector<std::uint8_t> image;
  std::size_t passes = 0;
};

Result<Schedule> schedule_of(const Cupti& cupti, const Host& host) {
  Schedule out;
  HEADROOM_CUPTI_PARAMS(CUpti_Profiler_Host_GetConfigImageSize_Params, size);
  size.pHostObject = host.get();
  HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiProfilerHostGetConfigImageSize, size));
  out.image.resize(size.configImageSize);
  HEADROOM_CUPTI_PARAMS(CUpti_Profiler_Host_GetConfigImage_Params, image);
  image.pHostObject = host.get();
  image.configImageSize = out.image.size();
  image.pConfigImage = out.image.data();
  HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiProfilerHostGetConfigImage, image));
  HEADROOM_CUPTI_PARAMS(CUpti_Profiler_Host_GetNumOfPasses_Params, passes);
  passes.configImageSize = out.image.size();
  passes.pConfigImage = out.image.data();
  HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiProfilerHostGetNumOfPasses, passes));
  out.passes = passes.numOfPasses;
  return out;
}

Result<CUcontext> current_context() {
  const std::array<std::string, 1> names{"libcuda.so.1"};
  HEADROOM_TRY(const Library driver, Library::open(names));
  HEADROOM_TRY(auto* const current, driver.find<decltype(cuCtxGetCurrent)>("cuCtxGetCurrent"));
  CUcontext context = nullptr;
  if (current(&context) != CUDA_SUCCESS || context == nullptr) return fail("no current context");
  return context;
}

Result<Ranges> ranges_of(const Cupti& cupti) {
  HEADROOM_CUPTI_PARAMS(CUpti_RangeProfiler_Enable_Params, params);
  HEADROOM_TRY(params.ctx, current_context());
  HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiRangeProfilerEnable, params));
  return Ranges(params.pRangeProfilerObject, EndRanges{&cupti});
}

/// Where counts of up to kMostKernels kernels go.
Result<std::vector<std::uint8_t>> empty_data(const Cupti& cupti, const Ranges& ranges) {
  std::array<const char*, kMetrics.size()> metrics = kMetrics;
  HEADROOM_CUPTI_PARAMS(CUpti_RangeProfiler_GetCounterDataSize_Params, size);
  size.pRangeProfilerObject = ranges.get();
  size.pMetricNames = metrics.data();
  size.numMetrics = metrics.size();
  size.maxNumOfRanges = kMostKernels;
  size.maxNumRangeTreeNodes = kMostKernels;
  HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiRangeProfilerGetCounterDataSize, size));
  std::vector<std::uint8_t> out(size.counterDataSize);
  HEADROOM_CUPTI_PARAMS(CUpti_RangeProfiler_CounterDataImage_Initialize_Params, begin);
  begin.pRangeProfilerObject = ranges.get();
  begin.counterDataSize = out.size();
  begin.pCounterData = out.data();
  HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiRangeProfilerCounterDataImageInitialize, begin));
  return out;
}

/// A range is a kernel: what the host does between them is in no figure. It is `launch` that is run
/// again for each pass: CUPTI would save and restore all of the memory.
Status configure(const Cupti& cupti, const Ranges& ranges, const Schedule& schedule,
                 std::vector<std::uint8_t>& data) {
  HEADROOM_CUPTI_PARAMS(CUpti_RangeProfiler_SetConfig_Params, params);
  params.pRangeProfilerObject = ranges.get();
  params.configSize = schedule.image.size();
  params.pConfig = schedule.image.data();
  params.counterDataImageSize = data.size();
  params.pCounterDataImage = data.data();
  params.range = CUPTI_AutoRange;
  params.replayMode = CUPTI_UserReplay;
  params.maxRangesPerPass = kMostKernels;
  params.numNestingLevels = 1;
  params.minNestingLevel = 1;
  return HEADROOM_CUPTI_CALL(cupti, cuptiRangeProfilerSetConfig, params);
}

Status run_passes(const Cupti& cupti, const Ranges& ranges, std::size_t passes,
                  const std::function<void()>& launch) {
  bool all_submitted = false;
  for (std::size_t pass = 0; pass < passes && !all_submitted; ++pass) {
    HEADROOM_CUPTI_PARAMS(CUpti_RangeProfiler_Start_Params, start);
    start.pRangeProfilerObject = ranges.get();
    HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiRangeProfilerStart, start));
    launch();
    HEADROOM_CUPTI_PARAMS(CUpti_RangeProfiler_Stop_Params, stop);
    stop.pRangeProfilerObject = ranges.get();
    HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiRangeProfilerStop, stop));
    all_submitted = stop.isAllPassSubmitted != 0;
  }
  if (!all_submitted) return fail(fmt::format("not all counted in {} passes", passes));
  HEADROOM_CUPTI_PARAMS(CUpti_RangeProfiler_DecodeData_Params, decode);
  decode.pRangeProfilerObject = ranges.get();
  HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiRangeProfilerDecodeData, decode));
  if (decode.numOfRangeDropped == 0) return {};
  return fail(fmt::format("more than {} kernels in a launch", kMostKernels));
}

Result<std::vector<Values>> values_of(const Cupti& cupti, const Host& host,
                                      const std::vector<std::uint8_t>& data) {
  HEADROOM_CUPTI_PARAMS(CUpti_RangeProfiler_GetCounterDataInfo_Params, info);
  info.pCounterDataImage = data.data();
  info.counterDataImageSize = data.size();
  HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiRangeProfilerGetCounterDataInfo, info));
  std::array<const char*, kMetrics.size()> metrics = kMetrics;
  std::vector<Values> out(info.numTotalRanges);
  for (std::size_t range = 0; range < out.size(); ++range) {
    HEADROOM_CUPTI_PARAMS(CUpti_Profiler_Host_EvaluateToGpuValues_Params, params);
    params.pHostObject = host.get();
    params.pCounterDataImage = data.data();
    params.counterDataImageSize = data.size();
    params.rangeIndex = range;
    params.ppMetricNames = metrics.data();
    params.numMetrics = metrics.size();
    params.pMetricValues = out[range].data();
    HEADROOM_CHECK(HEADROOM_CUPTI_CALL(cupti, cuptiProfilerHostEvaluateToGpuValues, params));
  }
  return out;
}

Result<profile::Counters> sum_of(const std::vector<Values>& kernels) {
  Values sum{};
  for (const Values& each : kernels) {
    sum[read_bytes] += each[read_bytes];
    sum[write_bytes] += each[write_bytes];
    sum[tensor_percent] += each[tensor_percent] * each[nanoseconds];
    sum[nanoseconds] += each[nanoseconds];
  }
  for (const double value : sum) {
    if (!std::isfinite(value)) return fail("CUPTI's figures are not numbers");
  }
  if (sum[nanoseconds] <= 0.0) return fail("CUPTI counted no kernel");
  profile::Counters out;
  out.dram_read_bytes = std::llround(sum[read_bytes]);
  out.dram_write_bytes = std::llround(sum[write_bytes]);
  out.tensor_active_percent = sum[tensor_percent] / sum[nanoseconds];
  return out;
}

}  // namespace

struct Counters::Profiler {
  Cupti cupti;
  std::string chip;
  bool on = false;

  explicit Profiler(Cupti opened) : cupti(opened) {}
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;
  ~Profiler() {
    if (!on) return;
    HEADROOM_CUPTI_PARAMS(CUpti_Profiler_DeInitialize_Params, params);
    (void)HEADROOM_CUPTI_CALL(cupti, cuptiProfilerDeInitialize, params);
  }
};

Result<std::unique_ptr<Counters>> Counters::open(int device) {
  HEADROOM_TRY(Cupti cupti, Cupti::open());
  auto out = std::make_unique<Profiler>(cupti);
  HEADROOM_CUPTI_PARAMS(CUpti_Profiler_Initialize_Params, begin);
  HEADROOM_CHECK(HEADROOM_CUPTI_CALL(out->cupti, cuptiProfilerInitialize, begin));
  out->on = true;
  HEADROOM_CUPTI_PARAMS(CUpti_Device_GetChipName_Params, chip);
  chip.deviceIndex = static_cast<std::size_t>(device);
  HEADROOM_CHECK(HEADROOM_CUPTI_CALL(out->cupti, cuptiDeviceGetChipName, chip));
  out->chip = chip.pChipName;
  HEADROOM_CHECK(check_metrics(out->chip));
  return std::unique_ptr<Counters>(new Counters(std::move(out)));
}

Result<profile::Counters> Counters::measure(const std::function<void()>& launch) {
  const Cupti& cupti = profiler_->cupti;
  HEADROOM_TRY(const Host host, host_of(cupti, profiler_->chip));
  HEADROOM_CHECK(add_metrics(cupti, host, profiler_->chip, kMetrics));
  HEADROOM_TRY(const Schedule schedule, schedule_of(cupti, host));
  HEADROOM_TRY(const Ranges ranges, ranges_of(cupti));
  HEADROOM_TRY(std::vector<std::uint8_t> data, empty_data(cupti, ranges));
  HEADROOM_CHECK(configure(cupti, ranges, schedule, data));
  HEADROOM_CHECK(run_passes(cupti, ranges, schedule.passes, launch));
  HEADROOM_TRY(const std::vector<Values> kernels, values_of(cupti, host, data));
  return sum_of(kernels);
}

Status check_metrics(const std::string& chip, std::span<const char* const> metrics) {
  HEADROOM_TRY(const Cupti cupti, Cupti::open());
  HEADROOM_TRY(const Host host, host_of(cupti, chip));
  HEADROOM_CHECK(add_metrics(cupti, host, chip, metrics));
  return schedule_of(cupti, host).map([](const Schedule& /*ready*/) {});
}

#undef HEADROOM_CUPTI_CALL
#undef HEADROOM_CUPTI_PARAMS

#else

namespace {
constexpr const char* kTooOld = "built with a CUPTI older than version 13";
}  // namespace

struct Counters::Profiler {};

Result<std::unique_ptr<Counters>> Counters::open(int /*device*/) { return fail(kTooOld); }

Result<profile::Counters> Counters::measure(const std::function<void()>& /*launch*/) {
  return fail(kTooOld);
}

Status check_metrics(const std::string& /*chip*/, std::span<const char* const> /*metrics*/) {
  return fail(kTooOld);
}

#endif

Counters::Counters(std::unique_ptr<Profiler> profiler) : profiler_(std::move(profiler)) {}
Counters::~Counters() = default;

}  // namespace headroom::bench
