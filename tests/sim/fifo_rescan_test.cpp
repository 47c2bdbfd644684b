#include "sim/policy/queue_discipline.hpp"
#include "tests/fixtures.hpp"

#include <set>
#include <vector>

using namespace headroom;
using namespace headroom::test;

namespace {

using Asked = std::vector<std::uint64_t>;

class Line {
 public:
  void add(std::uint64_t request, std::uint32_t shape) {
    queue_->add({static_cast<RequestId>(request), static_cast<ShapeId>(shape), SimTime{}, {}});
  }
  void remove(std::uint64_t request) { queue_->remove(static_cast<RequestId>(request)); }

  Asked pass(std::int64_t second, bool freed, const std::set<std::uint64_t>& fits = {}) {
    Asked asked;
    queue_->pass({at(second), freed, 0}, [&](RequestId request) {
      asked.push_back(index(request));
      if (!fits.contains(index(request))) return TryResult::waiting;
      queue_->remove(request);
      return TryResult::gone;
    });
    return asked;
  }
  [[nodiscard]] std::optional<SimTime> wake_at() const { return queue_->wake_at(); }

 private:
  std::unique_ptr<QueueDiscipline> queue_ = require_value(make_queue_discipline("fifo-rescan"));
};

}  // namespace

TEST_CASE("fifo-rescan tries new requests at once and pending ones by the scan alone") {
  Line line;
  line.add(1, 10);
  line.add(2, 20);
  CHECK(line.pass(10, false, {2}) == Asked{1, 2});
  CHECK(line.pass(20, true).empty());  // freed, but the scan has not come
  line.add(3, 30);
  CHECK(line.pass(30, false, {3}) == Asked{3});
  CHECK(line.wake_at() == at(180));
  CHECK(line.pass(180, false, {1}) == Asked{1});
  CHECK_FALSE(line.wake_at().has_value());
}

TEST_CASE("fifo-rescan leaves what is pending for less than 90 s to the next scan") {
  Line line;
  line.add(1, 10);
  line.add(2, 20);
  CHECK(line.pass(60, false) == Asked{1, 2});
  line.add(3, 30);
  CHECK(line.pass(91, false) == Asked{3});
  CHECK(line.pass(100, true).empty());
  CHECK(line.pass(180, false) == Asked{1, 2});  // 3 has been pending for 89 s
  CHECK(line.wake_at() == at(360));
  CHECK(line.pass(360, false, {3}) == Asked{3});
  CHECK(line.pass(500, true).empty());
  CHECK(line.pass(540, false, {1, 2}) == Asked{1, 2});
}

TEST_CASE("fifo-rescan asks for no scan where nothing was freed") {
  Line line;
  line.add(1, 10);
  CHECK(line.pass(0, false) == Asked{1});
  CHECK_FALSE(line.wake_at().has_value());
  CHECK(line.pass(180, false).empty());
  line.remove(1);
  CHECK(line.pass(200, true).empty());
  CHECK_FALSE(line.wake_at().has_value());
}

TEST_CASE("fifo-rescan asks one of several equal shapes") {
  Line line;
  line.add(1, 10);
  line.add(2, 10);
  line.add(3, 11);
  CHECK(line.pass(0, false) == Asked{1, 3});
  CHECK(line.pass(5, true).empty());
  CHECK(line.pass(180, false, {1}) == Asked{1, 2, 3});
}

TEST_CASE("under fifo-rescan a request waits for the scan though room was freed before") {
  World world(cluster_of({{"L4", 1}}));
  FunctionPlacer placer([](const PlacementRequest&, const Cluster& cluster) -> Decision {
    const NodeClass& node = cluster.class_of(NodeId{0});
    if (!node.state.gpus[0].idle()) return NotNow{"no_room"};
    return Place{{GpuTypeId{0}, {}, {{node.id, {0}, 1}}}, "free"};
  });
  RunSetup setup;
  setup.queue = "fifo-rescan";
  const auto recorder =
      run(world, placer, {opaque_request("a", 1, 0, 100), opaque_request("b", 1, 10, 50)}, setup);
  CHECK(recorder.placements.at("b").front().since == at(180));
  CHECK(recorder.outcome("b") == "placed");
}
