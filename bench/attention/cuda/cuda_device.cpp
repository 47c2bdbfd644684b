#include "bench/attention/arena.hpp"
#include "bench/attention/cuda/all_reduce.hpp"
#include "bench/attention/cuda/cuda_point.hpp"
#include "bench/attention/cuda/kernel_times.hpp"
#include "bench/attention/cuda/runtime.hpp"
#include "bench/attention/device.hpp"
#include "bench/attention/nvml.hpp"
#include "kernels/attention/gpu/implementations.hpp"
#include "kernels/device/ceilings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace headroom::bench {
namespace {

using cuda::Buffer;
using cuda::status_of;

constexpr std::size_t kMostArena = std::size_t{24} << 30;
constexpr std::size_t kCeilingBytes = std::size_t{4} << 30;
constexpr int kCeilingTries = 5;
constexpr int kLoopIterations = 4096;
constexpr int kEmptyLaunches = 200;

std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

Result<std::string> cudnn_version() {
  HEADROOM_TRY(const Library library, Library::open(toolkit_places("libcudnn.so.9")));
  HEADROOM_TRY(auto* const version, library.find<std::size_t()>("cudnnGetVersion"));
  const std::size_t code = version();
  return fmt::format("{}.{}.{}", code / 10000, code / 100 % 100, code % 100);
}

profile::Device facts_of(int device) {
  const auto attribute = [&](cudaDeviceAttr which) -> std::int64_t {
    int value = 0;
    cuda::must(cudaDeviceGetAttribute(&value, which, device), "cudaDeviceGetAttribute");
    return value;
  };
  cudaDeviceProp properties{};
  cuda::must(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  int driver = 0;
  int runtime = 0;
  cuda::must(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  cuda::must(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  profile::Device out;
  out.kind = profile::DeviceKind::cuda;
  out.name = properties.name;
  out.compute_capability = fmt::format("{}.{}", properties.major, properties.minor);
  out.multiprocessors = properties.multiProcessorCount;
  out.cache_bytes = properties.l2CacheSize;
  out.memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem);
  out.memory_bus_bits = properties.memoryBusWidth;
  out.driver = "CUDA " + version_text(driver);
  out.cuda_runtime = version_text(runtime);
  out.clock_max_mhz = static_cast<double>(attribute(cudaDevAttrClockRate)) * 1e-3;
  out.memory_clock_mhz = static_cast<double>(attribute(cudaDevAttrMemoryClockRate)) * 1e-3;
  out.ecc = attribute(cudaDevAttrEccEnabled) != 0;
  return out;
}

class Gpu final : public Device {
 public:
  static Result<std::unique_ptr<Device>> open(int device) {
    auto out = std::make_unique<Gpu>();
    out->facts_ = facts_of(device);
    std::array<char, 32> bus{};
    cuda::must(cudaDeviceGetPCIBusId(bus.data(), static_cast<int>(bus.size()), device),
               "cudaDeviceGetPCIBusId");
    out->find_libraries(bus.data());
    return std::unique_ptr<Device>(std::move(out));
  }

  const profile::Device& facts() const override { return facts_; }
  profile::Libraries libraries() const override { return libraries_; }

  std::optional<profile::State> state() const override {
    if (nvml_ == nullptr) return std::nullopt;
    return nvml_->state();
  }

  std::vector<Implementation> implementations() const override {
    std::vector<Implementation> out;
    for (const auto& each : kernels::gpu_implementations()) {
      Implementation one{each.name, each.about, each.verified, each.verified, {}};
      switch (each.meant_for) {
        case kernels::MeantFor::comparison:
          one.by_default = false;
          one.ops = {Op::prefill, Op::chunked_prefill, Op::decode};
          break;
        case kernels::MeantFor::decode:
          one.ops = {Op::decode};
          break;
        case kernels::MeantFor::prefill:
          one.ops = {Op::prefill, Op::chunked_prefill};
          break;
      }
      out.push_back(one);
    }
    return out;
  }

  Result<profile::Ceilings> measure_ceilings() override {
    HEADROOM_CHECK(fill(kernels::ElementType::bf16));
    const std::size_t bytes = std::min(kCeilingBytes, arena_.bytes() / 2) / 16 * 16;
    auto* const from = static_cast<std::byte*>(arena_.get());
    profile::Ceilings out;
    out.read_bytes_per_s = rate(static_cast<double>(bytes), [&](cudaStream_t stream) {
      (void)kernels::launch_read(from, bytes, sink<std::uint32_t>(), stream);
    });
    // Of random numbers to where random numbers were.
    out.copy_bytes_per_s = rate(2.0 * static_cast<double>(bytes), [&](cudaStream_t stream) {
      (void)kernels::launch_copy(from, from + arena_.bytes() / 2 / 16 * 16, bytes, stream);
    });
    out.matmul_flop_per_s = loop_rate([&](cudaStream_t stream) {
      return kernels::launch_matmul_loop(kernels::ElementType::bf16, kLoopIterations, sink<float>(),
                                         stream);
    });
    out.exp_per_s = loop_rate([&](cudaStream_t stream) {
      return kernels::launch_exp2_loop(kLoopIterations, sink<float>(), stream);
    });
    out.launch_us = 1e6 / rate(kEmptyLaunches, [](cudaStream_t stream) {
                      for (int i = 0; i < kEmptyLaunches; ++i) (void)kernels::launch_empty(stream);
                    });
    return out;
  }

  int gpus() const override {
    int count = 0;
    cuda::must(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
    return count;
  }

  Result<std::vector<profile::Collective>> measure_all_reduce(int gpus) override {
    if (nccl_ == nullptr) return fail("NCCL is " + libraries_.nccl.value_or("missing"));
    return nccl_->measure_all_reduce(gpus);
  }

  Result<std::unique_ptr<LoadedPoint>> load(const Point& point,
                                            const std::string& implementation) override {
    HEADROOM_CHECK(fill(element_type(point)));
    const auto& all = kernels::gpu_implementations();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const auto& each) { return implementation == each.name; });
    if (found == all.end()) return fail("there is no such implementation");
    return cuda::load_point(point, *found, arena_,
                            {static_cast<int>(*facts_.multiprocessors),
                             static_cast<std::size_t>(*facts_.cache_bytes), kernel_times_.get()});
  }

 private:
  void find_libraries(const std::string& bus) {
    if (auto nvml = Nvml::open(bus)) {
      nvml_ = *std::move(nvml);
      nvml_->describe(facts_);
      libraries_.nvml = nvml_->version();
    } else {
      libraries_.nvml = "missing: " + nvml.error().message;
    }
    if (auto times = KernelTimes::open()) {
      kernel_times_ = *std::move(times);
      libraries_.cupti = kernel_times_->version();
    } else {
      libraries_.cupti = "missing: " + times.error().message;
    }
    if (auto nccl = Nccl::open()) {
      nccl_ = *std::move(nccl);
      libraries_.nccl = nccl_->version();
    } else {
      libraries_.nccl = "missing: " + nccl.error().message;
    }
    const auto cudnn = cudnn_version();
    libraries_.cudnn = cudnn ? *cudnn : "missing: " + cudnn.error().message;
  }

  // As large as there is memory for: the larger, the longer until inputs come back.
  static Result<Buffer> largest_arena() {
    std::size_t free = 0;
    std::size_t total = 0;
    HEADROOM_CHECK(status_of(cudaMemGetInfo(&free, &total), "cudaMemGetInfo"));
    return Buffer::of(std::min(kMostArena, free / 10 * 6) / 512 * 512);
  }

  Status fill(kernels::ElementType type) {
    if (filled_ == type) return {};
    if (arena_.bytes() == 0) {
      HEADROOM_TRY(arena_, largest_arena());
    }
    if (kernels::launch_fill_normal(type, arena_.get(), arena_.bytes() / 2, 1, nullptr) !=
        kernels::Status::ok) {
      return fail("the memory of random numbers could not be filled");
    }
    HEADROOM_CHECK(status_of(cudaDeviceSynchronize(), "launch_fill_normal"));
    filled_ = type;
    return {};
  }

  // Loops are told where to write what they never write: over a number of the arena.
  template <class Value>
  Value* sink() {
    return static_cast<Value*>(arena_.get());
  }

  /// The best of a few runs after one to warm up, of so many operations each.
  template <class Launch>
  static double rate(double operations, Launch launch) {
    cuda::Stopwatch watch;
    double best_us = std::numeric_limits<double>::infinity();
    for (int i = 0; i <= kCeilingTries; ++i) {
      watch.start(nullptr);
      launch(cudaStream_t{nullptr});
      watch.stop(nullptr);
      const double us = watch.us();
      cuda::must(cudaGetLastError(), "a ceiling's launch");
      if (i > 0) best_us = std::min(best_us, us);
    }
    return operations / best_us * 1e6;
  }

  template <class Launch>
  static double loop_rate(Launch launch) {
    double operations = 0.0;
    const double per_s =
        rate(1.0, [&](cudaStream_t stream) { operations = launch(stream).operations; });
    return operations * per_s;
  }

  profile::Device facts_;
  profile::Libraries libraries_;
  std::unique_ptr<Nvml> nvml_;
  std::unique_ptr<KernelTimes> kernel_times_;
  std::unique_ptr<Nccl> nccl_;
  Buffer arena_;
  std::optional<kernels::ElementType> filled_;
};

}  // namespace

Result<std::unique_ptr<Device>> open_cuda() {
  int count = 0;
  HEADROOM_CHECK(status_of(cudaGetDeviceCount(&count), "cudaGetDeviceCount"));
  if (count == 0) return fail("there is no GPU");
  constexpr int kDevice = 0;
  HEADROOM_CHECK(status_of(cudaSetDevice(kDevice), "cudaSetDevice"));
  return Gpu::open(kDevice);
}

}  // namespace headroom::bench
