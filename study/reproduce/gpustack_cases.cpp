#include "study/reproduce/gpustack_cases.hpp"

#include "sim/core/nearest.hpp"
#include "sim/models/config_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <system_error>

namespace headroom {
namespace {

namespace fs = std::filesystem;

using RunCase = std::vector<Disagreement> (*)(const CaseValue&);

// In the order of the report. "locality" cases may refer to one another and are run apart.
const std::vector<std::pair<std::string, RunCase>>& kinds() {
  static const std::vector<std::pair<std::string, RunCase>> all = {
      {"placement", run_placement_case},          {"observed_placement", run_placement_case},
      {"tp_divisibility", run_divisibility_case}, {"head_resolution", run_heads_case},
      {"gpu_count", run_gpu_count_case},          {"score", run_score_case},
      {"score_chain", run_score_chain_case},      {"locality", nullptr},
  };
  return all;
}

Result<std::vector<fs::path>> files_of(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return fail("no such folder", {folder.string()});
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  if (error) return fail(fmt::format("cannot be read: {}", error.message()), {folder.string()});
  if (files.empty()) return fail("no *.json file in this folder", {folder.string()});
  std::sort(files.begin(), files.end());
  return files;
}

struct Document {
  std::string file;
  std::string text;
  nlohmann::json json;
};

// The line on which a case names itself.
std::int64_t line_of(const std::string& text, const std::string& id) {
  const auto at = text.find('"' + id + '"');
  if (at == std::string::npos) return 0;
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
}

class CaseRun {
 public:
  Status add(const fs::path& file) {
    auto document = std::make_unique<Document>();
    document->file = file.string();
    HEADROOM_TRY(document->text, read_config_text(file));
    HEADROOM_TRY(document->json, parse_config_document(document->text, document->file));
    const CaseValue root(document->json, {document->file}, "the document", error_);
    const CaseValue list = root.at("cases");
    if (!list.is_list()) list.reject("a list of cases");
    const std::size_t count = list.entries().size();
    for (std::size_t i = 0; i < count; ++i) HEADROOM_CHECK(add_case(*document, i));
    documents_.push_back(std::move(document));
    return status();
  }

  Result<ReproduceReport> run() {
    ReproduceReport report;
    report.files = documents_.size();
    for (const std::string& id : order_) {
      HEADROOM_TRY(CaseResult result, run_case(id, cases_.at(id)));
      report.cases.push_back(std::move(result));
    }
    if (report.cases.empty()) return fail("there is no case in this folder");
    return report;
  }

 private:
  Status add_case(const Document& document, std::size_t number) {
    const nlohmann::json& json = document.json.at("cases").at(number);
    const CaseValue unnamed(json, {document.file}, fmt::format("case {}", number + 1), error_);
    const std::string id = unnamed.text("id");
    HEADROOM_CHECK(status());
    const SourcePlace place{document.file, line_of(document.text, id)};
    if (!cases_.emplace(id, CaseValue(json, place, fmt::format("case '{}'", id), error_)).second) {
      return fail(fmt::format("case '{}' stands twice", id), place);
    }
    order_.push_back(id);
    return {};
  }

  Result<CaseResult> run_case(const std::string& id, const CaseValue& test) {
    CaseResult result{id, test.text("kind"), test.place(), {}};
    const auto kind = std::find_if(kinds().begin(), kinds().end(),
                                   [&](const auto& each) { return each.first == result.kind; });
    HEADROOM_CHECK(status());
    if (kind == kinds().end()) {
      std::vector<std::string> names;
      for (const auto& each : kinds()) names.push_back(each.first);
      return fail(fmt::format("case '{}': 'kind' is '{}'", id, result.kind), test.place(),
                  suggest(result.kind, names));
    }
    result.disagreements =
        kind->second != nullptr
            ? kind->second(test)
            : run_locality_case(test, [this](const std::string& other) { return find(other); });
    HEADROOM_CHECK(status());
    return result;
  }

  CaseValue find(const std::string& id) {
    static const nlohmann::json none;
    const auto found = cases_.find(id);
    if (found != cases_.end()) return found->second;
    return {none, {}, fmt::format("case '{}'", id), error_};
  }

  [[nodiscard]] Status status() const {
    if (error_) return tl::unexpected<Error>(*error_);
    return {};
  }

  std::vector<std::unique_ptr<Document>> documents_;
  std::map<std::string, CaseValue> cases_;
  std::vector<std::string> order_;
  std::optional<Error> error_;
};

}  // namespace

std::size_t ReproduceReport::disagreeing() const {
  return static_cast<std::size_t>(
      std::count_if(cases.begin(), cases.end(),
                    [](const CaseResult& each) { return !each.disagreements.empty(); }));
}

Result<ReproduceReport> reproduce_gpustack(const fs::path& folder) {
  HEADROOM_TRY(const std::vector<fs::path> files, files_of(folder));
  CaseRun run;
  for (const fs::path& file : files) HEADROOM_CHECK(run.add(file));
  auto report = run.run();
  if (!report && report.error().place.file.empty()) {
    return fail(report.error().message, {folder.string()}, report.error().hint);
  }
  return report;
}

}  // namespace headroom
