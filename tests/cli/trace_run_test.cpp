// Small traces in the public formats, run through the command.

#include "tests/catch.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>

using namespace headroom::test;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

bool has(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

std::string model_zoo() { return source_path("examples/mixes/model-zoo.toml").string(); }
std::string sample(const std::string& name) {
  return source_path("traces/samples/" + name).string();
}

// 101 jobs of one GPU and 50 s, one every 100 s. Between the 1st and the 99th percentile of the
// arrivals, 100 s and 9900 s, they ask for 50 x f / 100 GPUs as long as 50 x f is at most 100.
std::string even_jobs(int gpus = 1) {
  std::string out = "job_id,submission_time,duration,num_gpu\n";
  for (int i = 0; i <= 100; ++i) {
    out += "7d9f1c52-0000-4e0b-9a3c-" + std::to_string(100'000'000'000 + i) + "," +
           std::to_string(100 * i) + ",50," + std::to_string(gpus) + "\n";
  }
  return out;
}

std::string itp_scenario(const std::string& more) {
  return "name = \"even jobs\"\n"
         "policies = [\"naive\", \"head-aware\", \"fallback-search\"]\n"
         "[[cluster.nodes]]\ngpu = \"A10\"\ngpus = 4\n"
         "[workload]\ntrace = \"t.csv\"\nformat = \"itp\"\n" +
         more;
}

}  // namespace

TEST_CASE("an ITP trace runs as opaque tasks at the load asked for", "[cli]") {
  const TempDir folder;
  folder.write("t.csv", even_jobs());
  const std::string scenario = folder.write("s.toml", itp_scenario("load = 0.2\n")).string();
  const fs::path out = folder.path() / "out";
  const auto result = run_headroom({"run", scenario, "--out", out.string()});
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == 0);
  // 0.2 of 4 GPUs is 0.8 = 50 x f / 100.
  CHECK(has(result.out,
            "t.csv (itp), at load 0.2: each arrival stands k = 1 times, lifetimes x f = "));
  CHECK(has(result.out, "1.600"));
  const Json workload = Json::parse(read_file(out / "result.json")).at("workload");
  CHECK(workload == Json({{"kind", "trace"},
                          {"trace", "t.csv"},
                          {"format", "itp"},
                          {"as", "opaque"},
                          {"load", 0.2},
                          {"copies", 1},
                          {"lifetime_factor", 1.6}}));
  CHECK(has(result.out, "All 101 requests ended the same under every policy (seed 1)."));

  // One row an hour from the first arrival to the last end: 0 s to 10080 s.
  const auto series = lines_of(read_file(out / "series-naive.csv"));
  REQUIRE(series.size() == 4);
  CHECK(series[0] == "time_s,gpus_held,idle_gpus,waiting,starting,running");
  CHECK(series[1] == "0,1.000,3,0,0,1");
  CHECK(series[2].starts_with("3600,"));
  CHECK(series[3].starts_with("7200,"));
}

TEST_CASE("an ITP trace runs as deployments, and the tables fit a terminal", "[cli]") {
  const TempDir folder;
  folder.write("t.csv", even_jobs(4));
  const std::string scenario =
      folder
          .write("s.toml", itp_scenario("load = 2\nas = \"llm\"\nmix = \"" + model_zoo() + "\"\n"))
          .string();
  const auto result = run_headroom({"run", scenario});
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == 0);
  const auto lines = lines_of(result.out);
  for (const auto& line : lines) CHECK(line.size() <= 120);
  CHECK(lines[0] == "even jobs");
  CHECK(lines[1] == "  cluster   1 node, 4 GPUs: 4 A10");
  CHECK(has(result.out, "as LLM deployments of the mix 'model-zoo', at load 2"));
  const auto header = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words{std::istream_iterator<std::string>(in), {}};
    return words == std::vector<std::string>{"naive", "head-aware", "fallback-search"};
  });
  REQUIRE(header != lines.end());
  for (const char* row :
       {"  requests ", "  unserved ", "  GPUs allocated ", "  lost to refusals ",
        "  failed starts ", "  parallel efficiency (fitted) ", "  waiting, p99 "}) {
    INFO(row);
    CHECK(
        std::any_of(lines.begin(), lines.end(), [&](const auto& l) { return l.starts_with(row); }));
  }
  // Long names stand on lines of their own, whole, so that `explain` can be given them.
  CHECK(has(result.out, " ended differently (seed 1):\n  requests  one policy  ended"));
  CHECK(has(result.out, "\n            for example 7d9f1c52-0000-4e0b-9a3c-1000000000"));
}

TEST_CASE("openb nodes and pods run as they are", "[cli]") {
  const TempDir folder;
  const std::string scenario =
      folder
          .write("s.toml", "policies = [\"naive\", \"first-fit\"]\n[cluster]\nopenb_nodes = \"" +
                               sample("openb-nodes.csv") + "\"\n[workload]\ntrace = \"" +
                               sample("openb-pods.csv") + "\"\n")
          .string();
  const fs::path out = folder.path() / "out";
  const auto result = run_headroom({"run", scenario, "--out", out.string()});
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(has(result.out, "4 nodes, 11 GPUs: 2 T4, 8 V100M32, 1 A10"));
  CHECK(has(result.out, "openb-pods.csv (openb-pods)\n"));
  const Json json = Json::parse(read_file(out / "result.json"));
  for (const auto& run : json.at("runs")) {
    CHECK(run.at("metrics").at("submitted") == 8.0);
    CHECK(run.at("metrics").at("outcome.placed") == 87.5);  // all but one of eight
  }
  const auto explained = run_headroom({"explain", out.string(), "sample-pod-2"});
  CHECK(has(explained.out, "at 60 s: asked for a task of 250/1000 of a GPU"));
  CHECK(has(explained.out, "ended: placed; waited 0 s"));
}

TEST_CASE("an undisclosed GPU type needs an alias, and the assumption is printed", "[cli]") {
  const TempDir folder;
  folder.write("n.csv", "sn,cpu_milli,memory_mib,gpu,model\nn1,96000,393216,8,G2\n");
  const std::string scenario =
      folder
          .write("s.toml",
                 "policies = [\"naive\"]\n[cluster]\nopenb_nodes = \"n.csv\"\n"
                 "[gpu_alias]\nG2 = \"A10\"\n[workload]\nas = \"llm\"\nmix = \"" +
                     model_zoo() + "\"\ntrace = \"" + sample("openb-pods.csv") + "\"\n")
          .string();
  const auto result = run_headroom({"run", scenario});
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(has(result.out, "  assumed   GPU model G2 is undisclosed: taken as A10 (24.0 GiB)\n"));
}

TEST_CASE("a native trace runs with its deployments and tasks, plain or gzipped", "[cli]") {
  const TempDir folder;
  const std::string scenario =
      folder
          .write("s.toml",
                 "policies = [\"fallback-search\"]\n"
                 "[[cluster.nodes]]\ngpu = \"A100-80GB\"\ngpus = 8\ncount = 2\n"
                 "[[cluster.nodes]]\ngpu = \"A10\"\ngpus = 2\n"
                 "[workload]\ntrace = \"" +
                     sample("native.jsonl") + "\"\n")
          .string();
  const auto result = run_headroom({"run", scenario, "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  const Json metrics = Json::parse(result.out).at("runs").at(0).at("metrics");
  CHECK(metrics.at("submitted") == 6.0);
  CHECK(metrics.at("outcome.placed") == 100.0);
  CHECK(metrics.at("groups_complete") == 1.0);
}

TEST_CASE("the option --trace takes the place of the scenario's, and the file tells its format",
          "[cli]") {
  const TempDir folder;
  folder.write("t.csv", even_jobs());
  const std::string scenario = folder.write("s.toml", itp_scenario("")).string();
  const auto other = run_headroom({"run", scenario, "--trace", sample("openb-pods.csv"), "--json"});
  INFO(other.err);
  REQUIRE(other.exit_code == 0);
  CHECK(Json::parse(other.out).at("workload").at("format") == "openb-pods");
  const auto wrong = run_headroom(
      {"run", scenario, "--trace", sample("openb-pods.csv"), "--set", "workload.format=\"itp\""});
  CHECK(wrong.exit_code == 2);
  CHECK(has(wrong.err, "there is no column 'job_id'"));
}
