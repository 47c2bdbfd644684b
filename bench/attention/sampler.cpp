#include "bench/attention/sampler.hpp"

namespace headroom::bench {
namespace {

constexpr std::size_t kBetweenLooks = 5;  // summing up costs more than short launches do

}  // namespace

Sampled sample(const StoppingRule& rule, const std::function<double()>& time_once) {
  Sampled out;
  double spent = 0.0;
  while (out.times.size() < rule.most) {
    out.times.push_back(time_once());
    spent += out.times.back();
    const std::size_t n = out.times.size();
    if (spent >= rule.budget_us && n >= rule.least_slow) break;
    if (n < rule.least || (n - rule.least) % kBetweenLooks != 0) continue;
    if (relative_half_width(summarize(out.times)) <= rule.half_width) break;
  }
  out.summary = summarize(out.times);
  out.settled =
      out.times.size() >= kLeastForInterval && relative_half_width(out.summary) <= rule.half_width;
  return out;
}

}  // namespace headroom::bench
