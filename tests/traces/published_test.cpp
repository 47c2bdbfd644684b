// The published traces themselves, where they are at hand: row counts as their publishers describe
// them, and the two numbers of a load of 0.9.

#include "tests/traces/helpers.hpp"
#include "traces/formats.hpp"
#include "traces/itp.hpp"
#include "traces/llm_mapping.hpp"
#include "traces/load.hpp"
#include "traces/openb_nodes.hpp"
#include "traces/openb_pods.hpp"

#include <map>

namespace headroom {

using namespace test;

TEST_CASE("openb's default pods are as many of each size as published") {
  const auto file = shared_path("traces/openb/openb_pod_list_default.csv.gz");
  if (!file) return;
  auto reader = require_value(open_openb_pods(*file));
  std::map<int, int> by_gpus;
  int shares = 0;
  std::int64_t gpu_milli = 0;
  for (const TraceTask& task : collect(*reader)) {
    if (task.gpus == 1 && task.milli < 1000) {
      ++shares;
    } else {
      ++by_gpus[task.gpus];
    }
    gpu_milli += std::int64_t{task.gpus} * task.milli;
  }
  CHECK(shares == 3'078);
  CHECK(by_gpus == std::map<int, int>{{0, 1'088}, {1, 3'911}, {2, 16}, {4, 15}, {8, 44}});
  CHECK(static_cast<double>(gpu_milli) / 1000.0 == Approx(6'086.8).margin(0.05));
}

TEST_CASE("openb's node lists have the published GPUs, CPUs and memory") {
  const auto file = shared_path("traces/openb/openb_node_list_all_node.csv");
  if (!file) return;
  std::int64_t gpus = 0;
  std::int64_t cpu_milli = 0;
  Bytes ram = 0;
  const auto nodes = require_value(read_openb_nodes(*file));
  for (const OpenbNode& node : nodes) {
    gpus += node.gpus;
    cpu_milli += node.cpu_milli;
    ram += node.ram;
  }
  CHECK(nodes.size() == 1'523);
  CHECK(gpus == 6'212);
  CHECK(cpu_milli == 125'514'000);
  CHECK(ram == 612'028'416 * kMiB);
}

TEST_CASE("ITP 03 has its 3,011 jobs and is guessed as ITP") {
  const auto file = shared_path("traces/itp2021/cluster03.csv");
  if (!file) return;
  CHECK(require_value(guess_format(*file)) == "itp");
  auto reader = require_value(open_itp(*file));
  CHECK(collect(*reader).size() == 3'011);
}

TEST_CASE("a load of 0.9 on 256 GPUs stretches ITP 03 by 1.295 without copies") {
  const auto file = shared_path("traces/itp2021/cluster03.csv");
  if (!file) return;
  auto reader = require_value(open_itp(*file));
  const auto scale = require_value(find_load(*reader, 256, 0.9));
  CHECK(scale.copies == 1);
  CHECK(scale.stretch() == Approx(1.295).margin(0.001));
}

TEST_CASE("a load of 0.9 on 6,212 GPUs copies openb 32 times and stretches it by 22.05") {
  const auto file = shared_path("traces/openb/openb_pod_list_default.csv.gz");
  if (!file) return;
  auto reader = require_value(open_openb_pods(*file));
  const auto scale = require_value(find_load(*reader, 6'212, 0.9));
  CHECK(scale.copies == 32);
  CHECK(scale.stretch() == Approx(22.05).margin(0.01));
  LoadedReader loaded(require_value(open_openb_pods(*file)), scale);
  CHECK(collect(loaded).size() == std::size_t{32} * 8'152);
}

TEST_CASE("openb's list for packing and its unsorted variants are refused") {
  const auto packing = shared_path("traces/openb/openb_pod_list_multigpu50.csv.gz");
  if (!packing) return;
  const auto untimed = open_openb_pods(*packing);
  REQUIRE_FALSE(untimed.has_value());
  check_holds(untimed.error().text(), "this openb pod list has no times");
  const auto variant = shared_path("traces/openb/openb_pod_list_cpu050.csv.gz");
  if (!variant) return;
  auto unsorted = require_value(open_openb_pods(*variant));
  check_holds(first_error(*unsorted), "sort the file by arrival first");
}

TEST_CASE("the model zoo stands in for every GPU task of openb and ITP") {
  for (const char* name : {"traces/openb/openb_pod_list_gpuspec33.csv.gz",
                           "traces/itp2021/cluster03.csv", "traces/itp2021/cluster08.csv.gz"}) {
    const auto file = shared_path(name);
    if (!file) return;
    const TaskFormat* format = require_value(find_task_format(require_value(guess_format(*file))));
    const Mix mix = require_value(read_mix(source_path("examples/mixes/model-zoo.toml")));
    auto source = llm_source(require_value(format->open_tasks(*file, {})), mix, 1);
    int deployments = 0;
    int opaque_with_gpus = 0;
    for (const Request& request : collect(*source)) {
      const bool llm = request.shape.kind() == RequestKind::llm;
      deployments += llm ? 1 : 0;
      opaque_with_gpus += !llm && request.shape.opaque().gpus > 0 ? 1 : 0;
    }
    CHECK(deployments > 3'000);
    CHECK(opaque_with_gpus == 0);
  }
}

}  // namespace headroom
