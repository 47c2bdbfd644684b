#include "bench/attention/cuda/cuda_point.hpp"

#include "bench/attention/arena.hpp"
#include "bench/attention/cuda/counters.hpp"
#include "bench/attention/cuda/plain_check.hpp"
#include "bench/attention/cuda/tables.hpp"
#include "bench/attention/host_check.hpp"
#include "kernels/device/ceilings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace headroom::bench::cuda {
namespace {

using kernels::AttentionProblem;
using kernels::GpuImplementation;

constexpr std::size_t kElementBytes = 2;
constexpr std::size_t kCachesPassed = 5;  // between two uses of the same inputs
constexpr int kMostHotLaunches = 20;
constexpr double kHotUs = 20'000.0;
constexpr int kMostAttempts = 3;
constexpr int kRecordedLaunches = 5;
constexpr int kPoisonByte = 0xFF;  // twice: NaN of both element types

class CudaPoint final : public LoadedPoint {
 public:
  CudaPoint(const Point& point, const GpuImplementation& implementation, const Buffer& arena,
            const Surroundings& around)
      : host_(point),
        implementation_(implementation),
        arena_(arena),
        around_(around),
        extents_(extents_of(point)) {}

  Status prepare() {
    if (extents_.all() * kElementBytes > arena_.bytes()) {
      return fail("its inputs are larger than the memory of random numbers");
    }
    if (!implementation_.supports(host_.problem())) {
      return fail(fmt::format("'{}' does not take this shape, or not on this GPU: it needs {}",
                              implementation_.name, implementation_.needs));
    }
    HEADROOM_TRY(tables_, Tables::of(host_.problem()));
    HEADROOM_TRY(out_, Buffer::of(extents_.q * kElementBytes));
    HEADROOM_TRY(probes_, Buffer::of(2 * sizeof(kernels::ClockProbe)));
    HEADROOM_TRY(workspace_, Buffer::of(implementation_.workspace_bytes(host_.problem(),
                                                                        around_.multiprocessors)));
    // Where launches by turns come back too soon, something else passes through the cache.
    const std::size_t places = arena_.bytes() / kElementBytes / extents_.all();
    const std::size_t passes = places * extents_.all() * kElementBytes;
    if (passes < kCachesPassed * around_.cache_bytes) {
      HEADROOM_TRY(flushed_, Buffer::of(2 * around_.cache_bytes));
    }
    cudaStream_t stream = nullptr;
    HEADROOM_CHECK(status_of(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
                             "cudaStreamCreateWithFlags"));
    stream_.reset(stream);
    // Copies from the host are ordered with the default stream, and this stream with neither.
    HEADROOM_CHECK(status_of(cudaStreamSynchronize(nullptr), "cudaStreamSynchronize"));
    launch(0);
    return status_of(cudaStreamSynchronize(stream), implementation_.name);
  }

  double time_cold() override {
    last_cold_us_ = timed(flushed_.bytes() > 0, [&] { launch(nth_++); });
    return last_cold_us_;
  }

  double time_hot() override {
    if (graph_ == nullptr) capture();
    probe_clock(0);
    const double us = timed(
        false, [&] { must(cudaGraphLaunch(graph_.get(), stream_.get()), "cudaGraphLaunch"); });
    probe_clock(1);
    return us / hot_launches_;
  }

  int hot_launches() const override { return hot_launches_; }

  std::optional<double> clock_mhz() const override {
    std::array<kernels::ClockProbe, 2> read{};
    must(cudaStreamSynchronize(stream_.get()), "cudaStreamSynchronize");
    must(cudaMemcpy(read.data(), probes_.get(), sizeof read, cudaMemcpyDeviceToHost), "cudaMemcpy");
    const auto& [before, after] = read;
    const std::int64_t ns = after.nanoseconds - before.nanoseconds;
    // Cycles of different multiprocessors are not comparable.
    if (ns <= 0 || before.multiprocessor != after.multiprocessor) return std::nullopt;
    return static_cast<double>(after.cycles - before.cycles) / static_cast<double>(ns) * 1e3;
  }

  std::optional<std::vector<profile::Kernel>> kernels() override {
    if (around_.kernel_times == nullptr) return std::nullopt;
    return around_.kernel_times->record([&] {
      for (int i = 0; i < kRecordedLaunches; ++i) launch(nth_++);
      must(cudaStreamSynchronize(stream_.get()), implementation_.name);
    });
  }

  std::optional<profile::Counters> counters() override {
    const Result<profile::Counters> counted = count();
    if (counted) return *counted;
    profile::Counters out;
    out.unavailable = counted.error().message;
    return out;
  }

  profile::Check check(int rows) override {
    const AttentionProblem problem = problem_of(nth_);
    must(cudaMemsetAsync(out_.get(), kPoisonByte, out_.bytes(), stream_.get()), "cudaMemsetAsync");
    launch(nth_);
    must(cudaStreamSynchronize(stream_.get()), implementation_.name);
    return check_against_plain(host_.problem(), problem, rows);
  }

 private:
  AttentionProblem problem_of(std::size_t nth) const {
    const Slices at = slices_of(extents_, arena_.bytes() / kElementBytes, nth);
    const auto* const elements = static_cast<const std::uint16_t*>(arena_.get());
    AttentionProblem problem = host_.problem();
    tables_.put_in(problem);
    problem.q = elements + at.q;
    problem.k = elements + at.k;
    problem.v = elements + at.v;
    problem.out = out_.get();
    return problem;
  }

  void launch(std::size_t nth) {
    const auto status = implementation_.launch(problem_of(nth), workspace_.get(),
                                               workspace_.bytes(), stream_.get());
    if (status == kernels::Status::ok) return;
    must(cudaGetLastError(), implementation_.name);
    fmt::print(stderr, "headroom-attention-bench: {}: {}\n", implementation_.name,
               status_text(status));
    std::_Exit(3);
  }

  /// Microseconds on the device of what is queued behind the gate.
  template <class Queue>
  double timed(bool flush, Queue queue) {
    for (int attempt = 0;; ++attempt) {
      if (flush) {
        must(cudaMemsetAsync(flushed_.get(), 0, flushed_.bytes(), stream_.get()),
             "cudaMemsetAsync");
      }
      if (gated_) gate_.close(stream_.get());
      watch_.start(stream_.get());
      queue();
      watch_.stop(stream_.get());
      gate_.open();
      must(cudaStreamSynchronize(stream_.get()), implementation_.name);
      if (!gated_ || !gate_.gave_up()) return watch_.us();
      // A tool that makes launches wait for the device (a profiler's replay, CUDA_LAUNCH_BLOCKING)
      // never lets the gate open in time.
      gated_ = attempt + 1 < kMostAttempts;
    }
  }

  Result<profile::Counters> count() {
    int device = 0;
    must(cudaGetDevice(&device), "cudaGetDevice");
    HEADROOM_TRY(const auto counters, Counters::open(device));
    // Read and not written: the launch would be counted the bytes that the cache had yet to write.
    if (flushed_.bytes() > 0 && kernels::launch_read(flushed_.get(), flushed_.bytes() / 16 * 16,
                                                     static_cast<std::uint32_t*>(out_.get()),
                                                     stream_.get()) != kernels::Status::ok) {
      must(cudaGetLastError(), "launch_read");
    }
    must(cudaStreamSynchronize(stream_.get()), "launch_read");
    return counters->measure([&] {
      launch(nth_++);
      must(cudaStreamSynchronize(stream_.get()), implementation_.name);
    });
  }

  void probe_clock(int nth) {
    auto* const probe = static_cast<kernels::ClockProbe*>(probes_.get()) + nth;
    if (kernels::launch_clock_probe(probe, stream_.get()) == kernels::Status::ok) return;
    must(cudaGetLastError(), "launch_clock_probe");
  }

  // As many launches as make 20 ms, so that long ones do not take the sweep's time.
  void capture() {
    hot_launches_ = std::clamp(static_cast<int>(kHotUs / last_cold_us_), 1, kMostHotLaunches);
    cudaGraph_t graph = nullptr;
    must(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal),
         "cudaStreamBeginCapture");
    for (int i = 0; i < hot_launches_; ++i) launch(static_cast<std::size_t>(i));
    must(cudaStreamEndCapture(stream_.get(), &graph), "cudaStreamEndCapture");
    cudaGraphExec_t ready = nullptr;
    must(cudaGraphInstantiate(&ready, graph, 0), "cudaGraphInstantiate");
    graph_.reset(ready);
    cudaGraphDestroy(graph);
    must(cudaGraphLaunch(ready, stream_.get()), "cudaGraphLaunch");  // warm
    must(cudaStreamSynchronize(stream_.get()), implementation_.name);
  }

  HostInputs host_;
  const GpuImplementation& implementation_;
  const Buffer& arena_;
  Surroundings around_;
  Extents extents_;
  Tables tables_;
  Buffer out_;
  Buffer workspace_;
  Buffer flushed_;
  Buffer probes_;  // of the clock, before and after the newest replay
  Stream stream_;
  Graph graph_;
  Stopwatch watch_;
  Gate gate_;
  std::size_t nth_ = 0;
  double last_cold_us_ = 1.0;
  int hot_launches_ = 1;
  bool gated_ = true;
};

}  // namespace

Result<std::unique_ptr<LoadedPoint>> load_point(const Point& point,
                                                const GpuImplementation& implementation,
                                                const Buffer& arena, const Surroundings& around) {
  auto out = std::make_unique<CudaPoint>(point, implementation, arena, around);
  HEADROOM_CHECK(out->prepare());
  return out;
}

}  // namespace headroom::bench::cuda
