// The network above the nodes: what two hosts have between them.

#include "sim/links/network.hpp"

#include "tests/support.hpp"
#include "traces/lingjun_topology.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr std::int64_t kGB = 1'000'000'000;

/// Four racks in two pods below one core; hosts 0-1 in rack 0, 2 in rack 1, 3 in rack 2, 4 in 3.
NetworkSpec pods() {
  NetworkSpec spec;
  spec.levels = {
      {"rack", 50 * kGB, {0, 0, 1, 1}}, {"pod", 25 * kGB, {0, 0}}, {"core", 10 * kGB, {}}};
  return spec;
}

const std::vector<std::uint32_t> kHosts{0, 0, 1, 2, 3};

}  // namespace

TEST_CASE("a network that is not described is 100 Gbit/s between any two hosts", "[links]") {
  const std::vector<std::uint32_t> hosts(3, 0);
  const Network network({}, hosts);
  CHECK(network.between(0, 0) == Link{12'500'000'000, Transport::network});
  CHECK(network.best_for(2).rate == 12'500'000'000);
  CHECK(network.best_for(1'000).rate == 12'500'000'000);
}

TEST_CASE("two hosts have the rate of the level at which they meet", "[links]") {
  const Network network(pods(), kHosts);
  CHECK(network.between(0, 0).rate == 50 * kGB);
  CHECK(network.between(0, 1).rate == 25 * kGB);
  CHECK(network.between(2, 3).rate == 25 * kGB);
  CHECK(network.between(1, 2).rate == 10 * kGB);
  CHECK(network.between(3, 0).rate == 10 * kGB);
  CHECK(network.best_for(2).rate == 50 * kGB);  // rack 0 has two hosts
  CHECK(network.best_for(3).rate == 25 * kGB);
  CHECK(network.best_for(4).rate == 10 * kGB);
  CHECK(network.best_for(99).rate == 10 * kGB);
}

TEST_CASE("a level above is never faster than the way there", "[links]") {
  NetworkSpec spec = pods();
  spec.levels[1].bandwidth = 400 * kGB;
  CHECK(Network(spec, kHosts).between(0, 1).rate == 50 * kGB);
}

TEST_CASE("on rails the same GPU of two hosts meets below, another one level higher", "[links]") {
  NetworkSpec spec = pods();
  spec.rails = 4;
  const Network network(spec, kHosts);
  CHECK(network.between(0, 1, 0, 1).rate == 50 * kGB);
  CHECK(network.between(0, 1, 0, 5).rate == 50 * kGB);  // rail 1 both
  CHECK(network.between(0, 1, 0, 2).rate == 25 * kGB);
  CHECK(network.between(0, 1, 1, 2).rate == 25 * kGB);
  CHECK(network.between(0, 0, 2, 3).rate == 10 * kGB);
}

TEST_CASE("one level holds all hosts, and rails there meet in it", "[links]") {
  NetworkSpec spec;
  spec.levels = {{"leaf", 5 * kGB, {}}};
  spec.rails = 2;
  const std::vector<std::uint32_t> hosts(2, 0);
  const Network network(spec, hosts);
  CHECK(network.between(0, 0, 0, 1).rate == 5 * kGB);
}

TEST_CASE("every pair of random hosts meets where comparing their groups says", "[links]") {
  NetworkSpec spec;
  spec.levels = {{"a", 64 * kGB, {}}, {"b", 32 * kGB, {}}, {"c", 16 * kGB, {}}, {"d", 8 * kGB, {}}};
  for (std::uint32_t i = 0; i < 60; ++i) spec.levels[0].parents.push_back(i * 7 % 20);
  for (std::uint32_t i = 0; i < 20; ++i) spec.levels[1].parents.push_back(i * 3 % 5);
  for (std::uint32_t i = 0; i < 5; ++i) spec.levels[2].parents.push_back(0);
  std::vector<std::uint32_t> hosts(60);
  for (std::uint32_t i = 0; i < 60; ++i) hosts[i] = i;
  const Network network(spec, hosts);
  for (std::uint32_t a = 0; a < 60; ++a) {
    for (std::uint32_t b = 0; b < 60; ++b) {
      const std::int64_t wanted = a == b                                     ? 64
                                  : a * 7 % 20 == b * 7 % 20                 ? 32
                                  : a * 7 % 20 * 3 % 5 == b * 7 % 20 * 3 % 5 ? 16
                                                                             : 8;
      CHECK(network.between(a, b).rate == wanted * kGB);
    }
  }
}

TEST_CASE("labels of Lingjun's switches are told apart by those above them", "[links]") {
  const HostNetwork hosts =
      require_value(read_lingjun_topology(source_path("traces/samples/lingjun-topology.csv")));
  // P1/S1, P2/S1 and P1/S2 in order of appearance.
  CHECK(hosts.leaf == std::vector<std::uint32_t>{0, 0, 1, 2, 1});
  REQUIRE(hosts.network.levels.size() == 3);
  CHECK(hosts.network.levels[0].name == "asw");
  CHECK(hosts.network.levels[0].parents == std::vector<std::uint32_t>{0, 1, 0});
  CHECK(hosts.network.levels[1].name == "psw");
  CHECK(hosts.network.levels[1].parents == std::vector<std::uint32_t>{0, 0});
  CHECK(hosts.network.levels[2].name == "dsw");
  CHECK(hosts.network.levels[2].parents.empty());
  NetworkSpec spec = hosts.network;
  spec.levels[0].bandwidth = 50 * kGB;
  spec.levels[1].bandwidth = 25 * kGB;
  const Network network(spec, hosts.leaf);
  CHECK(network.between(hosts.leaf[0], hosts.leaf[1]).rate == 50 * kGB);
  CHECK(network.between(hosts.leaf[0], hosts.leaf[3]).rate == 25 * kGB);
  CHECK(network.between(hosts.leaf[0], hosts.leaf[2]).rate == 12'500'000'000);
}

TEST_CASE("a topology that is none names the place", "[links]") {
  const TempDir folder;
  const auto error = [&](const std::string& rows) {
    const auto read = read_lingjun_topology(folder.write("topo.csv", rows));
    return read ? "" : read.error().text();
  };
  CHECK(error("ip,DSW,PSW,ASW\n").find("no rows") != std::string::npos);
  CHECK(error("ip,DSW,PSW\nh,G,P\n").find("ASW") != std::string::npos);
  CHECK(error("ip,DSW,PSW,ASW\nh,G,,S\n").find("topo.csv:2:5") != std::string::npos);
  CHECK(error("ip,DSW,PSW,ASW\nh,G,P,S\nh,G,P,S\n").find("named twice") != std::string::npos);
  const HostNetwork two = require_value(
      read_lingjun_topology(folder.write("two.csv", "ip,DSW,PSW,ASW\na,G1,P,S\nb,G2,P,S\n")));
  REQUIRE(two.network.levels.size() == 4);
  CHECK(two.network.levels[3].name == "core");
  CHECK(two.network.levels[2].parents == std::vector<std::uint32_t>{0, 0});
  CHECK(Network(two.network, two.leaf).between(0, 1).rate == 12'500'000'000);
}

TEST_CASE("the published Lingjun topology has three layers", "[links]") {
  const auto file = shared_path("traces/lingjun2023/topo.csv");
  if (!file) return;
  const HostNetwork hosts = require_value(read_lingjun_topology(*file));
  CHECK(hosts.leaf.size() == 847);
  REQUIRE(hosts.network.levels.size() == 3);
  CHECK(hosts.network.levels[0].parents.size() == 119);  // distinct triples
  CHECK(hosts.network.levels[1].parents.size() == 3);
  NetworkSpec spec = hosts.network;
  spec.levels[0].bandwidth = 50 * kGB;
  spec.levels[1].bandwidth = 25 * kGB;
  const Network network(spec, hosts.leaf);
  // Rows 1 and 3 of the file are below one PSW and different ASWs, rows 1 and 2 below two PSWs.
  CHECK(network.between(hosts.leaf[0], hosts.leaf[2]).rate == 25 * kGB);
  CHECK(network.between(hosts.leaf[0], hosts.leaf[1]).rate == 12'500'000'000);
}
