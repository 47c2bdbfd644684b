// headroom reproduce fgd: exit codes, output, plots.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace headroom::test;

namespace {

constexpr const char* kNodes =
    "sn,cpu_milli,memory_mib,gpu,model\na,8000,8192,2,T4\nb,8000,8192,2,T4\n";
constexpr const char* kPods =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n"
    "p1,1000,1024,1,500\np2,1000,1024,1,500\np3,1000,1024,2,1000\n";
constexpr const char* kOrder = "pods\np1\np2\np3\nnodes\na\nb\n";

// By hand: 500, 1,000 and 3,000 of 4,000 are allocated at 12.5, 25 and 75 %. Typical are two thirds
// shares and one third pairs: with one share 1,500 + 2,000 idle, of which the pair cannot use 1,500
// on a; then 1,000 on a; then what is left on a.
std::string table(const std::string& curve, double spoil = 0.0) {
  std::string header = "workload,sc_policy,tune,seed";
  std::string row = "openb_pod_list_small,05-BestFit,1.3,42";
  for (int column = 0; column <= 130; ++column) {
    header += "," + std::to_string(column);
    double value = 0.0;
    const bool first = column >= 11 && column <= 13;
    const bool second = column >= 24 && column <= 26;
    const bool third = column >= 74 && column <= 76;
    if (curve == "allo") value = first ? 12.5 : second ? 25.0 : third ? 75.0 : 0.0;
    if (curve == "frag") value = first ? 12.5 : second || third ? 8.33 : 0.0;
    if (curve == "frag_ratio") value = first ? 14.29 : second ? 11.11 : third ? 33.33 : 0.0;
    // The column next to 12 has its neighbours' mean; two further have nothing.
    row += "," + std::to_string(column == 25 ? value + spoil : value);
  }
  return header + "\n" + row + "\n";
}

void write_all(const TempDir& folder, double spoil = 0.0) {
  folder.write("nodes.csv", kNodes);
  folder.write("openb_pod_list_small.csv", kPods);
  folder.write("openb_pod_list_small.seed42.order", kOrder);
  folder.write("analysis_allo_discrete.csv", table("allo", spoil));
  folder.write("analysis_frag_discrete.csv", table("frag"));
  folder.write("analysis_frag_ratio_discrete.csv", table("frag_ratio"));
}

std::vector<std::string> command(const std::string& folder) {
  return {"reproduce",  "fgd",  "--pods",   folder, "--nodes",    folder + "/nodes.csv",
          "--expected", folder, "--orders", folder, "--policies", "best-fit"};
}

}  // namespace

TEST_CASE("runs that agree say so, in a table and in JSON", "[cli]") {
  const TempDir folder;
  write_all(folder);
  const auto result = run_headroom(command(folder.path().string()));
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("1 of 1 agree") != std::string::npos);
  CHECK(result.out.find("the 2 most frequent of 2 kinds") != std::string::npos);
  auto with_json = command(folder.path().string());
  with_json.emplace_back("--json");
  const auto json = run_headroom(with_json);
  const auto document = nlohmann::json::parse(json.out);
  CHECK(document.at("schema") == "headroom.fgd");
  CHECK(document.at("agree") == true);
  CHECK(document.at("runs").at(0).at("placed") == 3);
  CHECK(document.at("runs").at(0).at("allo").size() == 131);
}

TEST_CASE("a run that disagrees exits 1 and says where", "[cli]") {
  const TempDir folder;
  write_all(folder, 0.02);
  const auto result = run_headroom(command(folder.path().string()));
  CHECK(result.exit_code == 1);
  CHECK(result.out.find("seed 42, column 25: allo 25, published 25.02") != std::string::npos);
  CHECK(result.out.find("0 of 1 agree") != std::string::npos);
}

TEST_CASE("lists that are not complete are left out, and said so", "[cli]") {
  const TempDir folder;
  write_all(folder);
  folder.write("openb_pod_list_other.csv", kPods);
  folder.write("openb_pod_list_other.gz", "not a list");
  const auto result = run_headroom(command(folder.path().string()));
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("other: left out, without published runs") != std::string::npos);
  auto named = command(folder.path().string());
  named.insert(named.end(), {"--lists", "other"});
  const auto refused = run_headroom(named);
  CHECK(refused.exit_code == 2);
  CHECK(refused.err.find("no published run on openb_pod_list_other") != std::string::npos);
}

TEST_CASE("a cluster without GPUs, and one run of an order of our own, are refused", "[cli]") {
  const TempDir folder;
  write_all(folder);
  folder.write("nodes.csv", "sn,cpu_milli,memory_mib,gpu,model\na,8000,8192,0,\n");
  const auto without = run_headroom(command(folder.path().string()));
  CHECK(without.exit_code == 2);
  CHECK(without.err.find("no node of this list has a GPU") != std::string::npos);
  const std::string at = folder.path().string();
  const auto one = run_headroom({"reproduce", "fgd", "--pods", at, "--nodes", at + "/nodes.csv",
                                 "--expected", at, "--own-orders", "--seeds", "1"});
  CHECK(one.exit_code == 2);
  CHECK(one.err.find("name two seeds or more") != std::string::npos);
}

TEST_CASE("plots are SVG files, one for each list", "[cli]") {
  if (std::system("command -v gnuplot > /dev/null 2>&1") != 0) {  // NOLINT(cert-env33-c)
    WARN("skipped: gnuplot is not there");
    return;
  }
  const TempDir folder;
  write_all(folder);
  auto with_plots = command(folder.path().string());
  with_plots.insert(with_plots.end(), {"--plots", (folder.path() / "plots").string()});
  const auto result = run_headroom(with_plots);
  INFO(result.err);
  CHECK(result.exit_code == 0);
  std::ifstream svg(folder.path() / "plots/fgd-openb_pod_list_small.svg");
  const std::string text((std::istreambuf_iterator<char>(svg)), std::istreambuf_iterator<char>());
  CHECK(text.find("</svg>") != std::string::npos);
  CHECK(text.find("BestFit") != std::string::npos);
}

TEST_CASE("what is not there or cannot be read of the experiment is refused", "[cli]") {
  const TempDir folder;
  write_all(folder);
  const std::string at = folder.path().string();
  const auto with = [&](std::vector<std::string> more) {
    auto out = command(at);
    out.insert(out.end(), more.begin(), more.end());
    return out;
  };
  check_refused({
      BadInput{
          "unknown list", {}, {"there is no pod list 'nonesuch'"}, with({"--lists", "nonesuch"})},
      BadInput{"unknown policy",
               {},
               {"'fgdd' is not a policy of the published table", "fgd"},
               with({"--policies", "fgdd"})},
      BadInput{"a list twice",
               {},
               {"pod list 'openb_pod_list_small' is named twice"},
               with({"--lists", "small,openb_pod_list_small"})},
      BadInput{"no such seed", {}, {"with seed 43"}, with({"--seeds", "43"})},
      BadInput{"not a seed", {}, {"--seeds"}, with({"--seeds", "x"})},
      BadInput{"orders and own orders", {}, {"--own-orders"}, with({"--own-orders"})},
      BadInput{"no orders",
               {},
               {"--orders"},
               {"reproduce", "fgd", "--pods", at, "--nodes", at + "/nodes.csv", "--expected", at}},
      BadInput{"no lists",
               {},
               {"no pod list in this folder"},
               {"reproduce", "fgd", "--pods", "@", "--nodes", at + "/nodes.csv", "--expected", at,
                "--orders", at}},
      BadInput{"no tables",
               {},
               {"analysis_allo_discrete.csv: no such file"},
               {"reproduce", "fgd", "--pods", at, "--nodes", at + "/nodes.csv", "--expected", "@",
                "--orders", at}},
      BadInput{"no nodes",
               {},
               {"nonesuch.csv"},
               {"reproduce", "fgd", "--pods", at, "--nodes", at + "/nonesuch.csv", "--expected", at,
                "--orders", at}},
  });
}
