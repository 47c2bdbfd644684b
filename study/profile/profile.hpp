#pragma once
// Profiles: how fast one device computes shards of attention and matrix products, what passes
// between several, and how fast whole deployments on them were. Schema headroom.profile, version 1:
// docs/profile.md. What is not known is an empty optional, never 0.

#include "sim/core/result.hpp"
#include "sim/cost/element_type.hpp"
#include "sim/cost/fitted_time.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::profile {

inline constexpr const char* kSchema = "headroom.profile";
inline constexpr int kVersion = 1;

enum class DeviceKind : std::uint8_t { cuda, cpu };
inline const std::array<std::string, 2> kDeviceKinds = {"cuda", "cpu"};

enum class Op : std::uint8_t { prefill, chunked_prefill, decode };
inline const std::array<std::string, 3> kOps = {"prefill", "chunked_prefill", "decode"};

using Type = ElementType;
inline const std::array<std::string, 3> kTypes = {"bf16", "fp16", "fp8"};

enum class Lengths : std::uint8_t { equal, uniform, bimodal, lognormal };
inline const std::array<std::string, 4> kLengths = {"equal", "uniform", "bimodal", "lognormal"};

enum class CollectiveOp : std::uint8_t {
  all_reduce,
  all_gather,
  reduce_scatter,
  alltoall,
  send_recv
};
inline const std::array<std::string, 5> kCollectiveOps = {
    "all_reduce", "all_gather", "reduce_scatter", "alltoall", "send_recv"};

using headroom::kTopologies;
using headroom::Topology;

inline const std::array<std::string, 5> kFlags = {"noisy", "drift", "power_capped", "thermal",
                                                  "unsettled"};

inline const std::array<std::string, 2> kSourceKinds = {"measured", "imported"};

/// The name of a value in one of the tables above.
template <class Names, class Value>
[[nodiscard]] const std::string& name_of(const Names& names, Value value) {
  return names[static_cast<std::size_t>(value)];
}

using Text = std::optional<std::string>;
using Number = std::optional<double>;
using Count = std::optional<std::int64_t>;
using Texts = std::optional<std::vector<std::string>>;

struct Source {
  bool imported = false;
  Text name;
  Text license;
  Text location;
  Text note;
};

struct Tool {
  Text version;
  Text revision;
  Text build;
  Text compiler;
  Text cuda_compiler;
  Texts cuda_architectures;
};

struct Device {
  DeviceKind kind = DeviceKind::cuda;
  std::string name;
  Text compute_capability;  // "9.0"
  Count multiprocessors;
  Count threads;  // of a CPU
  Text features;  // of a CPU: "avx2", "scalar"
  Count cache_bytes;
  Count memory_bytes;
  Count memory_bus_bits;
  Text driver;
  Text cuda_runtime;
  Number clock_max_mhz;
  Number memory_clock_mhz;
  Number power_limit_w;
  std::optional<bool> ecc;
  std::optional<bool> mig;
};

struct Libraries {
  Text nvml;
  Text cupti;
  Text cudnn;
  Text nccl;
};

struct Ceilings {
  Number read_bytes_per_s;
  Number copy_bytes_per_s;
  Number matmul_flop_per_s;
  Number exp_per_s;
  Number launch_us;
};

/// Of times in microseconds.
struct Statistics {
  Count n;
  double median_us = 0.0;  // above 0
  std::optional<std::array<double, 2>> median_ci95_us;
  Number mean_us;
  Number stdev_us;
  Number min_us;
  Number p05_us;
  Number p25_us;
  Number p75_us;
  Number p95_us;
  Count launches;  // of one replay; of `hot` alone
};

struct Kernel {
  std::string name;
  Number us;
  Count registers;
  Count shared_bytes;
  std::optional<std::vector<int>> grid;  // blocks in x, y and z
};

struct State {
  Number clock_mhz;
  Number power_w;
  Number temperature_c;
  Texts throttle;
};

struct Counters {
  Text unavailable;  // why; then there is no figure
  Count dram_read_bytes;
  Count dram_write_bytes;
  Number tensor_active_percent;
};

struct Check {
  double relative_error = 0.0;
  Count rows;
};

/// A shard: what one GPU computes of one layer's attention.
struct ShardShape {
  std::int64_t q_heads = 0;
  std::int64_t kv_heads = 0;  // divides q_heads
  std::int64_t head_dim = 0;

  friend auto operator<=>(const ShardShape&, const ShardShape&) = default;
  /// "32/16/128".
  [[nodiscard]] std::string text() const;
};

/// A model and a tensor parallel size with some shape.
struct ShapeUse {
  std::string model;
  int tensor_parallel = 1;
  std::int64_t kv_replication = 1;  // GPUs that hold the same KV head
};

struct Point {
  std::string id;
  Op op = Op::decode;
  std::string implementation;
  std::optional<bool> verified;
  Type type = Type::bf16;
  Type kv_type = Type::bf16;
  ShardShape shape;
  std::int64_t batch = 1;
  std::int64_t q_len = 1;      // of the longest
  std::int64_t kv_len = 1;     // of the longest
  std::int64_t kv_tokens = 1;  // of all sequences
  Lengths lengths = Lengths::equal;
  bool causal = true;
  Count page;  // tokens; 0: contiguous
  std::vector<ShapeUse> from;
  std::int64_t flops = 0;
  std::int64_t bytes = 0;
  std::int64_t scores = 0;
  std::optional<Statistics> cold;
  std::optional<Statistics> hot;
  std::optional<std::vector<Kernel>> kernels;
  std::optional<State> state;
  std::optional<Counters> counters;
  std::optional<Check> check;
  std::vector<std::string> flags;
};

struct Collective {
  CollectiveOp op = CollectiveOp::all_reduce;
  std::string implementation;
  Type type = Type::bf16;
  std::int64_t gpus = 2;
  std::int64_t bytes = 0;  // of each GPU
  double median_us = 0.0;  // above 0
  std::optional<Topology> topology = {};
  Count gpus_per_node = {};  // of those taking part; fewer than `gpus`: it crosses nodes
};

/// A matrix product of m x k by k x n on one GPU: m tokens, n outputs.
struct Matmul {
  std::string implementation;
  Type type = Type::bf16;  // of both factors
  std::int64_t m = 1;
  std::int64_t n = 1;
  std::int64_t k = 1;
  double median_us = 0.0;  // above 0
};

/// Of the latent attention in tables: values of a token that all heads share, and those of them
/// that are rotated.
inline constexpr std::int64_t kLatentRank = 512;
inline constexpr std::int64_t kLatentRope = 64;

/// Multi-head latent attention of one layer on one GPU.
struct LatentPoint {
  Op op = Op::decode;  // or prefill
  std::string implementation;
  Type type = Type::bf16;
  Type kv_type = Type::bf16;
  std::int64_t q_heads = 1;  // of the GPU
  std::int64_t batch = 1;    // sequences
  std::int64_t length = 1;   // tokens of each: new ones of prefill, keys of decode
  double median_us = 0.0;    // above 0
};

/// A deployment as it was served: the judge of predictions for whole models, never fitted to.
struct Served {
  std::string id;
  std::string engine;
  Text engine_version;
  std::string model;
  Text precision;
  std::int64_t input_tokens = 1;   // of a request
  std::int64_t output_tokens = 1;  // of a request
  std::int64_t concurrency = 1;    // requests at a time, of the whole deployment
  std::int64_t tp = 1;             // tensor parallel size, of attention
  std::int64_t pp = 1;             // pipeline stages
  std::int64_t dp = 1;             // data parallel size, of attention
  std::int64_t ep = 1;             // expert parallel size
  Number ttft_ms;                  // time to first token; this or the next is known
  Number tpot_ms;                  // time per output token after the first
};

struct Skipped {
  std::string id;
  std::string reason;
};

struct Profile {
  Source source;
  Text created;  // UTC, "2026-11-23T16:00:00Z"
  bool complete = true;
  Tool tool;
  Device device;
  Libraries libraries;
  Ceilings ceilings;
  std::vector<Point> attention;
  std::vector<Collective> collectives;
  std::vector<Matmul> matmuls;
  std::vector<LatentPoint> latent_attention;
  std::vector<Served> served;
  std::vector<Skipped> skipped;
  std::vector<FittedTime> fits;  // of one key, the first that has measured a size applies to it
};

/// Most of any count in a profile: heads, tokens, bytes, operations.
inline constexpr std::int64_t kMost = std::int64_t{1} << 60U;

/// Most of a deployment that was served, in a profile and in tables.
inline constexpr std::int64_t kMostServedTokens = 10'000'000;  // of a prompt, of an answer
inline constexpr std::int64_t kMostConcurrency = 1'000'000;
inline constexpr std::int64_t kMostParallel = 1024;  // of each size

/// Reads a profile ("-": the standard input). Error: unreadable, no JSON, another schema, version
/// or kind of device, or a key that is missing, of another type or out of range, by its path.
[[nodiscard]] Result<Profile> read_profile(const std::filesystem::path& file);

/// As above, from text; `name` stands for the file in errors.
[[nodiscard]] Result<Profile> parse_profile(std::string_view text, const std::string& name);

/// The JSON text, a line for each point; the same profile gives the same bytes.
[[nodiscard]] std::string profile_json(const Profile& profile);

/// The device as every table names it: "NVIDIA H200 (CUDA)", "AMD EPYC (cpu: not a GPU)".
[[nodiscard]] std::string device_words(const Device& device);

/// What engines see: the hot median where there is one, else the cold one; a profile that was
/// read has one of them.
[[nodiscard]] double engine_us(const Point& point);

}  // namespace headroom::profile
