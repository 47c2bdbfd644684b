// The figures of a trace as text and as JSON.

#include "study/skipped_json.hpp"
#include "study/trace_stats.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMilli = 1'000.0;
constexpr double kNanosPerHour = 3.6e12;
constexpr std::array<std::pair<int, const char*>, 5> kQuantiles{
    {{50, "p5"}, {500, "p50"}, {900, "p90"}, {950, "p95"}, {990, "p99"}}};

double gpu_hours(Int128 gpu_time) { return static_cast<double>(gpu_time) / kMilli / kNanosPerHour; }

std::string grouped(std::uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

// A row of the listing: what it is, then its figure.
std::string line(std::string_view label, std::string_view value) {
  return fmt::format("{:<24}{}\n", label, value);
}

std::string seconds(std::int64_t nanos) {
  return fmt::format("{:.0f}", to_seconds(Duration(nanos)));
}
std::string plain(std::int64_t number) { return fmt::format("{}", number); }

std::string quantile_line(std::string_view label, Quantiles& of, std::string_view unit,
                          double per_unit, std::string (*shown)(std::int64_t)) {
  if (of.count() == 0) return "";
  std::string out;
  for (const auto& [per_mille, name] : kQuantiles) {
    out += fmt::format("{} {}, ", name, shown(of.at(per_mille)));
  }
  return line(label,
              fmt::format("{}max {}, mean {:.1f}{}{}", out, shown(of.max()), of.mean() / per_unit,
                          unit, of.exact() ? "" : " (quantiles at most 0.1 % high)"));
}

std::string arrival_lines(const Arrivals& arrivals) {
  if (arrivals.count() == 0) return "";
  const auto variation = arrivals.variation();
  std::string out =
      line("first and last arrival",
           fmt::format("{} s, {} s ({})", seconds_text(arrivals.first()),
                       seconds_text(arrivals.last()), duration_text(arrivals.span())));
  if (!variation) return out;
  const double gaps = static_cast<double>(arrivals.count() - 1);
  const double rate = gaps / to_seconds(arrivals.span());
  return out +
         line("arrivals",
              fmt::format("{:.2f} {}, CV of the gaps {:.2f}, {} of {} gaps zero ({:.1f} %)",
                          rate < 1.0 ? 3600.0 * rate : rate, rate < 1.0 ? "an hour" : "a second",
                          *variation, grouped(arrivals.zero_gaps()), grouped(arrivals.count() - 1),
                          100.0 * static_cast<double>(arrivals.zero_gaps()) / gaps));
}

std::string count_text(Distinct& of) {
  return fmt::format("{}{}", of.all() ? "" : "more than ", grouped(of.count()));
}

std::string size_name(int size) {
  if (size == TaskStats::kShare) return "share of one";
  if (size == TaskStats::kOtherSizes) return "other";
  if (size == TaskStats::kDeployment) return "a model's";
  return size == 0 ? "none" : fmt::format("{}", size);
}

std::string size_table(const TaskStats& stats) {
  std::string out = fmt::format("\n{:>12}  {:>12}  {:>7}  {:>14}  {:>7}\n", "GPUs", "tasks", "%",
                                "GPU-hours", "%");
  for (const auto& [size, of] : stats.sizes) {
    const double hours = gpu_hours(of.gpu_time);
    const double all = gpu_hours(stats.gpu_time);
    out += fmt::format("{:>12}  {:>12}  {:>7.1f}  {:>14.1f}  {:>7.1f}\n", size_name(size),
                       grouped(of.tasks),
                       100.0 * static_cast<double>(of.tasks) / static_cast<double>(stats.tasks),
                       hours, all > 0.0 ? 100.0 * hours / all : 0.0);
  }
  return out;
}

std::string demand_lines(const TaskStats& stats) {
  const auto peak = stats.concurrency.peak();
  const std::string peak_text =
      peak ? fmt::format("peak {:.1f}", static_cast<double>(*peak) / kMilli)
           : "peak not followed (too many tasks at once)";
  return line("GPU-hours", fmt::format("{:.1f}", gpu_hours(stats.gpu_time))) +
         line("offered load", fmt::format("{:.1f} GPUs: GPU-hours over the time of the arrivals",
                                          stats.offered_gpus())) +
         line("GPUs at once", fmt::format("{}, mean {:.1f} to the last end, were nothing queued",
                                          peak_text, stats.concurrency.mean() / kMilli));
}

Json quantiles_json(Quantiles& of, double per_unit) {
  Json out;
  out["count"] = of.count();
  out["exact"] = of.exact();
  for (const auto& [per_mille, name] : kQuantiles) {
    out[name] = static_cast<double>(of.at(per_mille)) / per_unit;
  }
  out["max"] = static_cast<double>(of.max()) / per_unit;
  out["mean"] = of.mean() / per_unit;
  return out;
}

Json arrivals_json(const Arrivals& arrivals) {
  Json out;
  out["first_s"] = to_seconds(arrivals.first());
  out["last_s"] = to_seconds(arrivals.last());
  const auto variation = arrivals.variation();
  out["gap_cv"] = variation ? Json(*variation) : Json(nullptr);
  out["zero_gaps"] = arrivals.zero_gaps();
  return out;
}

Json head_json(const std::string& name, const std::string& format) {
  Json out;
  out["schema"] = "headroom.trace_stats";
  out["version"] = 1;
  out["trace"] = name;
  out["format"] = format;
  return out;
}

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

constexpr double kNanos = 1e9;

}  // namespace

std::string task_stats_text(const std::string& name, const TaskFormat& format, TaskStats& stats) {
  std::string out = fmt::format("{} ({})\n", name, format.name);
  out += line("tasks", grouped(stats.tasks));
  if (stats.skipped.count > 0) out += line("bad rows passed over", grouped(stats.skipped.count));
  if (!stats.was_sorted) out += line("order", "not by arrival; sorted for these figures");
  out += arrival_lines(stats.arrivals);
  if (stats.tenants.count() > 0) out += line("tenants", count_text(stats.tenants));
  if (stats.models.count() > 0) out += line("models", count_text(stats.models));
  out += line("asked for", fmt::format("{:.1f} GPUs, {:.0f} vCPUs, {:.1f} GiB, summed over tasks",
                                       static_cast<double>(stats.gpu_milli) / kMilli,
                                       static_cast<double>(stats.cpu_milli) / kMilli,
                                       static_cast<double>(stats.ram) / static_cast<double>(kGiB)));
  if (stats.with_types > 0) out += line("name GPU types", grouped(stats.with_types));
  out += quantile_line("lifetimes", stats.lifetimes, " s", kNanos, seconds);
  if (stats.lifetimes.count() > 0) {
    out += line("short lifetimes",
                fmt::format("{} below 60 s, {} of them zero", grouped(stats.below_minute),
                            grouped(stats.zero_lifetimes)));
  }
  if (stats.without_lifetime > 0) {
    out += line("without a lifetime", grouped(stats.without_lifetime));
  }
  if (stats.cut_off > 0) {
    out += line("cut off", grouped(stats.cut_off) +
                               " began before the trace or outlived it (not in the lifetimes)");
  }
  if (stats.without_lifetime < stats.tasks) out += demand_lines(stats);
  return stats.tasks == 0 ? out : out + size_table(stats);
}

std::string token_stats_text(const std::string& name, const TokenFormat& format,
                             TokenStats& stats) {
  std::string out = fmt::format("{} ({})\n", name, format.name);
  out += line("requests", grouped(stats.requests));
  if (stats.skipped.count > 0) out += line("bad rows passed over", grouped(stats.skipped.count));
  out += arrival_lines(stats.arrivals);
  if (format.has_tokens) {
    out += quantile_line("input tokens", stats.input, "", 1.0, plain);
    out += quantile_line("output tokens", stats.output, "", 1.0, plain);
  }
  out += quantile_line("durations", stats.durations, " s", kNanos, seconds);
  if (stats.durations.count() > 0 && stats.without_duration > 0) {
    out += line("without a duration", grouped(stats.without_duration));
  }
  if (stats.models.count() > 0) out += line("models", count_text(stats.models));
  return out;
}

std::string task_stats_json(const std::string& name, const TaskFormat& format, TaskStats& stats) {
  Json out = head_json(name, format.name);
  out["tasks"] = stats.tasks;
  out["sorted"] = stats.was_sorted;
  out["skipped_rows"] = skipped_json(stats.skipped);
  out["arrivals"] = arrivals_json(stats.arrivals);
  out["tenants"] = stats.tenants.count();
  out["models"] = stats.models.count();
  out["gpus_asked"] = static_cast<double>(stats.gpu_milli) / kMilli;
  out["cpus_asked"] = static_cast<double>(stats.cpu_milli) / kMilli;
  out["ram_asked_bytes"] = static_cast<double>(stats.ram);
  out["with_gpu_types"] = stats.with_types;
  out["lifetimes_s"] = quantiles_json(stats.lifetimes, kNanos);
  out["lifetimes_zero"] = stats.zero_lifetimes;
  out["lifetimes_below_60_s"] = stats.below_minute;
  out["without_lifetime"] = stats.without_lifetime;
  out["cut_off"] = stats.cut_off;
  out["gpu_hours"] = gpu_hours(stats.gpu_time);
  const auto peak = stats.concurrency.peak();
  out["peak_gpus"] = peak ? Json(static_cast<double>(*peak) / kMilli) : Json(nullptr);
  out["mean_gpus"] = stats.concurrency.mean() / kMilli;
  out["offered_gpus"] = stats.offered_gpus();
  Json sizes = Json::array();
  for (const auto& [size, of] : stats.sizes) {
    Json entry;
    entry["gpus"] = size >= 0                        ? Json(size)
                    : size == TaskStats::kShare      ? Json("share")
                    : size == TaskStats::kDeployment ? Json("model")
                                                     : Json("other");
    entry["tasks"] = of.tasks;
    entry["gpu_hours"] = gpu_hours(of.gpu_time);
    sizes.push_back(std::move(entry));
  }
  out["sizes"] = std::move(sizes);
  return dump(out);
}

std::string token_stats_json(const std::string& name, const TokenFormat& format,
                             TokenStats& stats) {
  Json out = head_json(name, format.name);
  out["requests"] = stats.requests;
  out["skipped_rows"] = skipped_json(stats.skipped);
  out["arrivals"] = arrivals_json(stats.arrivals);
  if (format.has_tokens) {
    out["input_tokens"] = quantiles_json(stats.input, 1.0);
    out["output_tokens"] = quantiles_json(stats.output, 1.0);
  }
  out["durations_s"] = quantiles_json(stats.durations, kNanos);
  out["without_duration"] = stats.without_duration;
  out["models"] = stats.models.count();
  return dump(out);
}

}  // namespace headroom
