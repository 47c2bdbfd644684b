#include "study/reproduce/gpustack_cases.hpp"

#include <fmt/format.h>
#include <headroom_version.hpp>

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

struct KindCount {
  std::string kind;
  std::size_t cases = 0;
  std::size_t agree = 0;
};

// In the order in which the cases name their kinds.
std::vector<KindCount> by_kind(const ReproduceReport& report) {
  std::vector<KindCount> out;
  for (const CaseResult& each : report.cases) {
    auto count = out.begin();
    while (count != out.end() && count->kind != each.kind) ++count;
    if (count == out.end()) count = out.insert(out.end(), {each.kind, 0, 0});
    ++count->cases;
    if (each.disagreements.empty()) ++count->agree;
  }
  return out;
}

}  // namespace

std::string reproduce_text(const ReproduceReport& report) {
  std::string text =
      fmt::format("GPUStack's scheduler: {} case{} of {} file{}\n", report.cases.size(),
                  report.cases.size() == 1 ? "" : "s", report.files, report.files == 1 ? "" : "s");
  for (const KindCount& count : by_kind(report)) {
    text += fmt::format("  {:<20}{:>5} of {:>4} agree\n", count.kind, count.agree, count.cases);
  }
  const std::size_t wrong = report.disagreeing();
  text += fmt::format("  {:<20}{:>5} of {:>4} agree\n", "all", report.cases.size() - wrong,
                      report.cases.size());
  for (const CaseResult& each : report.cases) {
    if (each.disagreements.empty()) continue;
    text += fmt::format("\n{}:{}: case '{}' ({})\n", each.place.file, each.place.line, each.id,
                        each.kind);
    for (const Disagreement& what : each.disagreements) {
      text += fmt::format("  {}\n    expected  {}\n    got       {}\n", what.what, what.expected,
                          what.got);
    }
  }
  return text;
}

std::string reproduce_json(const ReproduceReport& report) {
  Json out;
  out["schema"] = "headroom.reproduce";
  out["headroom"] = {{"version", HEADROOM_VERSION}, {"revision", HEADROOM_REVISION}};
  out["scheduler"] = "gpustack";
  out["files"] = report.files;
  out["cases"] = report.cases.size();
  out["agree"] = report.cases.size() - report.disagreeing();
  out["kinds"] = Json::array();
  for (const KindCount& count : by_kind(report)) {
    out["kinds"].push_back({{"kind", count.kind}, {"cases", count.cases}, {"agree", count.agree}});
  }
  out["disagreements"] = Json::array();
  for (const CaseResult& each : report.cases) {
    for (const Disagreement& what : each.disagreements) {
      out["disagreements"].push_back({{"case", each.id},
                                      {"kind", each.kind},
                                      {"file", each.place.file},
                                      {"line", each.place.line},
                                      {"what", what.what},
                                      {"expected", what.expected},
                                      {"got", what.got}});
    }
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom
