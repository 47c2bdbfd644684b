// Reading how GPUs and nodes are joined.

#include "sim/cluster/links_reader.hpp"

#include "tests/support.hpp"

#include <string>

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr std::int64_t kGB = 1'000'000'000;

Result<ClusterSpec> read(std::string_view toml) {
  HEADROOM_TRY(const auto config, ConfigTable::parse(toml, "cluster.toml"));
  HEADROOM_TRY(ClusterSpec spec, read_cluster(config, {}));
  HEADROOM_CHECK(config.finish());
  return spec;
}

/// The links of one node of eight A100 with these lines.
NodeLinks links_of(const std::string& lines, const std::string& gpu = "A100-80GB", int gpus = 8) {
  const ClusterSpec spec = require_value(
      read("[[nodes]]\ngpu = \"" + gpu + "\"\ngpus = " + std::to_string(gpus) + "\n" + lines));
  return spec.shapes.front().links;
}

std::string links_error(const std::string& lines, const std::string& gpu = "A100-80GB",
                        int gpus = 4) {
  const auto spec =
      read("[[nodes]]\ngpu = \"" + gpu + "\"\ngpus = " + std::to_string(gpus) + "\n" + lines);
  return spec ? "" : spec.error().text();
}

std::string network_error(const std::string& lines) {
  const auto spec = read("nodes = [{gpu = 'L4', gpus = 1, count = 8}]\n" + lines);
  return spec ? "" : spec.error().text();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("links of a group of nodes are read, and are uniform where nothing is said", "[links]") {
  CHECK(links_of("").fabric == NodeFabric::uniform);
  CHECK(links_of("links = 'nvswitch'").fabric == NodeFabric::nvswitch);
  CHECK(links_of("links = 'nvlink-cube'", "V100M32").fabric == NodeFabric::nvlink_cube);
  const NodeLinks pairs = links_of(
      "links = 'nvlink-pairs'\nnvlink_bandwidth = '56GB'\nsockets = 1\ngpus_per_switch = 4", "A40");
  CHECK(pairs.fabric == NodeFabric::nvlink_pairs);
  CHECK(pairs.nvlink_bandwidth == 56 * kGB);
  CHECK(pairs.sockets == 1);
  CHECK(pairs.gpus_per_switch == 4);
  CHECK(links_of("links = 'pcie'\nsocket_bandwidth = '22GB'", "L4").socket_bandwidth == 22 * kGB);
}

TEST_CASE("nodes that differ in their links alone are of two shapes", "[links]") {
  const ClusterSpec spec = require_value(read(R"(
    nodes = [{gpu = "A100-80GB", gpus = 4}, {gpu = "A100-80GB", gpus = 4, links = "nvswitch"},
             {gpu = "A100-80GB", gpus = 4}]
  )"));
  CHECK(spec.shapes.size() == 2);
}

TEST_CASE("a matrix is read as nvidia-smi prints it", "[links]") {
  const NodeLinks links = links_of(
      "links = 'matrix'\nmatrix = [' X  NV12 SYS', 'NV12 X 50GB', 'SYS 50GB  X ']", "A100-80GB", 3);
  REQUIRE(links.edges.size() == 3);
  CHECK(links.edges[0] == LinkEdge{0, 1, LinkKind::nvlink, 12, 0});
  CHECK(links.edges[1] == LinkEdge{0, 2, LinkKind::sys, 1, 0});
  CHECK(links.edges[2] == LinkEdge{1, 2, LinkKind::nvlink, 1, 50 * kGB});
  const NodeLinks kinds =
      links_of("links = 'matrix'\nmatrix = ['X PIX PXB', 'PIX X PHB', 'PXB PHB X']", "L4", 3);
  CHECK(kinds.edges[0].kind == LinkKind::pix);
  CHECK(kinds.edges[1].kind == LinkKind::pxb);
  CHECK(kinds.edges[2].kind == LinkKind::phb);
  CHECK(links_of("links = 'matrix'\nmatrix = ['X']", "L4", 1).edges.empty());
}

TEST_CASE("links that cannot be name the place and what to do", "[links]") {
  const std::string unknown = links_error("links = 'nvlink-pair'");
  CHECK(contains(unknown, "cluster.toml:4"));
  CHECK(contains(unknown, "nvlink-pairs"));
  CHECK(contains(links_error("links = 'nvswitch'", "L4"), "no NVLink rate of a L4 is known"));
  CHECK(links_error("links = 'nvswitch'\nnvlink_bandwidth = '50GB'", "L4").empty());
  CHECK(contains(links_error("links = 'nvlink-cube'", "V100M32"), "joins 8 GPUs, not 4"));
  CHECK(contains(links_error("nvlink_bandwidth = '50GB'"), "without 'links'"));
  CHECK(contains(links_error("links = 'pcie'\nnvlink_bandwidth = '50GB'"), "has no meaning"));
  CHECK(contains(links_error("links = 'nvswitch'\nsockets = 2"), "has no meaning"));
  CHECK(contains(links_error("links = 'pcie'\nsocket_bandwidth = 1"), "from 1 MB to 1 PB"));
  CHECK(contains(links_error("links = 'pcie'\nsockets = 0"), "from 1 to 64"));
  CHECK(contains(links_error("links = 'matrix'"), "0 rows for 4 GPUs"));
  const auto matrix = [](const std::string& rows) {
    return links_error("links = 'matrix'\nmatrix = [" + rows + "]", "L4", 2);
  };
  CHECK(contains(matrix("'X NV0', 'NV0 X'"), "is 'NV0'"));
  CHECK(contains(matrix("'X NV', 'NV X'"), "is 'NV'"));
  CHECK(contains(matrix("'X PIX', 'PXB X'"), "unlike row 0, column 1"));
  CHECK(contains(matrix("'X', 'PIX X'"), "row 0 of 'matrix' has 1 columns"));
  CHECK(contains(matrix("'X PIX PIX', 'PIX X'"), "row 0 of 'matrix' has 3 columns"));
  CHECK(contains(matrix("'PIX PIX', 'PIX X'"), "must be X"));
  CHECK(contains(matrix("'X 1', '1 X'"), "is '1'"));
  CHECK(contains(matrix("1, 2"), "matrix"));
  const auto cpu = read("nodes = [{cpus = 4, links = 'pcie'}]");
  REQUIRE_FALSE(cpu.has_value());
  CHECK(contains(cpu.error().text(), "without GPUs"));
}

TEST_CASE("levels of a network group the nodes in order", "[links]") {
  const ClusterSpec spec = require_value(read(R"(
    nodes = [{gpu = "L4", gpus = 1, count = 5}]
    [network]
    rails = 8
    [[network.level]]
    name = "rack"
    nodes = 2
    bandwidth = "50GB"
    [[network.level]]
    nodes = 4
    [[network.level]]
    name = "core"
    bandwidth = "25GB"
    oversubscription = 4.0
  )"));
  CHECK(spec.network.rails == 8);
  REQUIRE(spec.network.levels.size() == 3);
  CHECK(spec.network.levels[0] == NetworkLevel{"rack", 50 * kGB, {0, 0, 1}});
  CHECK(spec.network.levels[1] == NetworkLevel{"level1", kNetworkBandwidth, {0, 0}});
  CHECK(spec.network.levels[2] == NetworkLevel{"core", 6'250'000'000, {}});
  std::vector<std::uint32_t> leaves;
  for (const NodeSpec& node : spec.nodes) leaves.push_back(node.leaf);
  CHECK(leaves == std::vector<std::uint32_t>{0, 0, 1, 1, 2});
}

TEST_CASE("a network that does not hold together is refused", "[links]") {
  CHECK(network_error("network = {level = [{name = 'a', nodes = 8}]}").empty());
  CHECK(network_error("network = {level = [{nodes = 100}]}").empty());
  CHECK(contains(network_error("network = {level = [{nodes = 4}]}"), "holds 4 of 8 nodes"));
  CHECK(contains(network_error("network = {level = [{}, {}]}"), "'nodes' is missing"));
  CHECK(contains(network_error("network = {level = [{nodes = 4}, {nodes = 6}, {}]}"),
                 "a multiple of the 4"));
  CHECK(contains(network_error("network = {level = [{bandwidth = 0}]}"), "from 1 MB to 1 PB"));
  CHECK(contains(network_error("network = {level = [{oversubscription = 0.5}]}"), "from 1 to"));
  CHECK(contains(network_error("network = {rails = 4}"), "'rails' without"));
  CHECK(contains(network_error("network = {levels = [{}]}"), "did you mean 'level'"));
  CHECK(contains(network_error("network = 3"), "network"));
}

TEST_CASE("hosts that are known keep their groups, and levels are set by name", "[links]") {
  HostNetwork hosts;
  hosts.network.levels = {{"asw", kNetworkBandwidth, {0, 0}}, {"psw", kNetworkBandwidth, {}}};
  hosts.leaf = {1, 0, 1};
  const auto apply = [&](const std::string& network, int nodes) -> Result<ClusterSpec> {
    HEADROOM_TRY(const auto config,
                 ConfigTable::parse("topology = 'x'\n" + network, "network.toml"));
    (void)config.text("topology");
    ClusterSpec spec;
    spec.nodes.resize(static_cast<std::size_t>(nodes));
    HEADROOM_CHECK(read_network(config, spec, &hosts));
    HEADROOM_CHECK(config.finish());
    return spec;
  };
  const ClusterSpec spec = require_value(apply("level = [{name = 'asw', bandwidth = '50GB'}]", 2));
  CHECK(spec.network.levels[0].bandwidth == 50 * kGB);
  CHECK(spec.network.levels[1].bandwidth == kNetworkBandwidth);
  CHECK(spec.nodes[0].leaf == 1);
  CHECK(spec.nodes[1].leaf == 0);
  const auto error = [&](const std::string& network, int nodes) {
    const auto read = apply(network, nodes);
    return read ? "" : read.error().text();
  };
  CHECK(contains(error("", 4), "3 hosts for 4 nodes"));
  CHECK(contains(error("level = [{name = 'aws'}]", 2), "did you mean 'asw'"));
  CHECK(contains(error("level = [{name = 'asw', nodes = 2}]", 2), "no meaning"));
  CHECK(contains(error("level = [{bandwidth = 5}]", 2), "name"));
}
