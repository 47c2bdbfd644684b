// Every promise of a layout that the simulation checks, broken one by one.

#include "sim/run/legality.hpp"

#include "tests/fixtures.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

class Legality {
 public:
  Legality() : world_(cluster_of({{"L4", 4, 2, 8'000, 64 * kGiB}, {"T4", 2}})) {}

  World& world() { return world_; }
  [[nodiscard]] ClassId class_of(std::uint32_t node) const {
    return world_.cluster.class_of(static_cast<NodeId>(node)).id;
  }
  std::string verdict(const Request& request, const Layout& layout) {
    const auto holdings = resolve_layout(world_.cluster, world_.intern(request), layout);
    return holdings ? "legal" : holdings.error().message;
  }

 private:
  World world_;
};

}  // namespace

TEST_CASE("a legal layout becomes holdings on the lowest ids of its class") {
  Legality check;
  Request request = llm_request("a", "qwen3-4b");
  request.shape.cpu_milli = 3'001;
  request.shape.ram = 3 * kGiB;
  const Layout layout{
      GpuTypeId{0}, {1, 3}, {{check.class_of(0), {1}, 1}, {check.class_of(0), {0, 3}, 1}}};
  const auto holdings =
      require_value(resolve_layout(check.world().cluster, check.world().intern(request), layout));
  REQUIRE(holdings.size() == 2);
  CHECK(holdings[0].node == NodeId{0});
  CHECK(holdings[0].devices == std::vector<int>{1});
  CHECK(holdings[0].cpu_milli == 1'001);  // a third, rounded up
  CHECK(holdings[0].ram == kGiB);
  CHECK(holdings[1].node == NodeId{1});  // the same class named twice: the next node
  CHECK(holdings[1].devices == std::vector<int>{0, 3});
  CHECK(holdings[1].cpu_milli == 2'001);
  CHECK(holdings[1].per_gpu == GpuHolding{kWholeGpu, 23'708'219'474});
}

TEST_CASE("layouts of deployments that break a promise are refused with the reason") {
  Legality check;
  const Request request = llm_request("a", "qwen3-4b");
  const ClassId four = check.class_of(0);
  const auto verdict = [&](const Layout& layout) { return check.verdict(request, layout); };
  const GpuTypeId l4{0};
  const GpuTypeId t4{1};
  CHECK(verdict({l4, {2, 1}, {{four, {0, 1}, 1}}}) == "legal");
  CHECK(verdict({l4, {2, 1}, {}}) == "a layout without parts");
  CHECK(verdict({l4, {2, 1}, {{four, {0}, 1}}}) == "1 GPUs given for TP 2 x PP 1");
  CHECK(verdict({l4, {2, 1}, {{four, {0, 1, 2}, 1}}}) == "3 GPUs given for TP 2 x PP 1");
  CHECK(verdict({l4, {0, 0}, {{four, {}, 1}}}) == "0 GPUs given for TP 0 x PP 0");
  CHECK(verdict({l4, {-1, -1}, {{four, {0}, 1}}}) == "1 GPUs given for TP -1 x PP -1");
  CHECK(verdict({l4, {2, 1}, {{four, {0, 0}, 1}}}) ==
        "devices are not ascending, or one is named twice");
  CHECK(verdict({l4, {2, 1}, {{four, {1, 0}, 1}}}) ==
        "devices are not ascending, or one is named twice");
  CHECK(verdict({l4, {2, 1}, {{four, {3, 4}, 1}}}) == "there is no device 4");
  CHECK(verdict({l4, {2, 1}, {{four, {-1, 0}, 1}}}) == "there is no device -1");
  CHECK(verdict({t4, {2, 1}, {{four, {0, 1}, 1}}}) == "device 0 is of another type");
  CHECK(verdict({l4, {2, 1}, {{{four.slot, four.generation + 1}, {0, 1}, 1}}}) ==
        "the class of nodes is not there");
  CHECK(verdict({l4, {2, 1}, {{{99, 1}, {0, 1}, 1}}}) == "the class of nodes is not there");
  CHECK(verdict({l4, {2, 3}, {{four, {0, 1}, 3}}}) == "the class has not so many nodes");
  CHECK(verdict({l4, {2, 2}, {{four, {0}, 1}, {four, {0, 1, 2}, 1}}}) ==
        "a tensor parallel group over two nodes");
  CHECK(verdict({static_cast<GpuTypeId>(7), {2, 1}, {{four, {0, 1}, 1}}}) ==
        "the GPU type is not one that the request allows");
}

TEST_CASE("layouts that the request does not allow are refused") {
  Legality check;
  Request request = llm_request("a", "qwen3-4b");
  llm_of(request).allowed_tp = {2};
  request.shape.allowed_gpus = {"L4"};
  const ClassId four = check.class_of(0);
  CHECK(check.verdict(request, {GpuTypeId{0}, {2, 1}, {{four, {0, 1}, 1}}}) == "legal");
  CHECK(check.verdict(request, {GpuTypeId{0}, {1, 1}, {{four, {0}, 1}}}) ==
        "TP 1 is not a size that the request allows");
  CHECK(check.verdict(request, {GpuTypeId{1}, {2, 1}, {{check.class_of(2), {0, 1}, 1}}}) ==
        "the GPU type is not one that the request allows");
}

TEST_CASE("layouts without room are refused") {
  Legality check;
  const Request task = opaque_request("t", 2);
  const NodeHolding taken{NodeId{0}, {1}, {1, 0}};
  check.world().cluster.take(std::span(&taken, 1));
  CHECK(check.verdict(task, {GpuTypeId{0}, {}, {{check.class_of(0), {0, 1}, 1}}}) ==
        "device 1 has no room for the request");
  CHECK(check.verdict(task, {GpuTypeId{0}, {}, {{check.class_of(0), {0, 2}, 1}}}) == "legal");
  CHECK(check.verdict(task, {GpuTypeId{0}, {}, {{check.class_of(1), {0}, 1}}}) ==
        "1 GPUs given, 2 asked for");
  Request hungry = task;
  hungry.shape.cpu_milli = 8'001;
  CHECK(check.verdict(hungry, {GpuTypeId{0}, {}, {{check.class_of(1), {0, 1}, 1}}}) ==
        "the node has not the CPU or RAM");
  hungry.shape.cpu_milli = 0;
  hungry.shape.ram = 64 * kGiB + 1;
  CHECK(check.verdict(hungry, {GpuTypeId{0}, {}, {{check.class_of(1), {0, 1}, 1}}}) ==
        "the node has not the CPU or RAM");
}

TEST_CASE("a node that a deployment takes no GPU of is refused") {
  Legality check;
  const Request request = llm_request("a", "qwen3-4b");
  CHECK(check.verdict(
            request,
            {GpuTypeId{0}, {1, 1}, {{check.class_of(0), {0}, 1}, {check.class_of(2), {}, 1}}}) !=
        "legal");
}

TEST_CASE("a CPU task is on one node") {
  Legality check;
  Request task = opaque_request("cpu", 0);
  task.shape.cpu_milli = 1'000;
  const ClassId four = check.class_of(0);
  CHECK(check.verdict(task, {GpuTypeId{0}, {}, {{four, {}, 1}}}) == "legal");
  CHECK(check.verdict(task, {GpuTypeId{0}, {}, {{four, {}, 2}}}) != "legal");
  CHECK(check.verdict(task, {GpuTypeId{0}, {}, {{four, {}, 1}, {four, {}, 1}}}) != "legal");
}

TEST_CASE("a part with a charge of the policy's own is held with it, and may be shared") {
  Legality check;
  const Request request = llm_request("a", "qwen3-4b");
  const ClassId four = check.class_of(0);
  PlacementPart part{four, {0, 1}, 1};
  part.charge = 6 * kGiB;
  const Layout layout{GpuTypeId{0}, {2, 1}, {part}};
  const auto holdings =
      require_value(resolve_layout(check.world().cluster, check.world().intern(request), layout));
  REQUIRE(holdings.size() == 1);
  CHECK(holdings[0].per_gpu == GpuHolding{250, 6 * kGiB});
  check.world().cluster.take(holdings);
  CHECK(check.verdict(request, {GpuTypeId{0}, {2, 1}, {{check.class_of(0), {0, 1}, 1}}}) ==
        "device 0 has no room for the request");
  part.node_class = check.class_of(0);
  for (int taken = 1; taken < 4; ++taken) {
    part.node_class = check.class_of(0);
    CHECK(check.verdict(request, {GpuTypeId{0}, {2, 1}, {part}}) == "legal");
    check.world().cluster.take(holdings);
  }
  part.node_class = check.class_of(0);
  CHECK(check.verdict(request, {GpuTypeId{0}, {2, 1}, {part}}) ==
        "device 0 has no room for the request");
}

TEST_CASE("a charge that cannot be is refused") {
  Legality check;
  PlacementPart part{check.class_of(0), {0}, 1};
  part.charge = 24 * kGiB + 1;
  CHECK(check.verdict(llm_request("a", "qwen3-4b"), {GpuTypeId{0}, {1, 1}, {part}})
            .starts_with("a charge of 25769803777 bytes on a GPU of"));
  part.charge = -1;
  CHECK(check.verdict(llm_request("a", "qwen3-4b"), {GpuTypeId{0}, {1, 1}, {part}})
            .starts_with("a charge of -1"));
  part.charge = kGiB;
  CHECK(check.verdict(opaque_request("t", 1), {GpuTypeId{0}, {}, {part}}) == "a charge for a task");
}
