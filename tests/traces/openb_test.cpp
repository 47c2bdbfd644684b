#include "tests/traces/helpers.hpp"
#include "traces/openb_nodes.hpp"
#include "traces/openb_pods.hpp"

#include <array>

namespace headroom {

using namespace test;

namespace {

const std::string kHeader =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
    "deletion_time,scheduled_time\n";

/// The error that rows below the usual header end in.
std::string pods_error(const std::string& rows) {
  const TempDir folder;
  auto reader = require_value(open_openb_pods(folder.write("pods.csv", kHeader + rows)));
  return first_error(*reader);
}

std::string nodes_error(const std::string& content) {
  const TempDir folder;
  const auto nodes = read_openb_nodes(folder.write("nodes.csv", content));
  return nodes ? "" : nodes.error().text();
}

}  // namespace

TEST_CASE("openb pods become tasks: times, GPUs, share, types, CPU and RAM") {
  auto reader = require_value(open_openb_pods(source_path("traces/samples/openb-pods.csv")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 8);
  CHECK(tasks[0].name == "sample-pod-1");
  CHECK(tasks[0].gpus == 1);
  CHECK(tasks[0].milli == 1000);
  CHECK(tasks[0].cpu_milli == 4'000);
  CHECK(tasks[0].ram == 8 * kGiB);
  CHECK(tasks[0].lifetime == std::chrono::hours(1));
  // Lifetime counts from the start that was recorded; arrival is the creation.
  CHECK(tasks[1].arrival == SimTime(std::chrono::seconds(60)));
  CHECK(tasks[1].lifetime == std::chrono::seconds(885));
  CHECK(tasks[1].milli == 250);
  CHECK(tasks[1].gpu_types == std::vector<std::string>{"A10", "T4"});
  CHECK(tasks[3].gpus == 8);
  CHECK(tasks[5].lifetime == Duration::zero());
}

TEST_CASE("an openb pod without GPUs is a CPU task") {
  auto reader = require_value(open_openb_pods(source_path("traces/samples/openb-pods.csv")));
  const auto tasks = collect(*reader);
  CHECK(tasks[2].gpus == 0);
  CHECK(tasks[2].milli == 1000);
  CHECK(tasks[2].cpu_milli == 16'000);
}

TEST_CASE("an openb pod that was never scheduled lives from creation to deletion") {
  auto reader = require_value(open_openb_pods(source_path("traces/samples/openb-pods.csv")));
  const auto tasks = collect(*reader);
  CHECK(tasks[4].name == "sample-pod-5");
  CHECK(tasks[4].lifetime == std::chrono::seconds(600));
}

TEST_CASE("openb pods read the same from CRLF, gzip, a BOM and without a final line end") {
  const TempDir folder;
  const std::string row = "p,1000,1024,1,500,A10,LS,Running,5,9,7";
  std::string crlf = kHeader + row + "\n";
  for (std::size_t at = crlf.find('\n'); at != std::string::npos; at = crlf.find('\n', at + 2)) {
    crlf.insert(at, "\r");
  }
  const std::array<std::filesystem::path, 4> files{
      folder.write("crlf.csv", crlf), write_gz(folder, "x.csv.gz", kHeader + row),
      folder.write("bom.csv", "\xEF\xBB\xBF" + kHeader + row + "\n"),
      folder.write("open.csv", kHeader + row)};
  for (const auto& file : files) {
    INFO(file.string());
    auto reader = require_value(open_openb_pods(file));
    const auto tasks = collect(*reader);
    REQUIRE(tasks.size() == 1);
    CHECK(tasks[0].name == "p");
    CHECK(tasks[0].lifetime == std::chrono::seconds(2));
    CHECK(tasks[0].gpu_types == std::vector<std::string>{"A10"});
  }
}

TEST_CASE("bad openb pods are refused with place, value and reason") {
  check_holds(pods_error("a,1,1,0,0,,,,15,20,\nb,1,1,0,0,,,,12,20,\n"),
              "pods.csv:3:14: arrival 12 is before the previous row's 15");
  check_holds(pods_error("a,1,1,0,0,,,,NaN,20,\n"), "creation_time: 'NaN' is not a number");
  check_holds(pods_error("a,1,1,0,0,,,,-4,20,\n"), "creation_time is -4, but must not be negative");
  check_holds(pods_error("a,1,1,0,0,,,,10,5,\n"),
              "deletion_time 5 is before the pod's start at 10");
  check_holds(pods_error("a,1,1,0,0,,,,10,50,9\n"), "scheduled_time 9 is before creation_time 10");
  check_holds(pods_error("a,1,1,0,0,,,,10,,\n"),
              "pods.csv:2:17: deletion_time: '' is not a number");
  check_holds(pods_error("a,-1,1,0,0,,,,1,2,\n"), "cpu_milli is -1");
  check_holds(pods_error("a,1,1,1.5,0,,,,1,2,\n"), "num_gpu is '1.5', but must be an integer");
  check_holds(pods_error("a,1,1,1,1001,,,,1,2,\n"),
              "gpu_milli is 1001, but must be from 0 to 1000");
  check_holds(pods_error("a,1,1,1,0,,,,1,2,\n"), "gpu_milli is 0, but num_gpu is 1");
  check_holds(pods_error("a,1,1,0,500,,,,1,2,\n"), "gpu_milli is 500, but num_gpu is 0");
  check_holds(pods_error("a,1,1,2,500,,,,1,2,\n"), "gpu_milli is 500, but num_gpu is 2");
  check_holds(pods_error("a,1,1\n"), "this row has 3 fields, the header has 11 columns");
}

TEST_CASE("an openb list that was made for packing only is refused for its missing times") {
  const TempDir folder;
  const auto reader = open_openb_pods(
      folder.write("multi.csv", "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,1,1,1,1000\n"));
  REQUIRE_FALSE(reader.has_value());
  check_holds(reader.error().text(), "this openb pod list has no times");
}

TEST_CASE("openb nodes are read in order with their GPUs") {
  const auto nodes = require_value(read_openb_nodes(source_path("traces/samples/openb-nodes.csv")));
  REQUIRE(nodes.size() == 4);
  CHECK(nodes[0].gpus == 0);
  CHECK(nodes[0].model.empty());
  CHECK(nodes[2].name == "sample-node-3");
  CHECK(nodes[2].cpu_milli == 96'000);
  CHECK(nodes[2].ram == 384 * kGiB);
  CHECK(nodes[2].gpus == 8);
  CHECK(nodes[2].model == "V100M32");
}

TEST_CASE("bad openb nodes are refused with place and reason") {
  const std::string header = "sn,cpu_milli,memory_mib,gpu,model\n";
  check_holds(nodes_error(header), "this node list has no rows");
  check_holds(nodes_error(header + "n,1,1,2,\n"), "nodes.csv:2:9: model is empty");
  check_holds(nodes_error(header + "n,1,1,0,T4\n"), "model is 'T4', but the node has no GPU");
  check_holds(nodes_error(header + "n,1,1,9999,T4\n"), "gpu is 9999, but must be from 0 to 1024");
  check_holds(nodes_error("sn,cpu_milli,memory_mib,gpu\n"), "there is no column 'model'");
}

}  // namespace headroom
