#include "bench/attention/cuda/all_reduce.hpp"

#include "bench/attention/cuda/runtime.hpp"
#include "bench/attention/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace headroom::bench {

// The part of NCCL's interface that is used here, from its public reference
// (docs.nvidia.com/deeplearning/nccl): not every toolkit brings nccl.h.
namespace {

using Code = int;  // ncclResult_t, 0: success
using Comm = struct NcclComm*;
constexpr int kBf16 = 9;  // ncclBfloat16
constexpr int kSum = 0;   // ncclSum

constexpr std::size_t kLeastBytes = std::size_t{1} << 10;
constexpr std::size_t kMostBytes = std::size_t{256} << 20;
constexpr int kCalls = 20;  // in a graph
constexpr std::size_t kReplays = 20;
constexpr std::size_t kLeastReplays = 5;  // where those take longer than
constexpr double kMostUs = 500'000.0;
constexpr int kMostTries = 60;
constexpr std::size_t kElementBytes = 2;
constexpr int kMantissaBits = 7;
constexpr int kInputByte = 0x80;  // twice: -2^-126 in bf16, of which sums of up to 256 are exact
constexpr int kPoisonByte = 0xFF;

}  // namespace

struct Nccl::Functions {
  explicit Functions(Library opened) : library(opened) {}

  Library library;
  Code (*version)(int*) = nullptr;
  const char* (*text)(Code) = nullptr;
  Code (*init_all)(Comm*, int count, const int* devices) = nullptr;
  Code (*destroy)(Comm) = nullptr;
  Code (*group_start)() = nullptr;
  Code (*group_end)() = nullptr;
  Code (*all_reduce)(const void* from, void* to, std::size_t count, int type, int op, Comm,
                     cudaStream_t) = nullptr;
};

namespace {

using cuda::Buffer;
using cuda::must;
using cuda::status_of;

Status status(const Nccl::Functions& f, Code code, const char* call) {
  if (code == 0) return {};
  return fail(fmt::format("{}: {}", call, f.text(code)));
}

/// Makes the current device what it was before.
class DeviceGuard {
 public:
  DeviceGuard() { must(cudaGetDevice(&device_), "cudaGetDevice"); }
  ~DeviceGuard() { cudaSetDevice(device_); }
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  int device_ = 0;
};

/// A GPU with what it reduces.
struct Rank {
  int device = 0;
  Buffer from;
  Buffer to;
  cuda::Stream stream;
  cuda::Graph graph;
  cuda::Stopwatch watch;
  cuda::Gate gate;

  void select() const { must(cudaSetDevice(device), "cudaSetDevice"); }
};

Result<std::unique_ptr<Rank>> rank_of(int device) {
  HEADROOM_CHECK(status_of(cudaSetDevice(device), "cudaSetDevice"));
  auto out = std::make_unique<Rank>();  // its events and flags belong to the current device
  out->device = device;
  HEADROOM_TRY(out->from, Buffer::of(kMostBytes));
  HEADROOM_TRY(out->to, Buffer::of(kMostBytes));
  must(cudaMemset(out->from.get(), kInputByte, kMostBytes), "cudaMemset");
  cudaStream_t stream = nullptr;
  HEADROOM_CHECK(status_of(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
                           "cudaStreamCreateWithFlags"));
  out->stream.reset(stream);
  must(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  return out;
}

/// GPUs that reduce together, driven by this one thread.
class Group {
 public:
  explicit Group(const Nccl::Functions& functions) : f_(functions) {}
  ~Group() {
    for (const auto& rank : ranks_) rank->graph.reset();  // else NCCL waits for them
    for (Comm comm : comms_) f_.destroy(comm);
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  Status begin(int gpus) {
    std::vector<int> devices;
    for (int device = 0; device < gpus; ++device) {
      devices.push_back(device);
      HEADROOM_TRY(auto rank, rank_of(device));
      ranks_.push_back(std::move(rank));
    }
    std::vector<Comm> comms(devices.size(), nullptr);
    HEADROOM_CHECK(status(f_, f_.init_all(comms.data(), gpus, devices.data()), "ncclCommInitAll"));
    comms_ = std::move(comms);
    return {};
  }

  /// Microseconds of a call.
  Result<double> time(std::size_t bytes) {
    // What NCCL sets up at the first call of a size must not be captured.
    HEADROOM_CHECK(check(bytes));
    HEADROOM_CHECK(capture(bytes));
    replay();  // warm
    std::vector<double> times;
    double spent_us = 0.0;
    for (int i = 0; i < kMostTries && times.size() < kReplays; ++i) {
      if (times.size() >= kLeastReplays && spent_us > kMostUs) break;
      const double us = replay();
      const bool is_void = std::any_of(ranks_.begin(), ranks_.end(),
                                       [](const auto& rank) { return rank->gate.gave_up(); });
      if (!is_void) times.push_back(us);
      spent_us += us * kCalls;
    }
    if (times.size() < kLeastReplays) return fail("GPUs did not wait for one another to begin");
    return summarize(std::move(times)).median;
  }

 private:
  Status call(std::size_t bytes) {
    HEADROOM_CHECK(status(f_, f_.group_start(), "ncclGroupStart"));
    for (std::size_t i = 0; i < ranks_.size(); ++i) {
      const Rank& rank = *ranks_[i];
      HEADROOM_CHECK(status(f_,
                            f_.all_reduce(rank.from.get(), rank.to.get(), bytes / kElementBytes,
                                          kBf16, kSum, comms_[i], rank.stream.get()),
                            "ncclAllReduce"));
    }
    return status(f_, f_.group_end(), "ncclGroupEnd");
  }

  void synchronize() const {
    for (const auto& rank : ranks_) {
      must(cudaStreamSynchronize(rank->stream.get()), "an all-reduce");
    }
  }

  /// One call, on poisoned outputs. The sum of 2^k equal numbers has an exponent larger by k.
  Status check(std::size_t bytes) {
    for (const auto& rank : ranks_) {
      rank->select();
      must(cudaMemset(rank->to.get(), kPoisonByte, bytes), "cudaMemset");
      must(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    }
    HEADROOM_CHECK(call(bytes));
    synchronize();
    int expected = kInputByte << 8 | kInputByte;
    for (std::size_t n = ranks_.size(); n > 1; n /= 2) expected += 1 << kMantissaBits;
    std::vector<std::uint16_t> sums(bytes / kElementBytes);
    for (const auto& rank : ranks_) {
      rank->select();
      must(cudaMemcpy(sums.data(), rank->to.get(), bytes, cudaMemcpyDeviceToHost), "cudaMemcpy");
      if (std::any_of(sums.begin(), sums.end(), [&](auto sum) { return sum != expected; })) {
        return fail(fmt::format("wrong: a sum of {} bytes on GPU {}", bytes, rank->device));
      }
    }
    return {};
  }

  Status capture(std::size_t bytes) {
    for (const auto& rank : ranks_) {
      must(cudaStreamBeginCapture(rank->stream.get(), cudaStreamCaptureModeThreadLocal),
           "cudaStreamBeginCapture");
    }
    Status done;
    for (int i = 0; i < kCalls && done; ++i) done = call(bytes);
    for (const auto& rank : ranks_) {  // each of them ends, also after an error
      rank->select();
      cudaGraph_t graph = nullptr;
      cudaGraphExec_t ready = nullptr;
      const auto ended = cudaStreamEndCapture(rank->stream.get(), &graph);
      if (done) done = status_of(ended, "cudaStreamEndCapture");
      if (done) done = status_of(cudaGraphInstantiate(&ready, graph, 0), "cudaGraphInstantiate");
      rank->graph.reset(ready);
      if (graph != nullptr) cudaGraphDestroy(graph);
    }
    return done;
  }

  /// Microseconds of a call on the slowest GPU. All begin when their gates open, one right after
  /// the other: else the first would wait until the host has launched the last.
  double replay() {
    for (const auto& rank : ranks_) {
      rank->select();
      rank->gate.close(rank->stream.get());
      rank->watch.start(rank->stream.get());
      must(cudaGraphLaunch(rank->graph.get(), rank->stream.get()), "cudaGraphLaunch");
      rank->watch.stop(rank->stream.get());
    }
    for (const auto& rank : ranks_) rank->gate.open();
    synchronize();
    double slowest = 0.0;
    for (const auto& rank : ranks_) slowest = std::max(slowest, rank->watch.us());
    return slowest / kCalls;
  }

  const Nccl::Functions& f_;
  std::vector<std::unique_ptr<Rank>> ranks_;
  std::vector<Comm> comms_;
};

}  // namespace

Nccl::Nccl(std::unique_ptr<Functions> functions) : functions_(std::move(functions)) {}
Nccl::~Nccl() = default;

Result<std::unique_ptr<Nccl>> Nccl::open() {
  HEADROOM_TRY(Library library, Library::open(toolkit_places("libnccl.so.2")));
  auto out = std::make_unique<Functions>(library);
  const auto load = [&](auto& function, const char* name) -> Status {
    using Pointer = std::remove_reference_t<decltype(function)>;
    HEADROOM_TRY(function, library.find<std::remove_pointer_t<Pointer>>(name));
    return {};
  };
  HEADROOM_CHECK(load(out->version, "ncclGetVersion"));
  HEADROOM_CHECK(load(out->text, "ncclGetErrorString"));
  HEADROOM_CHECK(load(out->init_all, "ncclCommInitAll"));
  HEADROOM_CHECK(load(out->destroy, "ncclCommDestroy"));
  HEADROOM_CHECK(load(out->group_start, "ncclGroupStart"));
  HEADROOM_CHECK(load(out->group_end, "ncclGroupEnd"));
  HEADROOM_CHECK(load(out->all_reduce, "ncclAllReduce"));
  return std::unique_ptr<Nccl>(new Nccl(std::move(out)));
}

std::string Nccl::version() const {
  int version = 0;
  if (functions_->version(&version) != 0) return "unknown";
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

Result<std::vector<profile::Collective>> Nccl::measure_all_reduce(int gpus) const {
  const DeviceGuard guard;
  Group group(*functions_);
  HEADROOM_CHECK(group.begin(gpus));
  std::vector<profile::Collective> out;
  for (std::size_t bytes = kLeastBytes; bytes <= kMostBytes; bytes *= 4) {
    profile::Collective each;
    each.implementation = "nccl " + version();
    each.gpus = gpus;
    each.gpus_per_node = gpus;
    each.bytes = static_cast<std::int64_t>(bytes);
    HEADROOM_TRY(each.median_us, group.time(bytes));
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace headroom::bench
