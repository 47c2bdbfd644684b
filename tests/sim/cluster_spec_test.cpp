// Reading a cluster's description.

#include "sim/cluster/spec.hpp"
#include "tests/support.hpp"

#include <string>

using namespace headroom;

namespace {

Result<ClusterSpec> read(std::string_view toml, const GpuAliases& aliases = {}) {
  HEADROOM_TRY(const auto config, ConfigTable::parse(toml, "cluster.toml"));
  HEADROOM_TRY(ClusterSpec spec, read_cluster(config, aliases));
  HEADROOM_CHECK(config.finish());
  return spec;
}

std::string error_of(std::string_view toml) {
  const auto spec = read(toml);
  return spec ? "" : spec.error().text();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("node groups are counted out and named") {
  const ClusterSpec spec = test::require_value(read(R"(
    [[nodes]]
    name = "big"
    count = 2
    gpu = "A100-80GB"
    gpus = 8
    cpus = 96
    ram = "1TiB"
    storage_bandwidth = 5_000_000_000
    [[nodes]]
    gpu = "L4"
    gpus = 1
    [[nodes]]
    name = "cpu"
    cpus = 32
  )"));
  REQUIRE(spec.nodes.size() == 4);
  CHECK(spec.nodes[0].name == "big-0");
  CHECK(spec.nodes[1].name == "big-1");
  CHECK(spec.nodes[2].name == "group1-0");
  CHECK(spec.nodes[3].name == "cpu-0");
  CHECK(spec.gpu_count() == 17);
  const NodeShape& big = spec.shapes[index(spec.nodes[0].shape)];
  CHECK(big.cpu_milli == 96'000);
  CHECK(big.ram == 1024 * kGiB);
  CHECK(big.storage_bandwidth == 5'000'000'000);
  CHECK(spec.nodes[0].shape == spec.nodes[1].shape);
  const NodeShape& small = spec.shapes[index(spec.nodes[2].shape)];
  CHECK(small.cpu_milli == kNotCounted);
  CHECK(small.ram == kNotCounted);
  CHECK(spec.shapes[index(spec.nodes[3].shape)].gpus.empty());
}

TEST_CASE("counts of GPUs go by type") {
  const ClusterSpec spec = test::require_value(read(R"(
    nodes = [{gpu = "L4", gpus = 2, count = 3}, {gpu = "T4", gpus = 4}, {gpu = "L4", gpus = 1}]
  )"));
  REQUIRE(spec.gpu_types.size() == 2);
  CHECK(spec.gpu_count(GpuTypeId{0}) == 7);
  CHECK(spec.gpu_count(GpuTypeId{1}) == 4);
  CHECK(spec.largest_node(GpuTypeId{0}) == 2);
  CHECK(spec.largest_node(GpuTypeId{1}) == 4);
}

TEST_CASE("own GPU types are read and come before the catalogue's") {
  const ClusterSpec spec = test::require_value(read(R"(
    [[gpu]]
    name = "L4"
    memory = "30GiB"
    memory_bandwidth = "400GB"
    bf16_tflops = 120.5
    fp16_tflops = 130
    fp8_tflops = 241
    compute_capability = 8.9
    nvlink_bandwidth = "64GB"
    pcie_bandwidth = "16GB"
    price = 1.25
    [[gpu]]
    name = "plain"
    memory = "1GiB"
    [[nodes]]
    gpu = "L4"
    gpus = 1
  )"));
  REQUIRE(spec.gpu_types.size() == 2);
  const GpuType& own = spec.gpu_types[0];
  CHECK(own.memory == 30 * kGiB);
  CHECK(own.memory_bandwidth == 400'000'000'000);
  CHECK(own.bf16_rate == 120'500'000'000'000);
  CHECK(own.fp16_rate == 130'000'000'000'000);
  CHECK(own.fp8_rate == 241'000'000'000'000);
  CHECK(own.compute_capability == 89);
  CHECK(own.nvlink_bandwidth == 64'000'000'000);
  CHECK(own.pcie_bandwidth == 16'000'000'000);
  CHECK(own.price_milli == 1'250);
  CHECK(own.source == "scenario");
  CHECK(spec.gpu_count(GpuTypeId{0}) == 1);
  CHECK(spec.largest_node(GpuTypeId{1}) == 0);
}

TEST_CASE("what an own GPU type does not say is filled in") {
  const auto own = [](const std::string& lines) {
    return test::require_value(read("nodes = [{gpu = \"own\", gpus = 1}]\n[[gpu]]\nname = \"own\"\n"
                                    "memory = \"1GiB\"\n" +
                                    lines))
        .gpu_types[0];
  };
  constexpr std::int64_t kTera = 1'000'000'000'000;
  const GpuType plain = own("");
  CHECK(plain.bf16_rate == 100 * kTera);
  CHECK(plain.fp16_rate == 100 * kTera);
  CHECK(plain.fp8_rate == 0);
  CHECK(plain.compute_capability == 0);
  CHECK(plain.link_bandwidth() == 32'000'000'000);
  CHECK(own("bf16_tflops = 7").fp16_rate == 7 * kTera);
  CHECK(own("fp16_tflops = 7").bf16_rate == 7 * kTera);
  const GpuType old = own("compute_capability = 7.5\nfp16_tflops = 65");
  CHECK(old.bf16_rate == 0);
  CHECK(old.matrix_rate() == 65 * kTera);
  const GpuType none = own("compute_capability = 12\nbf16_tflops = 0");
  CHECK(none.compute_capability == 120);
  CHECK(none.bf16_rate == 0);
  CHECK(none.fp16_rate == 100 * kTera);
}

TEST_CASE("figures of an own GPU type that are none are refused") {
  const auto error = [](const std::string& line) {
    return error_of("nodes = [{gpu = 'own', gpus = 1}]\n[[gpu]]\nname = 'own'\nmemory = '1GiB'\n" +
                    line);
  };
  CHECK(contains(error("compute_capability = 8.65"), "one digit after the point"));
  CHECK(contains(error("compute_capability = 86_000"), "from 1 to 99.9"));
  CHECK(contains(error("fp16_tflops = 0"), "from 0.001 to"));
  CHECK(contains(error("bf16_tflops = -1"), "from 0 to"));
  CHECK(contains(error("link_bandwidth = '32GB'"), "unknown key 'link_bandwidth'"));
}

TEST_CASE("a catalogue type written in another way is the same type") {
  const ClusterSpec spec = test::require_value(read(R"(
    nodes = [{gpu = "h100 80gb", gpus = 1}, {gpu = "H100-80GB", gpus = 2},
             {gpu = "h100_80GB", gpus = 4}]
  )"));
  REQUIRE(spec.gpu_types.size() == 1);
  CHECK(spec.gpu_types[0].name == "H100-80GB");
  CHECK(spec.gpu_count() == 7);
}

TEST_CASE("memory in use is read for a group and for one node") {
  const ClusterSpec spec = test::require_value(read(R"(
    [[nodes]]
    name = "a"
    count = 3
    gpu = "L4"
    gpus = 2
    used = "2GiB"
    [[override]]
    node = "a-1"
    used = "5GiB"
    cpus = 4
    ram = "16GiB"
  )"));
  CHECK(spec.nodes[0].used == std::vector<Bytes>{2 * kGiB, 2 * kGiB});
  CHECK(spec.nodes[1].used == std::vector<Bytes>{5 * kGiB, 5 * kGiB});
  CHECK(spec.nodes[2].used == spec.nodes[0].used);
  const NodeShape& changed = spec.shapes[index(spec.nodes[1].shape)];
  CHECK(changed.cpu_milli == 4'000);
  CHECK(changed.ram == 16 * kGiB);
  CHECK(changed.gpus.size() == 2);
  CHECK_FALSE(spec.nodes[0].shape == spec.nodes[1].shape);
}

TEST_CASE("an override leaves alone what it does not name") {
  const ClusterSpec spec = test::require_value(read(R"(
    nodes = [{name = "a", gpu = "L4", gpus = 1, used = "2GiB", cpus = 8}]
    override = [{node = "a-0", ram = "16GiB"}]
  )"));
  CHECK(spec.nodes[0].used == std::vector<Bytes>{2 * kGiB});
  CHECK(spec.shapes[index(spec.nodes[0].shape)].cpu_milli == 8'000);
}

TEST_CASE("a type by another name keeps its name and is an assumption") {
  const auto config = test::require_value(ConfigTable::parse(
      "nodes = [{gpu = 'G2', gpus = 1}, {gpu = 'A10', gpus = 1}, {gpu = 'G2', gpus = 2}]", "c"));
  const ClusterSpec spec = test::require_value(read_cluster(config, {{"G2", "A10"}}));
  REQUIRE(spec.gpu_types.size() == 2);
  CHECK(spec.gpu_types[0].name == "G2");
  CHECK(spec.gpu_types[0].memory == 24 * kGiB);
  CHECK(spec.gpu_types[0].source == "assumed to be as A10");
  CHECK(spec.gpu_types[1].name == "A10");
  REQUIRE(spec.assumptions.size() == 1);
  CHECK(contains(spec.assumptions[0], "G2"));
}

TEST_CASE("errors of a cluster's description name line, value and what to do") {
  CHECK(contains(error_of(""), "the cluster has no nodes"));
  const std::string unknown = error_of("[[nodes]]\ngpu = \"RTX-309\"\ngpus = 2");
  CHECK(contains(unknown, "cluster.toml:2"));
  CHECK(contains(unknown, "RTX-3090"));
  CHECK(contains(error_of("nodes = [{gpus = 2}]"), "'nodes[0].gpu' is missing"));
  CHECK(contains(error_of("nodes = [{gpu = 'L4', gpus = 65}]"), "from 0 to 64"));
  CHECK(contains(error_of("nodes = [{gpu = 'L4', gpus = -1}]"), "from 0 to 64"));
  CHECK(contains(error_of("nodes = [{gpu = 'L4', gpus = 1, count = 0}]"), "from 1 to"));
  CHECK(contains(error_of("nodes = [{gpu = 'L4', gpus = 1, used = '25GiB'}]"), "more than the"));
  CHECK(contains(error_of("nodes = [{gpu = 'L4', gpus = 1, cpu = 4}]"), "did you mean 'cpus'"));
  CHECK(contains(error_of("gpu = [{name = 'x'}]\nnodes = [{gpu = 'x', gpus = 1}]"),
                 "'memory' must be a size above zero"));
  const std::string nobody =
      error_of("nodes = [{name = 'a', gpu = 'L4', gpus = 1}]\noverride = [{node = 'b-0'}]");
  CHECK(contains(nobody, "there is no node 'b-0'"));
  CHECK(contains(nobody, "'a-0'"));
}

TEST_CASE("prices of own types are rounded, not cut off") {
  const ClusterSpec spec = test::require_value(read(R"(
    gpu = [{name = "x", memory = "1GiB", price = 1.001}, {name = "y", memory = 1, price = 2.003}]
    nodes = [{gpu = "x", gpus = 1}]
  )"));
  CHECK(spec.gpu_types[0].price_milli == 1'001);
  CHECK(spec.gpu_types[1].price_milli == 2'003);
}

TEST_CASE("nodes have names of their own, and devices of mixed types") {
  const ClusterSpec spec = test::require_value(read(R"(
    [[nodes]]
    names = ["gpu-a.lan", "gpu-b.lan"]
    devices = ["A100-80GB", "L4"]
    used = ["1GiB", 2]
  )"));
  REQUIRE(spec.nodes.size() == 2);
  CHECK(spec.nodes[0].name == "gpu-a.lan");
  CHECK(spec.nodes[1].name == "gpu-b.lan");
  CHECK(spec.nodes[1].used == std::vector<Bytes>{kGiB, 2});
  const auto& gpus = spec.shapes[index(spec.nodes[0].shape)].gpus;
  REQUIRE(gpus.size() == 2);
  CHECK(spec.gpu_types[index(gpus[1])].name == "L4");
}

TEST_CASE("names, devices and lists of used memory that cannot be are refused") {
  const std::string node = "[[nodes]]\ngpu = 'L4'\ngpus = 2\n";
  CHECK(contains(error_of(node + "names = ['a', 'b']\ncount = 3\n"),
                 "'names' has 2 names for 3 nodes"));
  CHECK(contains(error_of(node + "names = ['a', 'a']\n"), "two nodes are named 'a'"));
  CHECK(contains(error_of(node + "[[nodes]]\nnames = ['group0-0']\n"),
                 "two nodes are named 'group0-0'"));
  CHECK(contains(error_of(node + "names = ['']\n"), "a node's name has 1 to 253 bytes"));
  CHECK(contains(error_of(node + "names = 3\n"), "an array of text"));
  CHECK(contains(error_of(node + "devices = ['L4']\n"), "leave out 'gpu' and 'gpus'"));
  CHECK(contains(error_of("[[nodes]]\ndevices = ['L5']\n"), "unknown GPU type 'L5'"));
  CHECK(contains(error_of(node + "used = ['1GiB']\n"),
                 "is a list of 1, but must be one size or a list of 2"));
  CHECK(contains(error_of(node + "used = ['1GiB', 'x']\n"), "'nodes[0].used'"));
  CHECK(contains(error_of(node + "used = [0, '25GiB']\n"), "more than the 24.0 GiB of a L4"));
}
