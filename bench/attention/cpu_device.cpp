#include "bench/attention/arena.hpp"
#include "bench/attention/device.hpp"
#include "bench/attention/host_check.hpp"
#include "kernels/attention/cpu/cpu_attention.hpp"
#include "kernels/cpu/ceilings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <thread>
#include <utility>

namespace headroom::bench {
namespace {

using kernels::AttentionProblem;
using kernels::CpuAttention;
using kernels::CpuFeatures;
using kernels::CpuThreads;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kCachesPassed = 5;  // between two uses of the same inputs
// Processors for servers report what all their cores have together, 480 MiB and more.
constexpr std::size_t kLeastCache = std::size_t{8} << 20;
constexpr std::size_t kMostCache = std::size_t{64} << 20;
constexpr std::size_t kElementBytes = 2;
constexpr int kHotLaunches = 5;
constexpr int kCeilingTries = 5;

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

/// The shortest of a few runs, in seconds.
template <class Work>
double best_seconds(Work work) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kCeilingTries; ++i) {
    const auto start = Clock::now();
    work();
    best = std::min(best, microseconds_since(start) * 1e-6);
  }
  return best;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::size_t last_cache_bytes() {
  const long bytes = ::sysconf(_SC_LEVEL3_CACHE_SIZE);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

class CpuPoint final : public LoadedPoint {
 public:
  CpuPoint(const Point& point, CpuThreads& threads, CpuFeatures features,
           const std::vector<std::uint16_t>& arena)
      : inputs_(point), attention_(threads, features), arena_(arena), extents_(extents_of(point)) {
    out_.resize(extents_.q);
  }

  double time_cold() override {
    const AttentionProblem problem = problem_of(nth_++);
    const auto start = Clock::now();
    attention_.run(problem);
    return microseconds_since(start);
  }

  double time_hot() override {
    const AttentionProblem problem = problem_of(0);
    const auto start = Clock::now();
    for (int i = 0; i < kHotLaunches; ++i) attention_.run(problem);
    return microseconds_since(start) / kHotLaunches;
  }

  int hot_launches() const override { return kHotLaunches; }

  profile::Check check(int rows) override {
    const AttentionProblem problem = problem_of(nth_);
    std::fill(out_.begin(), out_.end(), kPoison);
    attention_.run(problem);
    return check_rows(problem, out_, rows);
  }

 private:
  AttentionProblem problem_of(std::size_t nth) {
    const Slices at = slices_of(extents_, arena_.size(), nth);
    AttentionProblem problem = inputs_.problem();
    problem.q = arena_.data() + at.q;
    problem.k = arena_.data() + at.k;
    problem.v = arena_.data() + at.v;
    problem.out = out_.data();
    return problem;
  }

  HostInputs inputs_;
  CpuAttention attention_;
  const std::vector<std::uint16_t>& arena_;
  Extents extents_;
  std::vector<std::uint16_t> out_;
  std::size_t nth_ = 0;
};

class Cpu final : public Device {
 public:
  explicit Cpu(int threads) : threads_(threads) {
    facts_.kind = profile::DeviceKind::cpu;
    facts_.name = processor_name();
    facts_.threads = threads;
    facts_.features = kernels::cpu_features() == CpuFeatures::avx2 ? "avx2" : "scalar";
    if (const std::size_t bytes = last_cache_bytes(); bytes > 0) {
      facts_.cache_bytes = static_cast<std::int64_t>(bytes);
    }
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    if (pages > 0) facts_.memory_bytes = std::int64_t{pages} * ::sysconf(_SC_PAGE_SIZE);
  }

  const profile::Device& facts() const override { return facts_; }

  std::vector<Implementation> implementations() const override {
    const bool avx2 = kernels::cpu_features() == CpuFeatures::avx2;
    std::vector<Implementation> out;
    if (avx2) out.push_back({"cpu_avx2", "on the CPU, eight floats at a time", true, true});
    out.push_back({"cpu_scalar", "on the CPU, one float at a time", true, !avx2});
    return out;
  }

  Result<profile::Ceilings> measure_ceilings() override {
    profile::Ceilings out;
    const std::vector<std::uint16_t>& memory = arena(filled_.value_or(kernels::ElementType::bf16));
    out.read_bytes_per_s = read_rate(memory);
    out.copy_bytes_per_s = copy_rate(memory);
    const bool avx2 = kernels::cpu_features() == CpuFeatures::avx2;
    out.matmul_flop_per_s =
        rate_of(avx2 ? kernels::multiply_adds_avx2 : kernels::multiply_adds_scalar);
    out.exp_per_s = rate_of(avx2 ? kernels::exponentials_avx2 : kernels::exponentials_scalar);
    constexpr int kJobs = 200;
    out.launch_us = best_seconds([&] {
                      for (int i = 0; i < kJobs; ++i) threads_.run([](int) {});
                    }) *
                    1e6 / kJobs;
    return out;
  }

  Result<std::unique_ptr<LoadedPoint>> load(const Point& point,
                                            const std::string& implementation) override {
    if (point.shape.head_dim % 16 != 0 || point.shape.head_dim > 256) {
      return fail(
          fmt::format("a head_dim of {} is no multiple of 16 up to 256", point.shape.head_dim));
    }
    const std::vector<std::uint16_t>& memory = arena(element_type(point));
    if (extents_of(point).all() > memory.size()) {
      return fail(fmt::format("its inputs are larger than the {} MiB of random numbers",
                              memory.size() * kElementBytes >> 20));
    }
    const auto features = implementation == "cpu_avx2" ? CpuFeatures::avx2 : CpuFeatures::scalar;
    return std::make_unique<CpuPoint>(point, threads_, features, memory);
  }

 private:
  const std::vector<std::uint16_t>& arena(kernels::ElementType type) {
    if (filled_ != type) {
      const std::size_t bytes =
          kCachesPassed * std::clamp(last_cache_bytes(), kLeastCache, kMostCache);
      arena_ = random_elements(type, bytes / kElementBytes);
      filled_ = type;
    }
    return arena_;
  }

  // Each thread takes its part.
  double read_rate(const std::vector<std::uint16_t>& memory) {
    const std::size_t part = memory.size() / static_cast<std::size_t>(threads_.count()) / 32 * 32;
    std::atomic<std::uint64_t> total{0};
    const double seconds = best_seconds([&] {
      threads_.run([&](int thread) {
        const std::uint16_t* from = memory.data() + part * static_cast<std::size_t>(thread);
        total += kernels::read_memory(from, part * kElementBytes);
      });
    });
    return static_cast<double>(part * kElementBytes) * threads_.count() / seconds;
  }

  // Counts what is read and what is written.
  double copy_rate(const std::vector<std::uint16_t>& memory) {
    const std::size_t part = memory.size() / static_cast<std::size_t>(threads_.count());
    std::vector<std::uint16_t> to(memory.size());
    const double seconds = best_seconds([&] {
      threads_.run([&](int thread) {
        const std::size_t first = part * static_cast<std::size_t>(thread);
        std::memcpy(to.data() + first, memory.data() + first, part * kElementBytes);
      });
    });
    return 2.0 * static_cast<double>(part * kElementBytes) * threads_.count() / seconds;
  }

  double rate_of(kernels::Done (*loop)(std::size_t rounds)) {
    constexpr std::size_t kRounds = 1 << 18;
    std::atomic<double> operations{0.0};
    std::atomic<float> kept{0.0F};
    const double seconds = best_seconds([&] {
      operations = 0.0;
      threads_.run([&](int) {
        const kernels::Done done = loop(kRounds);
        operations += done.operations;
        kept += done.result;
      });
    });
    return operations / seconds;
  }

  CpuThreads threads_;
  profile::Device facts_;
  std::vector<std::uint16_t> arena_;
  std::optional<kernels::ElementType> filled_;
};

}  // namespace

std::unique_ptr<Device> open_cpu(int threads) {
  const auto all = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return std::make_unique<Cpu>(threads > 0 ? threads : all);
}

}  // namespace headroom::bench
