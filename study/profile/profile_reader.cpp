#include "study/input_file.hpp"
#include "study/json_fields.hpp"
#include "study/profile/fits_io.hpp"
#include "study/profile/profile.hpp"
#include "study/profile/shape_use.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace headroom::profile {
namespace {

constexpr double kMostReal = 1e18;
constexpr int kMostSmall = 1'000'000'000;

/// Reading of `key` with a method of JsonFields where it is not null.
template <class Value, class... More>
std::optional<Value> if_known(const JsonFields& fields, const char* key,
                              Value (JsonFields::*read)(const char*, More...) const, More... more) {
  if (!fields.known(key)) return std::nullopt;
  return (fields.*read)(key, more...);
}

Text text_if(const JsonFields& f, const char* key) { return if_known(f, key, &JsonFields::text); }
Texts texts_if(const JsonFields& f, const char* key) {
  return if_known(f, key, &JsonFields::texts);
}
std::optional<bool> flag_if(const JsonFields& f, const char* key) {
  return if_known(f, key, &JsonFields::flag);
}
Count count_if(const JsonFields& f, const char* key) {
  return if_known(f, key, &JsonFields::number, std::int64_t{0}, kMost);
}
Number real_if(const JsonFields& f, const char* key) {
  return if_known(f, key, &JsonFields::real, 0.0, kMostReal);
}

/// What `read` makes of the object there, where it is not null.
template <class Read>
auto object_if(const JsonFields& f, const char* key, Read read)
    -> std::optional<decltype(read(f))> {
  if (!f.known(key)) return std::nullopt;
  return read(f.object(key));
}

std::int64_t positive(const JsonFields& f, const char* key) { return f.number(key, 1, kMost); }

// A time that others are divided by.
double median(const JsonFields& f) {
  constexpr double kLeast = 1e-6;
  return f.real("median_us", kLeast, kMostReal);
}

Source source(const JsonFields& f) {
  return {f.choice("kind", kSourceKinds) == 1, text_if(f, "name"), text_if(f, "license"),
          text_if(f, "location"), text_if(f, "note")};
}

Tool tool(const JsonFields& f) {
  return {text_if(f, "version"),  text_if(f, "revision"),      text_if(f, "build"),
          text_if(f, "compiler"), text_if(f, "cuda_compiler"), texts_if(f, "cuda_architectures")};
}

Device device(const JsonFields& f) {
  Device out;
  out.kind = static_cast<DeviceKind>(f.choice("kind", kDeviceKinds));
  out.name = some_text(f, "name");
  out.compute_capability = text_if(f, "compute_capability");
  out.multiprocessors = count_if(f, "multiprocessors");
  out.threads = count_if(f, "threads");
  out.features = text_if(f, "features");
  out.cache_bytes = count_if(f, "cache_bytes");
  out.memory_bytes = count_if(f, "memory_bytes");
  out.memory_bus_bits = count_if(f, "memory_bus_bits");
  out.driver = text_if(f, "driver");
  out.cuda_runtime = text_if(f, "cuda_runtime");
  out.clock_max_mhz = real_if(f, "clock_max_mhz");
  out.memory_clock_mhz = real_if(f, "memory_clock_mhz");
  out.power_limit_w = real_if(f, "power_limit_w");
  out.ecc = flag_if(f, "ecc");
  out.mig = flag_if(f, "mig");
  return out;
}

Libraries libraries(const JsonFields& f) {
  return {text_if(f, "nvml"), text_if(f, "cupti"), text_if(f, "cudnn"), text_if(f, "nccl")};
}

Ceilings ceilings(const JsonFields& f) {
  return {real_if(f, "read_bytes_per_s"), real_if(f, "copy_bytes_per_s"),
          real_if(f, "matmul_flop_per_s"), real_if(f, "exp_per_s"), real_if(f, "launch_us")};
}

std::optional<std::array<double, 2>> interval(const JsonFields& f, const char* key) {
  if (!f.known(key)) return std::nullopt;
  const std::vector<double> ends = f.reals(key, 0.0, kMostReal);
  if (ends.size() == 2 && ends[0] <= ends[1]) return std::array<double, 2>{ends[0], ends[1]};
  f.reject(key, "two numbers, the smaller first");
  return std::nullopt;
}

Statistics cold_statistics(const JsonFields& f) {
  Statistics out;
  out.n = count_if(f, "n");
  out.median_us = median(f);
  out.median_ci95_us = interval(f, "median_ci95_us");
  out.mean_us = real_if(f, "mean_us");
  out.stdev_us = real_if(f, "stdev_us");
  out.min_us = real_if(f, "min_us");
  out.p05_us = real_if(f, "p05_us");
  out.p25_us = real_if(f, "p25_us");
  out.p75_us = real_if(f, "p75_us");
  out.p95_us = real_if(f, "p95_us");
  return out;
}

Statistics hot_statistics(const JsonFields& f) {
  Statistics out = cold_statistics(f);
  out.launches = count_if(f, "launches");
  return out;
}

std::optional<std::vector<int>> grid(const JsonFields& f) {
  if (!f.known("grid")) return std::nullopt;
  std::vector<int> out = f.small_numbers("grid", 1, kMostSmall);
  if (out.size() != 3) f.reject("grid", "three numbers");
  return out;
}

std::optional<std::vector<Kernel>> kernels(const JsonFields& f) {
  if (!f.known("kernels")) return std::nullopt;
  std::vector<Kernel> out;
  for (const JsonFields& entry : f.objects("kernels")) {
    out.push_back({some_text(entry, "name"), real_if(entry, "us"), count_if(entry, "registers"),
                   count_if(entry, "shared_bytes"), grid(entry)});
  }
  return out;
}

State state(const JsonFields& f) {
  return {real_if(f, "clock_mhz"), real_if(f, "power_w"), real_if(f, "temperature_c"),
          texts_if(f, "throttle")};
}

Counters counters(const JsonFields& f) {
  if (f.has("unavailable")) return {some_text(f, "unavailable"), {}, {}, {}};
  return {{},
          count_if(f, "dram_read_bytes"),
          count_if(f, "dram_write_bytes"),
          real_if(f, "tensor_active_percent")};
}

Check check(const JsonFields& f) {
  return {f.real("relative_error", 0.0, kMostReal), count_if(f, "rows")};
}

std::vector<std::string> flags(const JsonFields& f) {
  std::vector<std::string> out = f.texts("flags");
  for (const std::string& flag : out) {
    if (std::find(kFlags.begin(), kFlags.end(), flag) == kFlags.end()) {
      f.reject("flags", fmt::format("a list of {}, not '{}'", fmt::join(kFlags, ", "),
                                    plain_text(flag, 40)));
    }
  }
  return out;
}

// Whether heads and lengths can be what the operation says.
void check_shape(const JsonFields& f, const Point& p) {
  if (p.shape.q_heads % p.shape.kv_heads != 0) {
    f.reject("kv_heads", fmt::format("a divisor of q_heads, {}", p.shape.q_heads));
  }
  if (p.op == Op::decode && p.q_len != 1) f.reject("q_len", "1, as op is decode");
  if (p.op == Op::prefill && p.q_len != p.kv_len) {
    f.reject("q_len", fmt::format("kv_len, {}, as op is prefill", p.kv_len));
  }
  if (p.op == Op::chunked_prefill && p.q_len >= p.kv_len) {
    f.reject("q_len", fmt::format("below kv_len, {}, as op is chunked_prefill", p.kv_len));
  }
  // Division, as the product may be too large.
  const bool fits = p.kv_tokens >= p.kv_len && (p.kv_tokens - 1) / p.batch < p.kv_len;
  if (!fits) f.reject("kv_tokens", "from kv_len to batch x kv_len");
  const bool full = p.kv_tokens % p.batch == 0 && p.kv_tokens / p.batch == p.kv_len;
  if (p.lengths == Lengths::equal && !full) {
    f.reject("kv_tokens", "batch x kv_len, as lengths are equal");
  }
}

Point point(const JsonFields& f) {
  Point out;
  out.id = some_text(f, "id");
  out.op = static_cast<Op>(f.choice("op", kOps));
  out.implementation = some_text(f, "implementation");
  out.verified = flag_if(f, "verified");
  out.type = static_cast<Type>(f.choice("type", kTypes));
  out.kv_type = static_cast<Type>(f.choice("kv_type", kTypes));
  out.shape = {positive(f, "q_heads"), positive(f, "kv_heads"), positive(f, "head_dim")};
  out.batch = positive(f, "batch");
  out.q_len = positive(f, "q_len");
  out.kv_len = positive(f, "kv_len");
  out.kv_tokens = positive(f, "kv_tokens");
  out.lengths = static_cast<Lengths>(f.choice("lengths", kLengths));
  out.causal = f.flag("causal");
  out.page = count_if(f, "page");
  check_shape(f, out);
  out.from = read_uses(f);
  out.flops = positive(f, "flops");
  out.bytes = positive(f, "bytes");
  out.scores = positive(f, "scores");
  out.cold = object_if(f, "cold", cold_statistics);
  out.hot = object_if(f, "hot", hot_statistics);
  if (!out.cold && !out.hot) f.reject("hot", "statistics where cold is null");
  out.kernels = kernels(f);
  out.state = object_if(f, "state", state);
  out.counters = object_if(f, "counters", counters);
  out.check = object_if(f, "check", check);
  out.flags = flags(f);
  return out;
}

std::optional<Topology> topology(const JsonFields& f) {
  if (!f.known("topology")) return std::nullopt;
  return static_cast<Topology>(f.choice("topology", kTopologies));
}

Count gpus_per_node(const JsonFields& f, std::int64_t gpus) {
  if (!f.known("gpus_per_node")) return std::nullopt;
  const std::int64_t out = positive(f, "gpus_per_node");
  if (out > gpus) f.reject("gpus_per_node", fmt::format("at most gpus, {}", gpus));
  return out;
}

Collective collective(const JsonFields& f) {
  Collective out;
  out.op = static_cast<CollectiveOp>(f.choice("op", kCollectiveOps));
  out.implementation = some_text(f, "implementation");
  out.type = static_cast<Type>(f.choice("type", kTypes));
  out.gpus = f.number("gpus", 2, kMost);
  out.bytes = positive(f, "bytes");
  out.median_us = median(f);
  out.topology = topology(f);
  out.gpus_per_node = gpus_per_node(f, out.gpus);
  return out;
}

Matmul matmul(const JsonFields& f) {
  return {some_text(f, "implementation"),
          static_cast<Type>(f.choice("type", kTypes)),
          positive(f, "m"),
          positive(f, "n"),
          positive(f, "k"),
          median(f)};
}

LatentPoint latent_point(const JsonFields& f) {
  LatentPoint out;
  out.op = static_cast<Op>(f.choice("op", kOps));
  if (out.op == Op::chunked_prefill) f.reject("op", "prefill or decode");
  out.implementation = some_text(f, "implementation");
  out.type = static_cast<Type>(f.choice("type", kTypes));
  out.kv_type = static_cast<Type>(f.choice("kv_type", kTypes));
  out.q_heads = positive(f, "q_heads");
  out.batch = positive(f, "batch");
  out.length = positive(f, "length");
  out.median_us = median(f);
  return out;
}

Served served(const JsonFields& f) {
  Served out;
  out.id = some_text(f, "id");
  out.engine = some_text(f, "engine");
  out.engine_version = text_if(f, "engine_version");
  out.model = some_text(f, "model");
  out.precision = text_if(f, "precision");
  out.input_tokens = f.number("input_tokens", 1, kMostServedTokens);
  out.output_tokens = f.number("output_tokens", 1, kMostServedTokens);
  out.concurrency = f.number("concurrency", 1, kMostConcurrency);
  out.tp = f.number("tp", 1, kMostParallel);
  out.pp = f.number("pp", 1, kMostParallel);
  out.dp = f.number("dp", 1, kMostParallel);
  out.ep = f.number("ep", 1, kMostParallel);
  out.ttft_ms = real_if(f, "ttft_ms");
  out.tpot_ms = real_if(f, "tpot_ms");
  if (!out.ttft_ms && !out.tpot_ms) f.reject("tpot_ms", "a number where ttft_ms is null");
  return out;
}

/// What `read` makes of each object of the list there.
template <class Read>
auto list_of(const JsonFields& f, const char* key, Read read) {
  const std::vector<JsonFields> entries = f.objects(key);
  std::vector<decltype(read(f))> out;
  out.reserve(entries.size());
  for (const JsonFields& entry : entries) out.push_back(read(entry));
  return out;
}

/// As list_of; each has an `id` of its own.
template <class Read>
auto list_by_id(const JsonFields& f, const char* key, Read read) {
  auto out = list_of(f, key, read);
  const std::vector<JsonFields> entries = f.objects(key);
  std::set<std::string_view> ids;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (ids.insert(out[i].id).second) continue;
    entries[i].reject("id", fmt::format("unique: '{}' stands twice", plain_text(out[i].id, 120)));
  }
  return out;
}

Profile profile_of(const JsonFields& f) {
  Profile out;
  out.source = source(f.object("source"));
  out.created = text_if(f, "created");
  out.complete = f.flag("complete");
  out.tool = tool(f.object("tool"));
  out.device = device(f.object("device"));
  out.libraries = libraries(f.object("libraries"));
  out.ceilings = ceilings(f.object("ceilings"));
  out.attention = list_by_id(f, "attention", point);
  out.collectives = list_of(f, "collectives", collective);
  out.matmuls = list_of(f, "matmuls", matmul);
  out.latent_attention = list_of(f, "latent_attention", latent_point);
  out.served = list_by_id(f, "served", served);
  out.skipped = list_of(f, "skipped", [](const JsonFields& entry) {
    return Skipped{some_text(entry, "id"), some_text(entry, "reason")};
  });
  if (f.has("fits")) out.fits = read_fits(f);  // profiles of before there were fits have none
  return out;
}

Result<Profile> profile_in(const nlohmann::json& document, const InputFile& input) {
  if (text_at(document, {"schema"}) != kSchema) {
    return wrong_input(input, fmt::format("its schema is not {}", kSchema));
  }
  std::optional<Error> error;
  const JsonFields fields(document, "", error);
  if (fields.number("version", 0, kMost) != kVersion && !error) {
    return wrong_input(input, fmt::format("only version {} is read", kVersion));
  }
  Profile out = profile_of(fields);
  if (error) return wrong_input(input, error->message);
  return out;
}

InputFile profile_file(const std::filesystem::path& file) {
  return {file, "a profile", "headroom-attention-bench` or `headroom profile import"};
}

}  // namespace

Result<Profile> parse_profile(std::string_view text, const std::string& name) {
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) return wrong_input(profile_file(name), "not JSON");
  return profile_in(document, profile_file(name));
}

Result<Profile> read_profile(const std::filesystem::path& file) {
  const InputFile input = profile_file(file);
  HEADROOM_TRY(const nlohmann::json document, read_input_json(input));
  return profile_in(document, input);
}

}  // namespace headroom::profile
