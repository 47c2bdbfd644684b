#include "sim/core/assert.hpp"
#include "sim/policy/queue_discipline.hpp"
#include "tests/support.hpp"

#include <map>
#include <set>
#include <vector>

using namespace headroom;

namespace {

/// A queue and who was asked in its last pass. Requests named in `fits` go; all others wait.
class Line {
 public:
  explicit Line(std::string_view discipline)
      : queue_(test::require_value(make_queue_discipline(discipline))) {}

  void add(std::uint64_t request, std::uint32_t shape) {
    queue_->add({static_cast<RequestId>(request), static_cast<ShapeId>(shape), SimTime{}, {}, 0});
  }
  void remove(std::uint64_t request) { queue_->remove(static_cast<RequestId>(request)); }

  std::vector<std::uint64_t> pass(bool freed, const std::set<std::uint64_t>& fits = {}) {
    std::vector<std::uint64_t> asked;
    queue_->pass({SimTime{}, freed, 0}, [&](RequestId request) {
      asked.push_back(index(request));
      if (!fits.contains(index(request))) return TryResult::waiting;
      queue_->remove(request);
      return TryResult::gone;
    });
    return asked;
  }
  [[nodiscard]] std::size_t size() const { return queue_->size(); }

 private:
  std::unique_ptr<QueueDiscipline> queue_;
};

using Asked = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("fifo-skip asks oldest first and passes over what does not fit") {
  Line line("fifo-skip");
  line.add(1, 10);
  line.add(2, 20);
  line.add(3, 30);
  CHECK(line.pass(false, {2, 3}) == Asked{1, 2, 3});
  CHECK(line.size() == 1);
}

TEST_CASE("strict fifo lets nobody pass the head") {
  Line line("fifo");
  line.add(1, 10);
  line.add(2, 20);
  CHECK(line.pass(false, {2}) == Asked{1});
  CHECK(line.pass(false, {2}).empty());
  CHECK(line.pass(true, {2}) == Asked{1});
  CHECK(line.pass(true, {1, 2}) == Asked{1, 2});
  CHECK(line.size() == 0);
}

TEST_CASE("equal shapes are not asked twice until capacity is freed") {
  Line line("fifo-skip");
  line.add(1, 10);
  line.add(2, 10);
  line.add(3, 10);
  CHECK(line.pass(false) == Asked{1});  // 2 and 3 are as 1
  line.add(4, 10);
  CHECK(line.pass(false).empty());
  line.add(5, 20);
  CHECK(line.pass(false) == Asked{5});
  CHECK(line.pass(true, {1, 2}) == Asked{1, 2, 3, 5});
  CHECK(line.pass(false).empty());
}

TEST_CASE("shapes that interleave are asked in order of arrival, not by shape") {
  Line line("fifo-skip");
  line.add(1, 10);
  line.add(2, 20);
  line.add(3, 10);
  line.add(4, 20);
  CHECK(line.pass(false, {1, 2, 3, 4}) == Asked{1, 2, 3, 4});
}

TEST_CASE("when the blocked head leaves, strict fifo goes on without capacity freed") {
  Line line("fifo");
  line.add(1, 10);
  line.add(2, 20);
  line.add(3, 10);
  CHECK(line.pass(false) == Asked{1});
  line.remove(1);  // its limit ran out
  CHECK(line.pass(false, {2}) == Asked{2});
  // 3 is as 1 was, and nothing was freed; a newcomer may not pass it either.
  line.add(4, 20);
  CHECK(line.pass(false, {3, 4}).empty());
  CHECK(line.pass(true, {3, 4}) == Asked{3, 4});
}

TEST_CASE("requests that leave from the middle of a line leave the others in order") {
  Line line("fifo-skip");
  for (std::uint64_t i = 1; i <= 5; ++i) line.add(i, 10);
  line.remove(1);
  line.remove(3);
  CHECK(line.pass(false, {2, 4}) == Asked{2, 4, 5});
  CHECK(line.size() == 1);
  line.remove(5);
  CHECK(line.pass(true).empty());
  line.add(6, 10);
  CHECK(line.pass(false) == Asked{6});
}

TEST_CASE("removing a request that does not wait is a fault") {
  Line line("fifo-skip");
  line.add(1, 10);
  CHECK_THROWS_AS(line.remove(2), Fault);
}

TEST_CASE("an unknown queue discipline names the nearest") {
  const auto queue = make_queue_discipline("fifo-skp");
  REQUIRE_FALSE(queue.has_value());
  CHECK(queue.error().text().find("fifo-skip") != std::string::npos);
  for (const auto& name : queue_discipline_names()) {
    CHECK(test::require_value(make_queue_discipline(name))->name() == name);
  }
}
