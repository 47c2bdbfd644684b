#include "traces/load.hpp"

#include "tests/traces/helpers.hpp"
#include "traces/formats.hpp"

#include <limits>

namespace headroom {

using namespace test;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Two GPUs for 2 s at 0 s, one for 2 s at 100 s, one at 200 s that arrives as the window closes.
std::vector<TraceTask> three_tasks() {
  return {task("a", 0, 2, 2), task("b", 100, 2, 1), task("c", 200, 2, 1)};
}

Result<LoadScale> find(std::vector<TraceTask> tasks, std::int64_t gpus, double load) {
  const auto reader = list_reader(std::move(tasks));
  return find_load(*reader, gpus, load);
}

std::vector<TraceTask> loaded(std::vector<TraceTask> tasks, const LoadScale& scale) {
  LoadedReader reader(list_reader(std::move(tasks)), scale);
  return collect(reader);
}

}  // namespace

TEST_CASE("the stretch of a trace that needs no copies is the one worked out by hand") {
  // Three arrivals: the window runs from the first (floor(0.01 x 2) = 0) to the second
  // (floor(0.99 x 2) = 1), 0 s to 100 s. Only a is in it: 2 GPUs x 2 s x f / 100 s = 0.04 f GPUs.
  const auto scale = require_value(find(three_tasks(), 2, 0.5));
  CHECK(scale.copies == 1);
  CHECK(scale.stretch_nano == 25 * kStretchOne);
  CHECK(scale.stretch() == Approx(25.0));
  CHECK(scale.demand_unscaled == Approx(0.04));
}

TEST_CASE("a stretch over 30 is avoided by copies, as worked out by hand") {
  // 1.5 GPUs need f = 37.5 in one copy. In two, a stands at 0 s and 50 s, b at 100 s and 150 s, c
  // twice at 200 s; the window runs to the fifth of six arrivals, 200 s. In it are
  // (2 x 2 GPUs + 2 x 1 GPU) x 2 s x f / 200 s = 0.06 f GPUs.
  const auto scale = require_value(find(three_tasks(), 3, 0.5));
  CHECK(scale.copies == 2);
  CHECK(scale.stretch_nano == 25 * kStretchOne);
}

TEST_CASE("a stretch of exactly 30 needs no copies") {
  const auto scale = require_value(find(three_tasks(), 2, 0.6));
  CHECK(scale.copies == 1);
  CHECK(scale.stretch_nano == kMaxStretch);
}

TEST_CASE("tasks that began before the window or outlive it count for the part inside") {
  // 201 arrivals, one a second: the window is 2 s to 198 s. The first row's 200 GPUs leave at f s;
  // the others ask for nothing. Wanted: 100 GPUs on average, (f - 2) x 200 / 196 = 100, f = 100.
  std::vector<TraceTask> tasks{task("long", 0, 10, 200)};
  for (int i = 1; i <= 200; ++i) tasks.push_back(task("t", i, 0, 1));
  const auto scale = require_value(find(tasks, 100, 1.0));
  CHECK(scale.stretch_nano == 10 * kStretchOne);
}

TEST_CASE("shares count by their thousandths and CPU tasks not at all") {
  auto tasks = three_tasks();
  tasks[0] = task("a", 0, 2, 1, 400);
  tasks.insert(tasks.begin() + 1, task("cpu", 50, 1'000, 0));
  // 0.4 GPUs x 2 s x f / 100 s = 0.1 GPUs.
  const auto scale = require_value(find(tasks, 1, 0.1));
  CHECK(scale.copies == 1);
  CHECK(scale.stretch_nano == 12'500'000'000);
}

TEST_CASE("a busy trace is thinned by a stretch below one") {
  const auto scale = require_value(
      find({task("a", 0, 100, 8), task("b", 100, 1, 1), task("c", 200, 1, 1)}, 4, 0.5));
  CHECK(scale.copies == 1);
  CHECK(scale.stretch_nano == kStretchOne / 4);
}

TEST_CASE("a load that cannot be set is refused with the reason") {
  const auto error = [](std::vector<TraceTask> tasks, std::int64_t gpus, double load) {
    const auto scale = find(std::move(tasks), gpus, load);
    return scale ? std::string() : scale.error().text();
  };
  check_holds(error(three_tasks(), 1, 0.0), "the load is 0, but must be above 0");
  check_holds(error(three_tasks(), 1, -1.0), "must be above 0");
  check_holds(error(three_tasks(), 1, std::numeric_limits<double>::quiet_NaN()), "must be above 0");
  check_holds(error(three_tasks(), 0, 0.9), "a load needs a cluster with GPUs");
  check_holds(error({}, 1, 0.9), "no task of this trace has a GPU");
  check_holds(error({task("cpu", 0, 1, 0)}, 1, 0.9), "no task of this trace has a GPU");
  check_holds(error({task("a", 5, 1, 1), task("b", 5, 1, 1)}, 1, 0.9), "arrive at one moment");
  check_holds(error({task("a", 0, 0, 1), task("b", 5, 0, 1), task("c", 9, 0, 1)}, 1, 0.9),
              "this trace is too small for the cluster");
}

TEST_CASE("copies are evenly spaced up to the next row of any kind, in order, with names") {
  const auto tasks = loaded({task("a", 0, 8, 1), task("cpu", 10, 8, 0), task("b", 10, 8, 2)},
                            {4, kStretchOne / 2, 0.0});
  REQUIRE(tasks.size() == 12);
  const std::vector<std::string> names{"a",     "a~2",   "a~3", "a~4", "cpu", "cpu~2",
                                       "cpu~3", "cpu~4", "b",   "b~2", "b~3", "b~4"};
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    CHECK(tasks[i].name == names[i]);
    const auto wanted = i < 4 ? milliseconds(2'500) * static_cast<int>(i) : milliseconds(10'000);
    CHECK(tasks[i].arrival == SimTime(wanted));
    CHECK(tasks[i].lifetime == seconds(4));
  }
  CHECK(tasks[11].gpus == 2);
}

TEST_CASE("a scale of one copy and stretch one changes nothing") {
  const auto tasks = loaded(three_tasks(), {});
  const auto wanted = three_tasks();
  REQUIRE(tasks.size() == wanted.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    CHECK(tasks[i].name == wanted[i].name);
    CHECK(tasks[i].arrival == wanted[i].arrival);
    CHECK(tasks[i].lifetime == wanted[i].lifetime);
  }
}

TEST_CASE("an empty trace stays empty under any scale") {
  CHECK(loaded({}, {8, kMaxStretch, 0.0}).empty());
}

TEST_CASE("a lifetime is stretched exactly, rounded half up and bounded") {
  CHECK(stretched(Duration(3), kStretchOne / 2) == Duration(2));
  CHECK(stretched(Duration(1), kStretchOne / 2 - 1) == Duration(0));
  CHECK(stretched(seconds(1'000'000'007), 1'295'240'001) == Duration(1'295'240'010'066'680'007));
  CHECK(stretched(kMaxInputTime, kMaxStretch) == kMaxInputTime);
}

TEST_CASE("a scaled trace asks for the load it was scaled to") {
  const auto scale = require_value(find(three_tasks(), 3, 0.5));
  const auto tasks = loaded(three_tasks(), scale);
  double gpu_seconds = 0.0;
  for (const TraceTask& task : tasks) {
    const double begin = to_seconds(task.arrival);
    const double end = std::min(begin + to_seconds(*task.lifetime), 200.0);
    gpu_seconds += std::max(end - begin, 0.0) * task.gpus;
  }
  CHECK(gpu_seconds / 200.0 == Approx(1.5));
}

TEST_CASE("copies of a row are placed where it stands in its file") {
  const TempDir folder;
  const auto file = folder.write("t.csv",
                                 "job_id,submission_time,duration,num_gpu\n"
                                 "a,0,60,1\n\nb,1,60,8\n");
  const TaskFormat* itp = require_value(find_task_format("itp"));
  LoadScale twice;
  twice.copies = 2;
  LoadedReader reader(require_value(itp->open_tasks(file, {})), twice);
  std::vector<std::int64_t> lines;
  while (require_value(reader.next())) lines.push_back(reader.place().line);
  CHECK(lines == std::vector<std::int64_t>{2, 2, 4, 4});
}

}  // namespace headroom
