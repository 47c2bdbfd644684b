// The comparison with Batsim as text and as JSON.

#include "study/reproduce/batsim.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

std::string rule_text(const std::string& rule, const BatsimReport& report, Duration mean,
                      const std::vector<BatsimDifference>& differences) {
  std::string out = fmt::format("  {:<20} {:>5} of {:>5} starts agree, mean wait {} s\n", rule,
                                report.jobs - differences.size(), report.jobs, seconds_text(mean));
  for (const BatsimDifference& each : differences) {
    out += fmt::format("    job {:<12} Batsim {:>16} s  ours {:>16} s  {}\n", each.name,
                       seconds_text(each.batsim), seconds_text(each.ours),
                       each.why.empty() ? "NOT EXPLAINED" : "Batsim " + each.why);
  }
  return out;
}

Json rule_json(const BatsimReport& report, Duration mean,
               const std::vector<BatsimDifference>& differences) {
  Json list = Json::array();
  for (const BatsimDifference& each : differences) {
    list.push_back({{"job", each.name},
                    {"batsim_s", seconds_text(each.batsim)},
                    {"ours_s", seconds_text(each.ours)},
                    {"why", each.why.empty() ? Json(nullptr) : Json(each.why)}});
  }
  return {{"agree", report.jobs - differences.size()},
          {"mean_wait_s", to_seconds(mean)},
          {"differences", std::move(list)}};
}

}  // namespace

std::string batsim_text(const BatsimReport& report) {
  return fmt::format("{} jobs of Batsim's {} schedule on {} machines, mean wait {} s\n",
                     report.jobs, report.queue, report.machines, seconds_text(report.mean_wait)) +
         rule_text("reserving machines", report, report.mean_wait_machines,
                   report.reserving_machines) +
         rule_text("counting GPUs", report, report.mean_wait_gpus, report.counting_gpus);
}

std::string batsim_json(const BatsimReport& report) {
  const Json out = {
      {"schema", "headroom.reproduce_batsim"},
      {"version", 1},
      {"queue", report.queue},
      {"machines", report.machines},
      {"jobs", report.jobs},
      {"mean_wait_s", to_seconds(report.mean_wait)},
      {"unexplained", report.unexplained()},
      {"reserving_machines",
       rule_json(report, report.mean_wait_machines, report.reserving_machines)},
      {"counting_gpus", rule_json(report, report.mean_wait_gpus, report.counting_gpus)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom
