// Importing a cluster from what other programs print. All inputs are made up in the real formats.

#include "study/cluster_import/cluster_toml.hpp"
#include "study/cluster_import/gpu_names.hpp"
#include "study/cluster_import/quantity.hpp"
#include "study/cluster_import/sources.hpp"
#include "study/cluster_show.hpp"
#include "tests/catch.hpp"
#include "tests/study/import_samples.hpp"
#include "tests/support.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace headroom;
using namespace headroom::test;

namespace {

/// What is written, read back.
ClusterSpec cluster_of_found(const FoundCluster& found, const GpuType* fallback = nullptr) {
  const TempDir folder;
  const auto written = require_value(write_cluster(found, "mine", fallback));
  return require_value(read_any_cluster(folder.write("mine.toml", written.toml)));
}

bool assumes(const FoundCluster& found, const std::string& part) {
  const auto written = require_value(write_cluster(found, "", nullptr));
  return std::any_of(written.assumptions.begin(), written.assumptions.end(),
                     [&](const std::string& text) { return text.find(part) != text.npos; });
}

const NodeSpec& node(const ClusterSpec& cluster, const std::string& name) {
  const auto found = std::find_if(cluster.nodes.begin(), cluster.nodes.end(),
                                  [&](const NodeSpec& n) { return n.name == name; });
  if (found == cluster.nodes.end()) FAIL("no node " << name);
  return *found;
}

std::vector<std::string> types(const ClusterSpec& cluster, const std::string& name) {
  std::vector<std::string> out;
  for (const GpuTypeId gpu : cluster.shapes[index(node(cluster, name).shape)].gpus) {
    out.push_back(cluster.gpu_types[index(gpu)].name);
  }
  return out;
}

GpuType type_of(const ClusterSpec& cluster, const std::string& name) {
  const auto found = std::find_if(cluster.gpu_types.begin(), cluster.gpu_types.end(),
                                  [&](const GpuType& type) { return type.name == name; });
  if (found == cluster.gpu_types.end()) FAIL("no type " << name);
  return *found;
}

FoundCluster kubernetes(const std::string& nodes, const std::string& pods = "") {
  const TempDir folder;
  const auto file = folder.write("nodes.json", nodes);
  if (pods.empty()) return require_value(import_kubernetes(file, std::nullopt));
  return require_value(import_kubernetes(file, folder.write("pods.json", pods)));
}

std::string error_of(const Result<FoundCluster>& result) {
  return result ? "no error" : result.error().text();
}

}  // namespace

TEST_CASE("product names of vendors are types of the catalogue") {
  const auto name = [](const std::string& product, Bytes memory = 0) {
    const auto type = catalogue_type_of(product, memory);
    return type ? type->name : std::string("none");
  };
  CHECK(name("NVIDIA-A100-SXM4-80GB") == "A100-80GB");
  CHECK(name("NVIDIA A100-PCIE-40GB") == "A100-40GB");
  CHECK(name("A100-SXM4", 40 * kGiB) == "A100-40GB");
  CHECK(name("NVIDIA-H100-80GB-HBM3", 81559 * kMiB) == "H100-80GB");
  CHECK(name("NVIDIA H100 PCIe") == "H100-PCIe");
  CHECK(name("NVIDIA H100 NVL") == "H100-NVL");
  CHECK(name("Tesla-T4") == "T4");
  CHECK(name("Tesla V100-SXM2-16GB") == "V100M16");
  CHECK(name("Tesla V100-PCIE", 32 * kGiB) == "V100M32");
  CHECK(name("NVIDIA GeForce RTX 4090") == "RTX-4090");
  CHECK(name("NVIDIA RTX 6000 Ada Generation") == "RTX-6000-Ada");
  CHECK(name("NVIDIA RTX A6000") == "A6000");
  CHECK(name("nvidia-l4") == "L4");
  CHECK(name("h100 80gb") == "H100-80GB");

  CHECK(name("Quadro RTX 6000") == "none");
  CHECK(name("NVIDIA H20", 141 * kGiB) == "none");  // the catalogue's has 96 GiB
  CHECK(name("NVIDIA GeForce RTX 3090 Ti") == "none");
  CHECK(name("AMD_Instinct_MI300X_OAM") == "none");
  CHECK(name("") == "none");
}

TEST_CASE("quantities of Kubernetes are read to the thousandth") {
  CHECK(parse_quantity_milli("8") == 8000);
  CHECK(parse_quantity_milli("7910m") == 7910);
  CHECK(parse_quantity_milli("1.5Gi") == 1000 * 3 * kGiB / 2);
  CHECK(parse_quantity_milli("1e3") == 1'000'000);
  CHECK(parse_quantity_milli("100n") == 1);
  CHECK(parse_quantity_milli("0") == 0);
  for (const char* bad : {"", "x", "-1", "1.2.3", "1KiB", "nan", "inf", "9999E"}) {
    INFO(bad);
    CHECK_FALSE(parse_quantity_milli(bad).has_value());
  }
}

TEST_CASE("nodes and pods of Kubernetes become a cluster with what is taken") {
  const FoundCluster found = kubernetes(kNodes, kPods);
  const ClusterSpec cluster = cluster_of_found(found);
  REQUIRE(cluster.nodes.size() == 4);
  CHECK(types(cluster, "gpu-a") == std::vector<std::string>(8, "H100-80GB"));
  // 3 GPUs by a running pod, 1 by a pending one; what has ended holds nothing.
  const Bytes full = 81'559 * kMiB;  // as the label tells, not the 80 GiB of the catalogue
  CHECK(node(cluster, "gpu-a").used == std::vector<Bytes>{full, full, full, full, 0, 0, 0, 0});
  CHECK(node(cluster, "gpu-b").used.empty());
  const NodeShape& a = cluster.shapes[index(node(cluster, "gpu-a").shape)];
  CHECK(a.cpu_milli == 80'000);  // 95.5 less 15.2, rounded down
  CHECK(a.ram == 100 * kGiB - 33 * kGiB);
  // AMD's GPU is not in the catalogue: its memory is the label's.
  CHECK(types(cluster, "amd-a") == std::vector<std::string>(2, "AMD-Instinct-MI300X-OAM"));
  const GpuType amd = type_of(cluster, "AMD-Instinct-MI300X-OAM");
  CHECK(amd.memory == 192 * kGiB);
  GpuType h100 = require_value(find_gpu_type("H100-80GB"));
  h100.memory = full;
  h100.source = "imported: memory as told, the rest as H100-80GB of the catalogue";
  CHECK(type_of(cluster, "H100-80GB") == h100);
  CHECK(types(cluster, "cpu-a").empty());

  CHECK(assumes(found, "nodes that are not ready are left out (gone)"));
  CHECK(assumes(found, "cordoned nodes are left out (resting)"));
  CHECK(assumes(found, "kept for the control plane are left out (head)"));
  CHECK(assumes(found, "which GPUs the pods hold is not told"));
  CHECK(assumes(found, "the taint nvidia.com/gpu is taken to be tolerated (gpu-a"));
  CHECK(assumes(found, "resource example.com/nic is not read (gpu-b)"));
  CHECK(assumes(found, "'AMD-Instinct-MI300X-OAM' is not in the catalogue"));
  CHECK(assumes(found, "but for its memory: 81559 MiB as told, not 81920 MiB"));
}

TEST_CASE("MIG devices of both strategies and time-sliced GPUs are told apart") {
  const FoundCluster found = kubernetes(kMigNodes);
  const ClusterSpec cluster = cluster_of_found(found);
  CHECK(types(cluster, "mixed") == std::vector<std::string>{"A100-40GB", "A100-40GB-MIG-1g.5gb",
                                                            "A100-40GB-MIG-1g.5gb",
                                                            "A100-40GB-MIG-3g.20gb"});
  CHECK(types(cluster, "single") == std::vector<std::string>(7, "A100-80GB-MIG-1g.10gb"));
  CHECK(types(cluster, "sliced") == std::vector<std::string>{"T4", "T4"});
  const auto type = [&](const std::string& name) { return type_of(cluster, name); };
  CHECK(type("T4").memory == 15'360 * kMiB);
  CHECK(type("A100-40GB").memory == 40 * kGiB);  // as the catalogue's
  CHECK(type("A100-40GB").source == require_value(find_gpu_type("A100-40GB")).source);
  CHECK(type("A100-40GB-MIG-3g.20gb").memory == 19968 * kMiB);
  CHECK(type("A100-40GB-MIG-1g.5gb").memory == 5 * kGiB);  // no label: the profile says it
  // A seventh of the cores; TOML holds tera-FLOP/s.
  CHECK(type("A100-80GB-MIG-1g.10gb").bf16_rate == 44'571'428'571'429);
  CHECK(type("A100-80GB-MIG-1g.10gb").nvlink_bandwidth == 0);
  CHECK(assumes(found, "MIG devices stand as GPUs of their own"));
  CHECK(assumes(found, "time-sliced count once"));
  CHECK(assumes(found, "without a list of pods, nothing is taken to run"));
}

TEST_CASE("GPUs of no known type need a memory or --assume-gpu") {
  const FoundCluster found = kubernetes(kBareNode);
  const auto without = write_cluster(found, "", nullptr);
  REQUIRE_FALSE(without.has_value());
  CHECK(without.error().text().find("their memory is not told") != std::string::npos);
  CHECK(without.error().text().find("--assume-gpu") != std::string::npos);
  const GpuType l4 = require_value(find_gpu_type("L4"));
  CHECK(types(cluster_of_found(found, &l4), "plain") == std::vector<std::string>{"L4"});
}

TEST_CASE("workers of GPUStack become nodes with what is used or claimed") {
  const TempDir folder;
  const FoundCluster found = require_value(import_gpustack(folder.write("w.json", kWorkers)));
  const ClusterSpec cluster = cluster_of_found(found);
  REQUIRE(cluster.nodes.size() == 1);
  CHECK(types(cluster, "desk") == std::vector<std::string>{"RTX-4090", "RTX-4090", "RTX-4090"});
  CHECK(type_of(cluster, "RTX-4090").memory == 25'757'220'864);
  // The reserve alone; a claim with the reserve, above what is measured; what is measured.
  CHECK(node(cluster, "desk").used == std::vector<Bytes>{1 * kGiB, 11 * kGiB, 6 * kGiB});
  const NodeShape& shape = cluster.shapes[index(node(cluster, "desk").shape)];
  CHECK(shape.cpu_milli == 32'000);
  CHECK(shape.ram == 40 * kGiB);
  CHECK(assumes(found, "workers that are not ready are left out (asleep)"));
  CHECK(assumes(found, "one page of 3"));
}

TEST_CASE("nvidia-smi tells memory, and its matrix how GPUs are linked") {
  const TempDir folder;
  const auto query = folder.write("smi.xml", smi_xml(4));
  const FoundCluster found =
      require_value(import_nvidia_smi(query, folder.write("topo.txt", kTopology), "box"));
  const ClusterSpec cluster = cluster_of_found(found);
  CHECK(types(cluster, "box") == std::vector<std::string>(4, "A100-80GB"));
  CHECK(node(cluster, "box").used == std::vector<Bytes>{0, 30 * kGiB, 0, 0});
  const NodeLinks& links = cluster.shapes[index(node(cluster, "box").shape)].links;
  CHECK(links.fabric == NodeFabric::edges);
  REQUIRE(links.edges.size() == 6);
  CHECK(links.edges[0].kind == LinkKind::nvlink);
  CHECK(links.edges[0].count == 4);
  CHECK(links.edges[1].kind == LinkKind::sys);
  CHECK(links.edges[5].kind == LinkKind::pix);
}

TEST_CASE("NVSwitch is told from NVLink by the number of links") {
  const TempDir folder;
  const auto fabric = [&](int gpus, const std::string& link) {
    const auto query = folder.write("smi.xml", smi_xml(gpus));
    const auto topology = folder.write("topo.txt", full_topology(gpus, link));
    const auto found = require_value(import_nvidia_smi(query, topology, "box"));
    const ClusterSpec cluster = cluster_of_found(found);
    return cluster.shapes[index(cluster.nodes[0].shape)].links.fabric;
  };
  CHECK(fabric(8, "NV12") == NodeFabric::nvswitch);
  CHECK(fabric(4, "NV12") == NodeFabric::nvswitch);
  CHECK(fabric(4, "NV4") == NodeFabric::edges);
  CHECK(fabric(2, "NV12") == NodeFabric::edges);
  CHECK(fabric(8, "PIX") == NodeFabric::edges);
}

TEST_CASE("a GPU cut into MIG devices is read from nvidia-smi as its devices") {
  const TempDir folder;
  const FoundCluster found =
      require_value(import_nvidia_smi(folder.write("smi.xml", kMigXml), std::nullopt, "cut"));
  const ClusterSpec cluster = cluster_of_found(found);
  CHECK(types(cluster, "cut") ==
        std::vector<std::string>{"A100-40GB-MIG-20gb", "A100-40GB-MIG-5gb"});
  CHECK(node(cluster, "cut").used == std::vector<Bytes>{1 * kGiB, 0});
}

TEST_CASE("an import of something else says what is wanted and how it is made") {
  const TempDir folder;
  const auto nodes = [&](const std::string& text) {
    return error_of(import_kubernetes(folder.write("n.json", text), std::nullopt));
  };
  const std::string hint = "a list of nodes is wanted, as `kubectl get nodes -o json` prints it";
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"", "there is nothing in it"},
           {"{\"kind\": \"List\", \"items\": [", "1:28: not JSON, or cut off"},
           {"NAME STATUS ROLES", "not JSON"},
           {"[]", "there is no list of items in it"},
           {"{\"kind\": \"Status\"}", "this is a Status, without a list of items"},
           {kPods, "this is a list of Pod"},
           {R"({"kind": "List", "items": []})", "the list of nodes is empty"},
           {R"({"kind": "NodeList", "items": [{}]})", "a node without metadata.name"},
           {R"({"kind": "List", "items": [7]})", "an item of the list is no Node"},
           {R"({"kind": "Node", "metadata": {"name": "a"}})", "'a' has no status.allocatable"},
           {node_json("a", R"("nvidia.com/gpu": "many")"),
            "'many' is no quantity of nvidia.com/gpu"},
           {node_json("a", R"("nvidia.com/gpu": "65")"), "a node may have 64 GPUs"},
           {node_json("a", R"("cpu": {})"), "'' is no quantity of cpu"},
           {std::string(200, '['), "nested deeper than 64 levels"}}) {
    INFO(text);
    const std::string error = nodes(text);
    CHECK(error.find(message) != std::string::npos);
    CHECK(error.find(hint) != std::string::npos);
  }
  CHECK(error_of(import_kubernetes(folder.path() / "none", std::nullopt)).find("no such file") !=
        std::string::npos);
  const auto good = folder.write("good.json", kNodes);
  CHECK(error_of(import_kubernetes(good, good)).find("this is a list of Node") !=
        std::string::npos);
  CHECK(error_of(import_kubernetes(good, good)).find("kubectl get pods -A -o json") !=
        std::string::npos);
}

TEST_CASE("bad lists of workers are refused") {
  const TempDir folder;
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"{}", "there is no list of items in it"},
           {R"({"items": []})", "the list of workers is empty"},
           {kNodes, "an item of the list is no worker"},
           {R"([{"state": "ready"}])", "a worker without a name"},
           {R"([{"name": "a"}])", "worker 'a' has no status"},
           {R"([{"name": "a", "status": {"gpu_devices": 3}}])", "gpu_devices is no list"},
           {R"([{"name": "a", "status": {"gpu_devices": [{}]}}])", "GPU 0 has no memory.total"},
           {R"([{"name": "a", "status": {"gpu_devices": [{"memory": {"total": -5}}]}}])",
            "'total' is -5"},
           {R"([{"name": "a", "state": "not_ready"}])", "no worker in it is ready"}}) {
    INFO(text);
    const std::string error = error_of(import_gpustack(folder.write("w.json", text)));
    CHECK(error.find(message) != std::string::npos);
    CHECK(error.find("GPUStack's list of workers is wanted") != std::string::npos);
  }
}

TEST_CASE("hostile XML and bad matrices are refused") {
  const TempDir folder;
  const auto xml = [&](const std::string& text) {
    return error_of(import_nvidia_smi(folder.write("x.xml", text), std::nullopt, "n"));
  };
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  std::string hidden;  // closing tags that only a comment or an attribute has
  for (int i = 0; i < 100'000; ++i) hidden += "<a b='/>'><!-- </a> -->";
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {deep, "nested deeper than 64 levels"},
           {hidden, "nested deeper than 64 levels"},
           {smi_xml(1).substr(0, 300), "not XML, or cut off"},
           {"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "not XML, or cut off"},
           {"<a></b>", "there is no element nvidia_smi_log"},
           {"<html></html>", "there is no element nvidia_smi_log"},
           {"<nvidia_smi_log></nvidia_smi_log>", "there is no GPU in it"},
           {"<nvidia_smi_log><gpu></gpu></nvidia_smi_log>", "GPU 0 has no product_name"},
           {"<nvidia_smi_log><gpu><product_name>x</product_name></gpu></nvidia_smi_log>",
            "GPU 0 has no fb_memory_usage/total"}}) {
    INFO(text.substr(0, 60));
    const std::string error = xml(text);
    CHECK(error.find(message) != std::string::npos);
    CHECK(error.find("nvidia-smi -q -x") != std::string::npos);
  }
  const auto query = folder.write("smi.xml", smi_xml(2));
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"nothing", "there is no line of GPU0, GPU1"},
           {"GPU0 GPU1\nGPU0 X NV1\n", "2 GPUs, but 1 rows"},
           {"GPU0 GPU1\nGPU0 X NV1\nGPU1 NV1\n", "the row of GPU1 is cut off"},
           {"GPU0 GPU1\nGPU0 X NV1\nGPU1 NV2 X\n", "GPU0 to GPU1 is NV1, and back it is NV2"},
           {"GPU0 GPU1\nGPU0 X ABC\nGPU1 ABC X\n", "'ABC' in the row of GPU0 is no kind of link"},
           {"GPU0 GPU1\nGPU1 X NV1\n", "a row of GPU1 where GPU0 is wanted"},
           {"GPU0\nGPU0 X\n", "1 GPUs here, but 2 in"}}) {
    INFO(text);
    const auto file = folder.write("t.txt", text);
    CHECK(error_of(import_nvidia_smi(query, file, "n")).find(message) != std::string::npos);
  }
}

TEST_CASE("a PCIe card that is taken as one with NVLink is said") {
  FoundCluster found;
  found.source = "a test";
  FoundNode node;
  node.name = "n";
  node.devices = {{"NVIDIA A100 80GB PCIe", "", 80 * kGiB}};
  found.nodes = {node};
  CHECK(assumes(found, "'NVIDIA-A100-80GB-PCIe' is taken as A100-80GB of the catalogue"));
  found.nodes[0].devices = {{"NVIDIA H100 PCIe", "", 80 * kGiB}};  // the catalogue has one
  CHECK_FALSE(assumes(found, "is taken as H100-PCIe of the catalogue, whose"));
}

TEST_CASE("names of other programs cannot break out of the file that is written") {
  FoundCluster found;
  found.source = "a test";
  found.assumptions = {"a line\nkey = 1"};
  FoundNode bad;
  bad.name = "a\"b\\c\n[[nodes]]\xff";
  bad.devices = {{"x\"]\n\xc3", "", 24 * kGiB}};
  found.nodes = {bad};
  const ClusterSpec cluster = cluster_of_found(found);
  REQUIRE(cluster.nodes.size() == 1);
  CHECK(cluster.nodes[0].name == "a\"b\\c?[[nodes]]?");
  CHECK(cluster.gpu_types[0].name == "x");
}

TEST_CASE("a cluster is drawn by groups of equal nodes, in at most 100 columns") {
  const ClusterSpec cluster = cluster_of_found(kubernetes(kNodes, kPods));
  const std::string text = cluster_text(cluster, "mine.toml", false);
  CHECK(text.find("mine.toml: 4 nodes, 18 GPUs: 16 x H100-80GB, 2 x AMD-Instinct-MI300X-OAM") !=
        std::string::npos);
  CHECK(text.find("   1 x  [H100-80GB x8]  used 318.6 GiB of 637.2 GiB\n"
                  "        0-3 |##########| 79.6 GiB   4-7 |..........| 0 B\n"
                  "        80 cpus, 67.0 GiB ram\n"
                  "        gpu-a\n") != std::string::npos);
  CHECK(text.find("[no GPU]") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(cluster_text(cluster, "mine.toml", true).find("\x1b[31m##########\x1b[0m") !=
        std::string::npos);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
}
