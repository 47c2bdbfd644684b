#include "study/reproduce/fgd/agreement.hpp"

#include <fmt/format.h>
#include <headroom_version.hpp>
#include <nlohmann/json.hpp>

namespace headroom::fgd {
namespace {

using Json = nlohmann::ordered_json;

std::string short_name(const std::string& list) {
  constexpr std::string_view kPrefix = "openb_pod_list_";
  return list.starts_with(kPrefix) ? list.substr(kPrefix.size()) : list;
}

std::string list_text(const ListInfo& list) {
  return fmt::format(
      "{}: {} pods; typical for fgd: the {} most frequent of {} kinds, {:.2f} % of the list\n",
      short_name(list.name), list.pods, list.typical_kinds, list.all_kinds, list.typical_percent);
}

std::string how_compared(const Agreement& row) {
  if (row.as_distribution) return fmt::format("as distributions, {:.2f} of the limit", row.worst);
  return fmt::format("run by run, at most {:.2f} {:.2f} {:.6f}", row.allo, row.frag,
                     row.frag_ratio);
}

}  // namespace

std::string report_text(const Report& report) {
  std::string out = fmt::format("FGD's published experiment: {} run{}{}\n", report.runs.size(),
                                report.runs.size() == 1 ? "" : "s",
                                report.own_orders ? ", orders of our own" : "");
  for (const ListInfo& list : report.lists) out += list_text(list);
  for (const std::string& list : report.left_out) {
    out += fmt::format("{}: left out, without published runs or without its orders here\n",
                       short_name(list));
  }
  out += fmt::format("\n{:<12} {:<15} {:>4}  {:>15} {:>15}  {:>8}  {:<9} {}\n", "list", "policy",
                     "runs", "% at 100 % load", "% at 130 % load", "s a run", "agree",
                     "how compared (allo, frag: points; frag_ratio: %)");
  for (const Agreement& row : report.agreements) {
    out += fmt::format(
        "{:<12} {:<15} {:>4}  {:>6.2f} ({:>6.2f}) {:>6.2f} ({:>6.2f})  {:>8.3f}  "
        "{:<9} {}\n",
        short_name(row.list), row.policy, row.runs, row.allo_100, row.published_100, row.allo_130,
        row.published_130, row.seconds_per_run, row.disagreements.empty() ? "yes" : "NO",
        how_compared(row));
  }
  out += "In brackets the published means.\n";
  for (const Agreement& row : report.agreements) {
    for (const std::string& line : row.disagreements) {
      out += fmt::format("{} {}: {}\n", short_name(row.list), row.policy, line);
    }
  }
  out += fmt::format("{} of {} agree\n", report.agreements.size() - report.disagreeing(),
                     report.agreements.size());
  return out;
}

std::string report_json(const Report& report) {
  Json document;
  document["schema"] = "headroom.fgd";
  document["version"] = 1;
  document["headroom"] = {{"version", HEADROOM_VERSION}, {"revision", HEADROOM_REVISION}};
  document["own_orders"] = report.own_orders;
  for (const ListInfo& list : report.lists) {
    document["lists"].push_back({{"list", list.name},
                                 {"pods", list.pods},
                                 {"typical_kinds", list.typical_kinds},
                                 {"kinds", list.all_kinds},
                                 {"typical_percent", list.typical_percent}});
  }
  document["left_out"] = report.left_out;
  for (const Agreement& row : report.agreements) {
    Json entry = {{"list", row.list},
                  {"policy", row.policy},
                  {"runs", row.runs},
                  {"compared", row.as_distribution ? "as_distributions" : "run_by_run"},
                  {"agrees", row.disagreements.empty()},
                  {"most_allo", row.allo},
                  {"most_frag", row.frag}};
    entry["most_frag_ratio"] = row.as_distribution ? Json(nullptr) : Json(row.frag_ratio);
    entry["of_limit"] = row.as_distribution ? Json(row.worst) : Json(nullptr);
    entry["allo_100"] = row.allo_100;
    entry["allo_130"] = row.allo_130;
    entry["published_100"] = row.published_100;
    entry["published_130"] = row.published_130;
    entry["seconds_per_run"] = row.seconds_per_run;
    entry["disagreements"] = row.disagreements;
    document["agreements"].push_back(std::move(entry));
  }
  for (const Run& run : report.runs) {
    document["runs"].push_back({{"list", run.list},
                                {"policy", run.policy},
                                {"seed", run.seed},
                                {"arrived", run.arrived},
                                {"placed", run.placed},
                                {"seconds", run.wall_seconds},
                                {"allo", run.curves.allo},
                                {"frag", run.curves.frag},
                                {"frag_ratio", run.curves.frag_ratio}});
  }
  document["agree"] = report.disagreeing() == 0;
  return document.dump(1) + "\n";
}

}  // namespace headroom::fgd
