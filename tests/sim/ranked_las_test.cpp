// priority, largest-first and las, worked by hand.

#include "sim/policy/queue_discipline.hpp"
#include "tests/fixtures.hpp"

#include <fmt/format.h>

#include <set>
#include <vector>

using namespace headroom;
using namespace headroom::test;

namespace {

using Asked = std::vector<std::uint64_t>;

/// A queue and who was asked in its last pass. Requests named in `fits` go; all others wait.
class Line {
 public:
  explicit Line(std::string_view discipline)
      : queue_(require_value(make_queue_discipline(discipline))) {}

  /// A request of a shape of its own, unless `entry` has one.
  void add(std::uint64_t request, QueueEntry entry = {}) {
    entry.request = static_cast<RequestId>(request);
    if (entry.shape == ShapeId{}) entry.shape = static_cast<ShapeId>(request);
    queue_->add(entry);
  }
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
  QueueDiscipline& queue() { return *queue_; }

 private:
  std::unique_ptr<QueueDiscipline> queue_;
};

QueueEntry of_priority(std::int64_t priority) { return {.priority = priority}; }
QueueEntry of_tenant(const std::string& tenant) { return {.tenant = tenant}; }
RunningEntry held_by(std::uint64_t request, const std::string& tenant, std::int64_t milli) {
  return {.request = static_cast<RequestId>(request), .milli = milli, .tenant = tenant};
}

}  // namespace

TEST_CASE("priority asks the highest first, of equal ones the oldest, and passes over") {
  Line line("priority");
  line.add(1);
  line.add(2, of_priority(-5));
  line.add(3, of_priority(7));
  line.add(4);
  CHECK(line.pass(0, false, {4}) == Asked{3, 1, 4, 2});
  line.add(5, of_priority(3));
  CHECK(line.pass(0, false) == Asked{5});  // nothing was freed for the others
  CHECK(line.pass(0, true) == Asked{3, 5, 1, 2});
}

TEST_CASE("a more urgent request of a shape becomes the head of its equals") {
  Line line("priority");
  QueueEntry equal = of_priority(1);
  equal.shape = static_cast<ShapeId>(9);
  line.add(1, equal);
  equal.priority = 2;
  line.add(2, equal);
  CHECK(line.pass(0, false) == Asked{2});
  equal.priority = 3;
  line.add(3, equal);
  CHECK(line.pass(0, false).empty());  // it is as they are
  CHECK(line.pass(0, true, {1, 2, 3}) == Asked{3, 2, 1});
}

TEST_CASE("largest-first asks by GPUs, share, CPU and then arrival") {
  Line line("largest-first");
  line.add(1, {.cpu_milli = 9000});
  line.add(2, {.gpus = 1});
  line.add(3, {.share_milli = 300});
  line.add(4, {.gpus = 8});
  line.add(5, {.share_milli = 700});
  line.add(6, {.gpus = 1, .cpu_milli = 1});
  line.add(7, {.gpus = 1});
  CHECK(line.pass(0, false) == Asked{4, 6, 2, 7, 5, 3, 1});
}

TEST_CASE("largest-first with first-fit is first fit decreasing") {
  // Bins of four: 3 + 1 and 2 + 2. In order of arrival 1 and 2 would share a node.
  World world(cluster_of({{"L4", 4, 2}}));
  RunSetup setup;
  setup.queue = "largest-first";
  const Recorder recorder = run(world, "first-fit",
                                {opaque_request("one", 1), opaque_request("two", 2),
                                 opaque_request("three", 3), opaque_request("too", 2)},
                                setup);
  CHECK(where(recorder.placements.at("three").front()) == "n0[0,1,2]");
  CHECK(where(recorder.placements.at("one").front()) == "n0[3]");
  for (const auto& [name, placements] : recorder.placements) {
    CHECK(placements.front().since == at(0));
  }
}

TEST_CASE("las asks the tenant that held least so far, up to now") {
  Line line("las");
  line.add(1, of_tenant("a"));
  line.add(2, of_tenant("b"));
  line.add(3, of_tenant("a"));
  line.add(4);
  CHECK(line.pass(0, false) == Asked{1, 3, 2, 4});  // nobody held any: by first arrival
  line.queue().started(held_by(100, "a", 2000), at(0));
  line.queue().started(held_by(101, "b", 500), at(0));
  CHECK(line.pass(10, true) == Asked{4, 2, 1, 3});  // 0, 5 and 20 GPU-seconds
  line.queue().ended(static_cast<RequestId>(100), at(10));
  CHECK(line.pass(39, true) == Asked{4, 2, 1, 3});  // 19.5 and 20
  CHECK(line.pass(41, true) == Asked{4, 1, 3, 2});  // 20.5 and 20
  CHECK(line.pass(41, false).empty());
}

TEST_CASE("las goes on with what its memory says, in the order of first arrivals") {
  Line before("las");
  before.add(1, of_tenant("b"));
  before.add(2, of_tenant("a"));
  before.queue().started(held_by(100, "b", 1000), at(0));
  before.queue().ended(static_cast<RequestId>(100), at(30));
  before.queue().started(held_by(101, "a", 1000), at(30));
  const QueueMemory memory = before.queue().memory(at(60));
  REQUIRE(memory.tenants.size() == 2);
  CHECK(memory.tenants[0].tenant == "b");

  Line after("las");
  after.queue().started(held_by(101, "a", 1000), at(60));
  after.add(2, of_tenant("a"));
  after.add(1, of_tenant("b"));
  CHECK(after.queue().resume({at(60), false, 0}, memory));
  CHECK(after.pass(60, true) == Asked{1, 2});  // 30 each
  CHECK(after.pass(61, true) == Asked{1, 2});
  after.queue().ended(static_cast<RequestId>(101), at(61));
  after.queue().started(held_by(102, "b", 1000), at(61));
  CHECK(after.pass(63, true) == Asked{2, 1});

  for (const auto& tenants :
       {std::vector<TenantUse>{{"a", -1}}, std::vector<TenantUse>{{"a", 1}, {"a", 1}}}) {
    QueueMemory wrong;
    wrong.tenants = tenants;
    CHECK_FALSE(Line("las").queue().resume({at(60), false, 0}, wrong));
  }
}

TEST_CASE("las shares a busy cluster between tenants by GPU-time") {
  World world(cluster_of({{"L4", 2}}));
  std::vector<Request> requests;
  for (int i = 0; i < 20; ++i) {  // the first tenant fills the queue before the second comes
    requests.push_back(opaque_request(fmt::format("a{}", i), 2, 0, 100));
    requests.back().tenant = "a";
  }
  for (int i = 0; i < 5; ++i) {
    requests.push_back(opaque_request(fmt::format("b{}", i), 2, 50, 100));
    requests.back().tenant = "b";
  }
  RunSetup setup;
  setup.queue = "las";
  const Recorder recorder = run(world, "first-fit", requests, setup);
  for (int i = 0; i < 5; ++i) {  // in turn, the one that held less first
    const auto since = [&](const std::string& name) {
      return recorder.placements.at(name).front().since;
    };
    CHECK(since(fmt::format("b{}", i)) == at(100 + 200 * i));
    CHECK(since(fmt::format("a{}", i)) == at(200 * i));
  }
}

TEST_CASE("only disciplines that reserve can reserve machines") {
  for (const std::string& name : queue_discipline_names()) {
    const auto queue = make_queue_discipline(name, {.reserve_machines = true});
    CHECK(queue.has_value() == (name == "easy" || name == "conservative"));
    if (!queue) CHECK(queue.error().text().find("reserves no machines") != std::string::npos);
  }
}
