#include "traces/llm_mapping.hpp"

#include "tests/traces/helpers.hpp"
#include "traces/formats.hpp"
#include "traces/load.hpp"
#include "traces/native_writer.hpp"

#include <algorithm>
#include <set>

namespace headroom {

using namespace test;

namespace {

/// One model a band, so that a test knows what is drawn; two in band 1.
Mix plain_mix() {
  std::string toml = "schema = \"headroom.mix\"\nversion = 1\nname = \"plain\"\n";
  const auto add = [&](const std::string& model, const std::string& band, const std::string& more) {
    toml += "[[entry]]\nmodel = \"" + model + "\"\nband = \"" + band + "\"\non = \"A10\"\n" + more;
  };
  add("qwen2.5-0.5b", "share", "min_u = 0.15\n");
  add("qwen3-8b", "1", "");
  add("falcon-7b", "1", "");
  add("phi-4", "2", "");
  add("qwen3-32b", "4", "allowed_tp = [4]\n");
  add("qwen2.5-72b", "8", "sequences = 64\n");
  add("meta-llama-3.1-405b", "16", "");
  return require_value(parse_mix(toml, "plain.toml"));
}

std::vector<Request> map(std::vector<TraceTask> tasks, std::uint64_t seed = 1) {
  auto source = llm_source(list_reader(std::move(tasks)), plain_mix(), seed);
  return collect(*source);
}

/// The stream as text, to compare runs.
std::string lines(std::vector<TraceTask> tasks, std::uint64_t seed) {
  std::string out;
  for (const Request& request : map(std::move(tasks), seed)) out += native_line(request) + "\n";
  return out;
}

std::vector<TraceTask> many_single_gpu_tasks() {
  std::vector<TraceTask> tasks;
  tasks.reserve(64);
  for (int i = 0; i < 64; ++i) tasks.push_back(task("t" + std::to_string(i), i, 60, 1));
  return tasks;
}

}  // namespace

TEST_CASE("GPU counts split into bands, largest first, above 16 into eights") {
  using Ints = std::vector<int>;
  for (const int band : {1, 2, 4, 8, 16}) CHECK(split_gpus(band) == Ints{band});
  CHECK(split_gpus(3) == Ints{2, 1});
  CHECK(split_gpus(12) == Ints{8, 4});
  CHECK(split_gpus(15) == Ints{8, 4, 2, 1});
  CHECK(split_gpus(17) == Ints{8, 8, 1});
  CHECK(split_gpus(32) == Ints{8, 8, 8, 8});
  CHECK(split_gpus(59) == Ints{8, 8, 8, 8, 8, 8, 8, 2, 1});
}

TEST_CASE("a task of a band's size becomes one deployment of that band") {
  TraceTask eight = task("a", 5, 100, 8);
  eight.cpu_milli = 64'000;
  eight.ram = 256 * kGiB;
  eight.gpu_types = {"A10", "L4"};
  const auto requests = map({eight});
  REQUIRE(requests.size() == 1);
  const Request& request = requests[0];
  CHECK(request.name == "a");
  CHECK(request.group.empty());
  CHECK(request.group_size == 1);
  CHECK(request.arrival == eight.arrival);
  CHECK(request.lifetime == eight.lifetime);
  CHECK_FALSE(request.declared.has_value());
  CHECK(request.shape.llm().model->name == "qwen2.5-72b");
  CHECK(request.shape.llm().limits.sequences == 64);
  CHECK_FALSE(request.shape.llm().shared);
  CHECK(request.shape.cpu_milli == 64'000);
  CHECK(request.shape.ram == 256 * kGiB);
  CHECK(request.shape.allowed_gpus == eight.gpu_types);
}

TEST_CASE("a split task is one group whose CPU and RAM add up, the remainder in the first piece") {
  TraceTask twelve = task("job", 5, 100, 12);
  twelve.cpu_milli = 10'001;
  twelve.ram = (Bytes{1} << 50) - 1;
  const auto requests = map({twelve});
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].name == "job/1");
  CHECK(requests[1].name == "job/2");
  CHECK(requests[0].shape.llm().model->name == "qwen2.5-72b");
  CHECK(requests[1].shape.llm().model->name == "qwen3-32b");
  CHECK(requests[1].shape.llm().allowed_tp == std::vector<int>{4});
  for (const Request& piece : requests) {
    CHECK(piece.group == "job");
    CHECK(piece.group_size == 2);
    CHECK(piece.arrival == twelve.arrival);
    CHECK(piece.lifetime == twelve.lifetime);
  }
  CHECK(requests[0].shape.cpu_milli == 6'668);
  CHECK(requests[1].shape.cpu_milli == 3'333);
  CHECK(requests[1].shape.ram == twelve.ram / 3);
  CHECK(requests[0].shape.ram + requests[1].shape.ram == twelve.ram);
}

TEST_CASE("a task of 59 GPUs becomes nine deployments of one group") {
  const auto requests = map({task("big", 0, 1, 59), task("next", 1, 1, 2)});
  REQUIRE(requests.size() == 10);
  const auto of_eight = std::count_if(requests.begin(), requests.end(), [](const Request& request) {
    return request.shape.llm().model->name == "qwen2.5-72b" && request.group_size == 9;
  });
  CHECK(of_eight == 7);
  CHECK(requests[7].shape.llm().model->name == "phi-4");
  CHECK(requests[8].name == "big/9");
  CHECK(requests[9].name == "next");
  CHECK(requests[9].group.empty());
}

TEST_CASE("a share becomes a shared deployment with the larger of the task's share and min_u") {
  const auto requests =
      map({task("small", 0, 1, 1, 70), task("large", 0, 1, 1, 810), task("whole", 0, 1, 1, 1000)});
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].shape.llm().shared);
  CHECK(requests[0].shape.llm().limits.utilisation_ppm == 150'000);
  CHECK(requests[1].shape.llm().shared);
  CHECK(requests[1].shape.llm().limits.utilisation_ppm == 810'000);
  CHECK_FALSE(requests[2].shape.llm().shared);
  CHECK(requests[2].shape.llm().limits.utilisation_ppm == 920'000);
}

TEST_CASE("a CPU task stays opaque and draws nothing") {
  auto tasks = many_single_gpu_tasks();
  const auto without = map(tasks);
  TraceTask cpu = task("cpu", 0, 10, 0);
  cpu.cpu_milli = 4'000;
  tasks.insert(tasks.begin(), cpu);
  const auto with = map(tasks);
  REQUIRE(with.size() == without.size() + 1);
  CHECK(with[0].shape.opaque() == OpaqueTask{0, 1000});
  CHECK(with[0].shape.cpu_milli == 4'000);
  for (std::size_t i = 0; i < without.size(); ++i) CHECK(with[i + 1].shape == without[i].shape);
}

TEST_CASE("the same seed maps to the same stream, another seed to another") {
  CHECK(lines(many_single_gpu_tasks(), 7) == lines(many_single_gpu_tasks(), 7));
  CHECK(lines(many_single_gpu_tasks(), 7) != lines(many_single_gpu_tasks(), 8));
  std::set<std::string> models;
  for (const Request& request : map(many_single_gpu_tasks())) {
    models.insert(request.shape.llm().model->name);
  }
  CHECK(models == std::set<std::string>{"falcon-7b", "qwen3-8b"});
}

TEST_CASE("a task of a band that the mix lacks is an error that names both, and ends the stream") {
  Mix mix = plain_mix();
  mix.entries.erase(mix.entries.begin());
  auto source =
      llm_source(list_reader({task("pod-3", 0, 1, 1, 500), task("pod-4", 0, 1, 1)}), mix, 1);
  check_holds(first_error(*source), "task 'pod-3': mix 'plain' has no entry in band share");
  CHECK_FALSE(require_value(source->next()).has_value());
}

TEST_CASE("an opaque source gives the rows unchanged") {
  TraceTask share = task("a", 3, 4, 1, 250);
  share.cpu_milli = 5;
  share.ram = 6;
  share.gpu_types = {"T4"};
  auto source = opaque_source(list_reader({share, task("b", 3, 0, 16)}));
  const auto requests = collect(*source);
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].name == "a");
  CHECK(requests[0].shape.opaque() == OpaqueTask{1, 250});
  CHECK(requests[0].shape.cpu_milli == 5);
  CHECK(requests[0].shape.ram == 6);
  CHECK(requests[0].shape.allowed_gpus == std::vector<std::string>{"T4"});
  CHECK(requests[1].shape.opaque() == OpaqueTask{16, 1000});
  CHECK(requests[1].lifetime == Duration::zero());
}

TEST_CASE("a task that cannot be mapped is told with its file and line") {
  const TempDir folder;
  const auto file = folder.write("t.csv",
                                 "job_id,submission_time,duration,num_gpu\n"
                                 "a,0,60,1\nb,1,60,8\n");
  const Mix mix =
      require_value(parse_mix("schema = \"headroom.mix\"\nversion = 1\nname = \"mini\"\n[[entry]]\n"
                              "model = \"qwen3-8b\"\nband = \"1\"\non = \"A10\"\n",
                              "mini.toml"));
  const TaskFormat* itp = require_value(find_task_format("itp"));
  auto source = llm_source(require_value(itp->open_tasks(file, {})), mix, 1);
  const std::string place = file.string() + ":3:1: task 'b': mix 'mini' has no entry in band 8";
  check_holds(first_error(*source), place);
  LoadScale twice;
  twice.copies = 2;
  source = llm_source(
      std::make_unique<LoadedReader>(require_value(itp->open_tasks(file, {})), twice), mix, 1);
  check_holds(first_error(*source), place);
}

}  // namespace headroom
