#include "study/speed/text.hpp"

#include "study/figure_text.hpp"
#include "study/fit/words.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <utility>

namespace headroom::speed {
namespace {

constexpr std::size_t kWidth = 100;
constexpr double kMilli = 1e-3;

// Behind the share of a part that was not measured at these sizes; as kBases.
constexpr std::array<const char*, 3> kMarks = {" ", "'", "~"};

constexpr const char* kLine = "{:>5} {:>7} {:>13} {:>8} {:>9} {:>8}";
constexpr const char* kPart = "{:>7}";

std::string ms_text(double us) {
  const double ms = kMilli * us;
  if (ms >= 9999.5) return with_commas(std::llround(ms));
  return fmt::format("{:.{}f}", ms, ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0);
}

std::string interval_text(const Estimate& time) {
  return fmt::format("{}-{}", ms_text(time.low_us), ms_text(time.high_us));
}

std::string rate_text(double rate) {
  return rate < 9.95 ? fmt::format("{:.2f}", rate) : with_commas(std::llround(rate));
}

std::string size_text(const Row& row) {
  return fmt::format("{}{}", row.tp, row.kv_replication > 1 ? '*' : ' ');
}

bool shows(const ModelSpeeds& one, std::size_t part) {
  return kParts[part] != "experts" || one.model->text.has_experts();
}

std::string header(const ModelSpeeds& one) {
  std::string first = fmt::format(kLine, "", "TPOT", "90 %", "TTFT", "tokens/s", "a GPU");
  std::string second = fmt::format(kLine, "TP ", "ms", "interval", "ms", "", "");
  first += "   % of a decode step";
  static constexpr std::array<const char*, 5> kShort = {"attn", "prod", "expert", "coll", "rest"};
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    if (shows(one, i)) second += fmt::format(kPart, kShort[i]);
  }
  return profile::row_text(std::move(first)) + profile::row_text(second + "  extrap");
}

std::string row(const ModelSpeeds& one, const Row& row) {
  const Speed& speed = *row.speed;
  std::string out = fmt::format(kLine, size_text(row), ms_text(speed.times.tpot.us),
                                interval_text(speed.times.tpot), ms_text(speed.times.ttft.us),
                                rate_text(speed.tokens_per_s.value),
                                rate_text(speed.tokens_per_s.value / row.gpus));
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    if (!shows(one, i)) continue;
    const Part& part = speed.parts[i];
    const bool none = part.time.us <= 0.0;
    out += fmt::format(kPart, none ? "- "
                                   : fmt::format("{:.0f}{}", 100.0 * part.time.us / speed.step_us(),
                                                 kMarks[static_cast<std::size_t>(part.basis)]));
  }
  return out + fmt::format("{:>8}\n", fmt::format("{:.0f}", 100.0 * speed.extrapolated));
}

// "3, 5-7 and 9-15".
std::string sizes_text(const std::vector<int>& sizes) {
  std::vector<std::string> out;
  for (std::size_t first = 0; first < sizes.size();) {
    std::size_t last = first;
    while (last + 1 < sizes.size() && sizes[last + 1] == sizes[last] + 1) ++last;
    out.push_back(first == last ? std::to_string(sizes[first])
                                : fmt::format("{}-{}", sizes[first], sizes[last]));
    first = last + 1;
  }
  return listed(out);
}

// One line a rule, with the sentence of its first size.
std::string refusals(const ModelSpeeds& one) {
  std::vector<std::pair<const Refusal*, std::vector<int>>> rules;
  for (const Row& row : one.rows) {
    if (!row.refusal) continue;
    auto known = std::find_if(rules.begin(), rules.end(),
                              [&](const auto& r) { return r.first->rule == row.refusal->rule; });
    if (known == rules.end()) known = rules.insert(known, {&*row.refusal, {}});
    known->second.push_back(row.tp);
  }
  std::string out;
  for (const auto& [refusal, sizes] : rules) {
    const std::string of = sizes.size() > 1 ? fmt::format("at {}: ", sizes.front()) : "";
    out += "  " +
           wrapped(fmt::format("TP {} refused [{}]: {}{}", sizes_text(sizes), refusal->rule, of,
                               refusal->sentence),
                   kWidth, 4) +
           "\n";
  }
  return out;
}

std::string model_text(const Answer& answer, const ModelSpeeds& one) {
  const TextArch& text = one.model->text;
  std::string out = fmt::format("\n{}: {} query heads, {} KV heads\n",
                                profile::plain_text(one.model->name), text.heads(), one.kv_heads);
  if (one.source.empty())
    return out + "  " + wrapped(no_source_words(answer, one), kWidth, 2) + "\n";
  out += fmt::format("  {}\n", one.source);
  bool any = false;
  for (const Row& r : one.rows) {
    if (!r.speed) continue;
    if (!any) out += header(one);
    any = true;
    out += row(one, r);
  }
  return out + refusals(one);
}

bool any_row(const Answer& answer, bool (*is)(const Row& row)) {
  return std::any_of(answer.models.begin(), answer.models.end(), [&](const ModelSpeeds& one) {
    return std::any_of(one.rows.begin(), one.rows.end(),
                       [&](const Row& r) { return r.speed && is(r); });
  });
}

std::string legend(const Answer& answer) {
  if (!any_row(answer, [](const Row&) { return true; })) return "";
  std::string out =
      "\n  a GPU: tokens/s of each. attn, prod, expert, coll, rest: attention, matrix products, "
      "experts,\n  collectives, small kernels; ~ extrapolated, ' fitted, but not measured around "
      "it. "
      "extrap: % of\n  the step that is extrapolated. Intervals are of the errors of kernels "
      "alone; TTFT is that "
      "of the\n  steady state, not of requests that all start at once.\n";
  if (any_row(answer, [](const Row& r) { return r.kv_replication > 1; })) {
    out += "  * more GPUs than KV heads: each KV head is on several of them.\n";
  }
  const bool nvlink = answer.question.gpu.nvlink_bandwidth > 0;
  if (nvlink && any_row(answer, [](const Row& r) { return r.tp > kDomainGpus; })) {
    out += fmt::format(
        "  Above TP {}: as if NVSwitch joined all GPUs; collectives of so many were not "
        "measured.\n",
        kDomainGpus);
  }
  return out;
}

}  // namespace

std::string answer_text(const Answer& answer) {
  const Question& question = answer.question;
  std::string out = fmt::format(
      "{}, {}: {}, KV cache {}{}{}\n", question.gpu.name, question.engine, load_words(question),
      question.kv_cache == KvCacheType::fp8 ? "in fp8" : "of the model's own type",
      question.stages > 1 ? fmt::format(", {} pipeline stages", question.stages) : "",
      question.graphs ? "" : ", without CUDA graphs");
  for (const ModelSpeeds& one : answer.models) out += model_text(answer, one);
  return out + legend(answer);
}

}  // namespace headroom::speed
