// headroom reproduce gpustack: exit codes and output.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

using namespace headroom::test;

TEST_CASE("our own cases agree, and the command says so by kind", "[cli]") {
  const std::string folder = source_path("tests/study/gpustack_cases").string();
  const auto result = run_headroom({"reproduce", "gpustack", "--cases", folder});
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  CHECK(result.out.find("placement              15 of   15 agree") != std::string::npos);
  const auto json = run_headroom({"reproduce", "gpustack", "--cases", folder, "--json"});
  CHECK(json.exit_code == 0);
  const auto document = nlohmann::json::parse(json.out);
  CHECK(document.at("schema") == "headroom.reproduce");
  CHECK(document.at("cases") == document.at("agree"));
  CHECK(document.at("disagreements").empty());
}

TEST_CASE("a case that disagrees exits 1, with its place", "[cli]") {
  const TempDir folder;
  folder.write("a.json", R"({"cases": [{"id": "wrong", "kind": "head_resolution",
    "config": {"num_attention_heads": 8}, "expected": {"num_attention_heads": 7}}]})");
  const auto result = run_headroom({"reproduce", "gpustack", "--cases", folder.path().string()});
  CHECK(result.exit_code == 1);
  CHECK(result.out.find("a.json:1: case 'wrong' (head_resolution)") != std::string::npos);
}

TEST_CASE("a schedule of Batsim's is compared start by start", "[cli]") {
  const TempDir folder;
  const std::string header =
      "job_id,submission_time,requested_number_of_resources,requested_time,execution_time,"
      "starting_time\n";
  const std::string good = folder.write("good.csv", header + "a,0,2,5,4,0\nb,1,2,5,4,4\n").string();
  const std::string bad = folder.write("bad.csv", header + "a,0,2,5,4,0\nb,1,2,5,4,5\n").string();
  const auto run = [](const std::string& file, std::vector<std::string> more) {
    std::vector<std::string> words = {"reproduce", "batsim", "--jobs",     file,
                                      "--queue",   "easy",   "--machines", "3"};
    words.insert(words.end(), more.begin(), more.end());
    return run_headroom(words);
  };
  const auto agreed = run(good, {});
  INFO(agreed.out << agreed.err);
  CHECK(agreed.exit_code == 0);
  CHECK(agreed.out.find("reserving machines       2 of     2 starts agree") != std::string::npos);
  const auto json = run(bad, {"--json"});
  CHECK(json.exit_code == 1);
  const auto document = nlohmann::json::parse(json.out);
  CHECK(document.at("schema") == "headroom.reproduce_batsim");
  CHECK(document.at("unexplained") == 2);
  CHECK(document.at("reserving_machines").at("differences").at(0).at("job") == "b");
}

TEST_CASE("cases that are not there or cannot be read are refused", "[cli]") {
  const std::vector<std::string> command = {"reproduce", "gpustack", "--cases", "@"};
  check_refused({
      BadInput{"no file", {}, {"no *.json file in this folder"}, command},
      BadInput{"not JSON", {{"a.json", "{"}}, {"@/a.json:1:2: not JSON"}, command},
      BadInput{"no cases", {{"a.json", "{}"}}, {"@/a.json", "expected a list of cases"}, command},
      BadInput{"no folder", {}, {"--cases is required"}, {"reproduce", "gpustack"}},
      BadInput{"no scheduler", {}, {"subcommand is required"}, {"reproduce"}},
  });
}
