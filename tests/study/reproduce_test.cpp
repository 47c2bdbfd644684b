#include "study/reproduce/gpustack_cases.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <set>

using namespace headroom;
using namespace headroom::test;

namespace {

ReproduceReport agreeing(const std::filesystem::path& folder) {
  ReproduceReport report = require_value(reproduce_gpustack(folder));
  INFO(reproduce_text(report));
  CHECK(report.disagreeing() == 0);
  return report;
}

std::string refusal(std::string_view json) {
  const TempDir folder;
  folder.write("c.json", json);
  const auto report = reproduce_gpustack(folder.path());
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().place.file == (folder.path() / "c.json").string());
  return report.error().text();
}

bool has(const std::string& text, std::string_view part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("our own cases about GPUStack's scheduler agree") {
  const ReproduceReport report = agreeing(source_path("tests/study/gpustack_cases"));
  CHECK(report.cases.size() == 19);
}

TEST_CASE("the cases that GPUStack's tests assert agree") {
  const auto folder = shared_path("conformance/gpustack");
  if (!folder) return;
  const ReproduceReport report = agreeing(*folder);
  CHECK(report.cases.size() >= 73);
  std::set<std::string> kinds;
  for (const CaseResult& each : report.cases) kinds.insert(each.kind);
  CHECK(kinds.size() == 8);
}

TEST_CASE("a case that does not come out as it says is named with what was expected and got") {
  const TempDir folder;
  folder.write("c.json", R"({"cases": [
    {"id": "x/heads", "kind": "head_resolution", "config": {"num_attention_heads": 8},
     "expected": {"num_attention_heads": 9}},
    {"id": "x/two", "kind": "placement", "claim_bytes": 1000,
     "model": {}, "workers": [{"name": "a", "gpus": [
       {"index": 0, "type": "cuda", "memory_total_bytes": 4000}]}],
     "expected": {"candidates": [{"worker": "a", "gpu_indexes": [0],
                                  "claim_bytes_per_gpu": {"0": 3601}}],
                  "messages": ["It says something else."]}}]})");
  const ReproduceReport report = require_value(reproduce_gpustack(folder.path()));
  CHECK(report.disagreeing() == 2);
  const std::string text = reproduce_text(report);
  CHECK(has(text, "c.json:2: case 'x/heads' (head_resolution)"));
  CHECK(has(text, "    expected  9\n    got       8\n"));
  CHECK(has(text, "    expected  a 0=3601\n    got       a 0=3600\n"));
  CHECK(has(text, "a message that this comparison knows"));
  const auto json = nlohmann::json::parse(reproduce_json(report));
  CHECK(json.at("cases") == 2);
  CHECK(json.at("agree") == 0);
  CHECK(json.at("disagreements").size() == 3);
  CHECK(json.at("disagreements")[0].at("line") == 2);
}

TEST_CASE("files of cases that cannot be read are refused") {
  CHECK(has(refusal("{\"cases\": ["), "c.json:1:12: not JSON"));
  CHECK(has(refusal("[]"), "must be an object"));
  CHECK(has(refusal("{}"), "'cases' is null, expected a list of cases"));
  CHECK(has(refusal(R"({"cases": [{"kind": "score"}]})"), "case 1: 'id' is null, expected a text"));
  CHECK(has(refusal(R"({"cases": [{"id": "a", "kind": "scoer"}]})"), "did you mean 'score'?"));
  CHECK(has(refusal("{\"cases\": [{\"id\": \"a\", \"kind\": \"placement\",\n"
                    "\"workers\": [{\"name\": \"w\", \"gpus\": [{\"index\": -1}]}]}]}"),
            "c.json:1: case 'a': 'workers[0].gpus[0].memory_total_bytes' is null"));
  CHECK(has(refusal(R"({"cases": [{"id": "a", "kind": "tp_divisibility", "tp_size": 0}]})"),
            "'tp_size' is 0, expected 1 to 1,000,000"));
  CHECK(has(refusal(R"({"cases": [{"id": "a", "kind": "placement", "manual_gpu_ids": ["w:0"]}]})"),
            "'manual_gpu_ids[0]' is \"w:0\", expected WORKER:TYPE:INDEX"));
  CHECK(has(refusal(R"({"cases": [{"id": "a", "kind": "locality", "expected":
                      {"less_than_case": "b"}}]})"),
            "expected the id of a case in this folder"));
  const std::string twice = R"({"id": "a", "kind": "score_chain", "expected": {"totals": []}})";
  CHECK(has(refusal("{\"cases\": [" + twice + "," + twice + "]}"), "case 'a' stands twice"));
}

TEST_CASE("a case that compares nothing, or not what it says, is refused") {
  const auto refused = [](const std::string& rest) {
    return refusal(R"({"cases": [{"id": "a", )" + rest + "}]}");
  };
  for (const std::string kind : {"placement", "observed_placement", "head_resolution", "gpu_count",
                                 "score", "score_chain", "locality"}) {
    INFO(kind);
    const std::string of_kind = R"("kind": ")" + kind + R"(")";
    CHECK(has(refused(of_kind), "'expected' is null, expected some of"));
    CHECK(has(refused(of_kind + R"(, "expected": {})"), "'expected' is {}, expected some of"));
    CHECK(has(refused(of_kind + R"(, "expected": {"scoer": 1})"),
              "'expected.scoer' is 1, expected no such key: "));
  }
  CHECK(has(refused(R"("kind": "tp_divisibility", "tp_size": 2, "expect": {})"),
            "'expected' is null, expected some of divisible, message"));
  CHECK(has(refused(R"("kind": "score", "expected": {"best": null})"),
            "'expected.best' is null, expected a value to compare with"));
  CHECK(has(refused(R"("kind": "placement", "expected": {"candidates": [{"worker": "w",
                    "gpu_indexs": [0]}]})"),
            "'expected.candidates[0].gpu_indexs' is"));
  CHECK(has(refused(R"("kind": "placement", "expected": {"candidates": []},
                    "observed_by_running_the_real_selector": {"candidate": []})"),
            "no such key: candidates, chosen, chosen_candidate, messages count here"));
}

TEST_CASE("a case may say that nothing is chosen") {
  const TempDir folder;
  folder.write("c.json", R"({"cases": [{"id": "a", "kind": "placement", "claim_bytes": 1000,
    "model": {}, "workers": [{"name": "a", "gpus": [
       {"index": 0, "type": "cuda", "memory_total_bytes": 4000}]}],
    "expected": {"chosen": null}}]})");
  const ReproduceReport report = require_value(reproduce_gpustack(folder.path()));
  CHECK(has(reproduce_text(report), "    expected  none\n    got       0\n"));
}

TEST_CASE("a folder without cases is refused") {
  const TempDir folder;
  CHECK(has(reproduce_gpustack(folder.path() / "none").error().text(), "no such folder"));
  CHECK(has(reproduce_gpustack(folder.path()).error().text(), "no *.json file"));
  folder.write("c.json", R"({"cases": []})");
  CHECK(has(reproduce_gpustack(folder.path()).error().text(), "there is no case"));
}
