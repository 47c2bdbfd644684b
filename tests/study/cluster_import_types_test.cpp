// The GPU types of imported clusters: names that are kept apart, slices, and text of others.

#include "study/cluster_import/cluster_toml.hpp"
#include "study/cluster_import/sources.hpp"
#include "study/cluster_show.hpp"
#include "tests/catch.hpp"
#include "tests/study/import_samples.hpp"
#include "tests/support.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;

namespace {

FoundNode node_of(const std::string& name, FoundDevice device) {
  FoundNode node;
  node.name = name;
  node.devices = {std::move(device)};
  return node;
}

ClusterSpec written(const std::vector<FoundNode>& nodes) {
  FoundCluster found;
  found.source = "a test";
  found.nodes = nodes;
  const TempDir folder;
  const auto cluster = require_value(write_cluster(found, "mine", nullptr));
  return require_value(read_any_cluster(folder.write("mine.toml", cluster.toml)));
}

GpuType type_on(const ClusterSpec& cluster, std::size_t node) {
  const NodeShape& shape = cluster.shapes[index(cluster.nodes[node].shape)];
  return cluster.gpu_types[index(shape.gpus[0])];
}

}  // namespace

TEST_CASE("a GPU that is not the catalogue's does not take the name of one that is") {
  const FoundNode small = node_of("n0", {"H200", "", 60'000 * kMiB});
  const FoundNode real = node_of("n1", {"NVIDIA-H200", "", 143'771 * kMiB});
  const GpuType catalogue = require_value(find_gpu_type("H200"));
  for (const auto& nodes : {std::vector{small, real}, std::vector{real, small}}) {
    const ClusterSpec cluster = written(nodes);
    REQUIRE(cluster.nodes.size() == 2);
    const std::size_t other = cluster.nodes[0].name == "n0" ? 0 : 1;
    CHECK(type_on(cluster, other).memory == 60'000 * kMiB);
    CHECK(type_on(cluster, other).name == "H200-59GiB");
    CHECK(type_on(cluster, 1 - other).memory == 143'771 * kMiB);
    CHECK(type_on(cluster, 1 - other).memory_bandwidth == catalogue.memory_bandwidth);
    CHECK(type_on(cluster, 1 - other).name == "H200");
  }
}

TEST_CASE("a type of the catalogue has the memory that was told, every size of it its own") {
  const auto memories = [](const std::vector<Bytes>& told) {
    std::vector<FoundNode> nodes;
    nodes.reserve(told.size());
    for (const Bytes memory : told) {
      nodes.push_back(node_of("n" + std::to_string(nodes.size()), {"NVIDIA-L40S", "", memory}));
    }
    const ClusterSpec cluster = written(nodes);
    std::vector<std::pair<std::string, Bytes>> out(told.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      const GpuType type = type_on(cluster, i);
      out[static_cast<std::size_t>(cluster.nodes[i].name[1] - '0')] = {type.name, type.memory};
      GpuType like = require_value(find_gpu_type("L40S"));
      like.name = type.name;
      like.memory = type.memory;
      like.source = type.source;
      CHECK(type == like);
    }
    return out;
  };
  using Types = std::vector<std::pair<std::string, Bytes>>;
  constexpr Bytes kTold = 46'068 * kMiB;
  constexpr Bytes kLess = 45'589 * kMiB;
  constexpr Bytes kFull = 48 * kGiB;
  CHECK(memories({kTold}) == Types{{"L40S", kTold}});
  CHECK(memories({kTold, kTold}) == Types{{"L40S", kTold}, {"L40S", kTold}});
  CHECK(memories({kFull}) == Types{{"L40S", kFull}});
  CHECK(memories({0}) == Types{{"L40S", kFull}});  // not told: the catalogue's
  CHECK(memories({kTold, kLess, kFull}) ==
        Types{{"L40S", kTold}, {"L40S-45GiB", kLess}, {"L40S-48GiB", kFull}});
  CHECK(memories({kTold, 0}) == Types{{"L40S", kTold}, {"L40S", kTold}});
  CHECK(memories({0, kTold}) == Types{{"L40S", kFull}, {"L40S-45GiB", kTold}});
}

TEST_CASE("products of one type and memory are one type of the cluster") {
  const ClusterSpec cluster = written({node_of("n0", {"NVIDIA-A10", "", 23'028 * kMiB}),
                                       node_of("n1", {"NVIDIA-A10G", "", 23'028 * kMiB})});
  REQUIRE(cluster.gpu_types.size() == 1);
  CHECK(cluster.gpu_types[0].name == "A10");
  CHECK(cluster.gpu_types[0].memory == 23'028 * kMiB);
}

TEST_CASE("a slice has its share of the slices that its GPU has") {
  const auto share = [](const std::string& product, const std::string& slice) {
    const GpuType part = type_on(written({node_of("n", {product, slice})}), 0);
    const GpuType whole = require_value(find_gpu_type(product));
    return static_cast<double>(part.fp16_rate) / static_cast<double>(whole.fp16_rate);
  };
  CHECK(share("A30", "1g.6gb") == Approx(1.0 / 4.0));
  CHECK(share("A30", "4g.24gb") == Approx(1.0));
  CHECK(share("A100-40GB", "1g.5gb") == Approx(1.0 / 7.0));
  CHECK(share("RTX-PRO-6000", "2g.48gb") == Approx(2.0 / 4.0));
}

TEST_CASE("names of resources stand as they are, braces too") {
  const TempDir folder;
  const auto file = folder.write(
      "n.json", node_json("a", R"("cpu": "8", "example.com/{x}": "1", "b/{}{0}": "2")"));
  const FoundCluster found = require_value(import_kubernetes(file, std::nullopt));
  const auto says = [&](const std::string& text) {
    return std::find(found.assumptions.begin(), found.assumptions.end(), text) !=
           found.assumptions.end();
  };
  CHECK(says("resource example.com/{x} is not read (a)"));
  CHECK(says("resource b/{}{0} is not read (a)"));
}

TEST_CASE("equal nodes are a group in order of first appearance, however many there are") {
  std::vector<FoundNode> nodes;
  for (int i = 0; i < 600; ++i) {
    nodes.push_back(node_of("n" + std::to_string(i), {"NVIDIA-L4", "", 24 * kGiB}));
    nodes.back().ram = (i % 300 + 1) * kGiB;
  }
  const ClusterSpec cluster = written(nodes);
  REQUIRE(cluster.nodes.size() == 600);
  CHECK(cluster.shapes.size() == 300);
  CHECK(cluster.nodes[0].name == "n0");
  CHECK(cluster.nodes[1].name == "n300");
  CHECK(cluster.nodes[599].name == "n599");
}
