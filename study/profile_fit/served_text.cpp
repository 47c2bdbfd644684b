// Deployments against their predictions, as text and as JSON.

#include "study/profile/words.hpp"
#include "study/profile_fit/served.hpp"

#include <fmt/format.h>

namespace headroom::profile_fit {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kLine = "  {:<34} {:<8} {:>5} {:>10} {:>7} {:>8} {:>9} {:>12} {:>7} {:>8}";

std::string percent(double value) { return fmt::format("{:.1f}", value); }

std::string line(const std::string& model, const ServedGroup& g) {
  return profile::row_text(fmt::format(
      kLine, profile::plain_text(model, 34), profile::plain_text(g.engine, 8), g.tpot.rows,
      percent(g.tpot.median_percent), percent(g.tpot.p90_percent), percent(g.tpot.bias_percent),
      percent(g.tpot.within_percent), percent(g.ttft.median_percent), percent(g.ttft.p90_percent),
      percent(g.ttft.bias_percent)));
}

Json errors_json(const ServedErrors& errors) {
  return {{"rows", errors.rows},
          {"median_percent", errors.median_percent},
          {"p90_percent", errors.p90_percent},
          {"bias_percent", errors.bias_percent},
          {"within_percent", errors.within_percent}};
}

Json group_json(const ServedGroup& g) {
  return {{"model", g.model},
          {"engine", g.engine},
          {"experts", g.experts},
          {"tpot", errors_json(g.tpot)},
          {"ttft", errors_json(g.ttft)}};
}

std::string bound_text(const ServedValidation& served) {
  if (!served.bounded) return "";
  const std::string what = "  TPOT of models without routed experts: ";
  const std::optional<bool> held = served.held();
  if (!held) return what + "not judged: no such deployment\n";
  return what + fmt::format("median {:.1f} %, bound {:g} %: {}\n", served.dense.tpot.median_percent,
                            kServedBoundPercent, *held ? "held" : "NOT held");
}

}  // namespace

std::string served_text(const ServedValidation& served) {
  std::string out =
      "\nDeployments as they were served: errors of the prediction, in percent of the "
      "measurement\n"
      "  Within: measured TPOT inside of the prediction's interval.\n";
  out += profile::row_text(fmt::format(kLine, "model", "engine", "rows", "TPOT, med.", "p90",
                                       "bias", "within, %", "TTFT, med.", "p90", "bias"));
  for (const bool experts : {false, true}) {
    for (const ServedGroup& g : served.groups) {
      if (g.experts == experts) out += line(g.model, g);
    }
    if (!experts && served.dense.tpot.rows > 0)
      out += line("all without routed experts", served.dense);
  }
  out += bound_text(served);
  for (const ServedLeftOut& one : served.left_out) {
    out += fmt::format("  left out: {} of {}\n", one.rows, profile::plain_text(one.why));
  }
  return out;
}

Json served_json(const ServedValidation& served) {
  Json groups = Json::array();
  for (const ServedGroup& g : served.groups) groups.push_back(group_json(g));
  Json left_out = Json::array();
  for (const ServedLeftOut& one : served.left_out) {
    left_out.push_back({{"why", one.why}, {"rows", one.rows}});
  }
  return {{"dense", group_json(served.dense)},
          {"bound_percent", served.bounded ? Json(kServedBoundPercent) : Json()},
          {"ok", served.held() ? Json(*served.held()) : Json()},
          {"groups", std::move(groups)},
          {"left_out", std::move(left_out)}};
}

}  // namespace headroom::profile_fit
