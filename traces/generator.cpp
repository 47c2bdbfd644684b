#include "traces/generator.hpp"

#include "sim/core/int128.hpp"
#include "traces/ended_by_error.hpp"
#include "traces/lifetimes.hpp"
#include "traces/limits.hpp"

#include <boost/random/gamma_distribution.hpp>
#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace headroom {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

/// Share of one GPU, or whole GPUs, in millionths.
std::int64_t usual_ppm(const MixEntry& entry) {
  return entry.band == kShareBand ? entry.min_u_ppm : std::int64_t{entry.usual_gpus} * kMillion;
}

class Generator final : public RequestSource {
 public:
  Generator(Mix mix, const GeneratorConfig& config)
      : mix_(std::move(mix)),
        config_(config),
        draw_(mix_),
        arrivals_(random_stream(config.seed, "arrivals")),
        lifetimes_(random_stream(config.seed, "lifetimes")),
        models_(random_stream(config.seed, "models")) {
    const double median = to_seconds(config.lifetime_median);
    const double sigma = config.lifetime_sigma;
    const double mean_lifetime = median * std::exp(sigma * sigma / 2.0);
    const double wanted = config.load * static_cast<double>(config.cluster_gpus);
    mean_gap_ = mean_usual_gpus(mix_) * mean_lifetime / wanted;
  }

  // Draws point into the mix.
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  Result<std::optional<Request>> next() override {
    if (made_ == config_.requests) return std::nullopt;
    Request request;
    HEADROOM_TRY(const Duration gap, draw_gap());
    if (gap > kMaxInputTime - clock_) {
      return fail(fmt::format("request {} would arrive after the longest time there is", made_ + 1),
                  {}, "generate fewer requests, or at a higher load");
    }
    clock_ += gap;
    request.arrival = SimTime(clock_);
    HEADROOM_TRY(request.lifetime,
                 draw_lifetime({config_.lifetime_median, config_.lifetime_sigma}, lifetimes_));
    request.name = fmt::format("llm-{}", ++made_);
    fill(draw_.draw_any(models_), request.shape);
    return request;
  }

 private:
  Result<Duration> draw_gap() {
    if (config_.arrival_cv == 0.0) return duration_from_seconds(mean_gap_);
    const double shape = 1.0 / (config_.arrival_cv * config_.arrival_cv);
    boost::random::gamma_distribution<double> gaps(shape, mean_gap_ / shape);
    return duration_from_seconds(gaps(arrivals_));
  }

  void fill(const MixEntry& entry, RequestShape& shape) const {
    LlmDeployment llm;
    llm.model = entry.model;
    llm.limits = entry.limits;
    llm.allowed_tp = entry.allowed_tp;
    llm.degradations = entry.degradations;
    llm.shared = entry.band == kShareBand;
    if (llm.shared) llm.limits.utilisation_ppm = entry.min_u_ppm;
    shape.what = std::move(llm);
    shape.cpu_milli = mul_div_floor(config_.cpu_milli_per_gpu, usual_ppm(entry), kMillion);
    shape.ram = mul_div_floor(config_.ram_per_gpu, usual_ppm(entry), kMillion);
  }

  const Mix mix_;
  GeneratorConfig config_;
  MixDraw draw_;
  RandomStream arrivals_;
  RandomStream lifetimes_;
  RandomStream models_;
  double mean_gap_ = 0.0;  // seconds
  Duration clock_{};
  std::int64_t made_ = 0;
};

/// `name` is the configuration key, for the message. NaN is outside every range.
template <class T>
Status check(const char* name, T value, T least, T most) {
  if (value >= least && value <= most) return {};
  return fail(fmt::format("{} is {}, but must be from {} to {}", name, value, least, most));
}

}  // namespace

double mean_usual_gpus(const Mix& mix) {
  double weighted = 0.0;
  double weights = 0.0;
  for (const MixEntry& entry : mix.entries) {
    weighted += static_cast<double>(entry.weight) * static_cast<double>(usual_ppm(entry));
    weights += static_cast<double>(entry.weight);
  }
  return weights > 0.0 ? weighted / weights / static_cast<double>(kMillion) : 0.0;
}

Result<std::unique_ptr<RequestSource>> make_generator(Mix mix, const GeneratorConfig& config) {
  constexpr std::int64_t kMaxRequests = 1'000'000'000'000;
  HEADROOM_CHECK(check<std::int64_t>("requests", config.requests, 1, kMaxRequests));
  HEADROOM_CHECK(check<std::int64_t>("cluster_gpus", config.cluster_gpus, 1, 100'000'000));
  HEADROOM_CHECK(check("load", config.load, 0.001, 100.0));
  HEADROOM_CHECK(check("arrival_cv", config.arrival_cv, 0.0, 100.0));
  HEADROOM_CHECK(check("lifetime_median (seconds)", to_seconds(config.lifetime_median), 0.001,
                       to_seconds(std::chrono::hours{24 * 3650})));
  HEADROOM_CHECK(check("lifetime_sigma", config.lifetime_sigma, 0.0, 4.0));
  HEADROOM_CHECK(
      check<std::int64_t>("cpu_milli_per_gpu", config.cpu_milli_per_gpu, 0, kMaxCpuMilli / 1'024));
  HEADROOM_CHECK(check<std::int64_t>("ram_per_gpu", config.ram_per_gpu, 0, kMaxRam / 1'024));
  if (mix.entries.empty()) return fail("a generator needs a mix with at least one entry");
  return ended_by_error(std::make_unique<Generator>(std::move(mix), config));
}

}  // namespace headroom
