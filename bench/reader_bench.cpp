// Rows per second of every trace format, plain and gzipped, over files of invented rows that this
// program writes into a temporary folder. One iteration reads one file to its end.

#include "bench/bench_support.hpp"
#include "sim/core/random.hpp"
#include "traces/formats.hpp"
#include "traces/native_writer.hpp"
#include "traces/task_csv.hpp"

#include <benchmark/benchmark.h>
#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>
#include <zlib.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>

namespace headroom {
namespace {

constexpr std::int64_t kRows = 200'000;

// The lines of one file: a header, then row 0, 1, 2, ...
struct Writer {
  std::string header;
  std::function<std::string(std::int64_t row, std::int64_t draw)> line;  // draw: 0..999'999
};

std::string native_row(std::int64_t row, std::int64_t draw) {
  static const std::vector<Model> models(model_catalogue().begin(), model_catalogue().end());
  Request request;
  request.name = fmt::format("request-{}", row);
  request.arrival = SimTime(std::chrono::milliseconds(1'500 * row));
  request.lifetime = std::chrono::milliseconds(10 * draw);
  request.shape.cpu_milli = 1'000 * (1 + draw % 32);
  request.shape.ram = (1 + draw % 64) * kGiB;
  if (row % 2 == 0) {
    LlmDeployment llm;
    const Model& model = models[static_cast<std::size_t>(draw) % models.size()];
    llm.model = std::make_shared<const Model>(model);
    llm.limits.context = 4'096 << draw % 3;
    request.shape.what = llm;
  } else {
    const bool share = draw % 3 == 0;
    request.shape.what =
        OpaqueTask{share ? 1 : 1 << draw % 4, share ? static_cast<int>(1 + draw % 999) : 1000};
    request.shape.allowed_gpus = {"A10", "T4"};
  }
  return native_line(request);
}

std::string openb_row(std::int64_t row, std::int64_t draw) {
  const bool share = draw % 3 == 0;
  const std::int64_t created = 13 * row;
  return fmt::format("pod-{:06},{},{},{},{},{},LS,Running,{},{},{}", row, 1'000 * (1 + draw % 32),
                     1'024 * (1 + draw % 64), share ? 1 : 1 << draw % 4,
                     share ? 1 + draw % 999 : 1000, draw % 5 == 0 ? "V100M16|V100M32" : "", created,
                     created + 60 + draw % 100'000, created + 5);
}

std::string itp_row(std::int64_t row, std::int64_t draw) {
  return fmt::format("job-{:06},{},{}.25,{}", row, 17 * row, draw % 100'000, 1 << draw % 6);
}

std::string philly_row(std::int64_t row, std::int64_t draw) {
  const std::int64_t minutes = row % 1'440;
  return fmt::format("2019-{:02}-{:02} {:02}:{:02}:{:02},{}.0,{},0.0,vc-{}", 1 + row / 28'800,
                     1 + row / 1'440 % 20, minutes / 60, minutes % 60, draw % 60, draw % 100'000,
                     1 << draw % 5, draw % 15);
}

std::string crux_row(std::int64_t row, std::int64_t draw) {
  return fmt::format("{},{}.0,CLOS,{},{},{}.0", row, 60 * row, 8, 8, 60 * (draw % 1'000));
}

std::string dlrm_row(std::int64_t row, std::int64_t draw) {
  const double created = 10.0 * static_cast<double>(row);
  return fmt::format(
             "instance-{},HN,app-{},{},{},1,1,25,25,{}.0,120.0,640.0,800.0,8,{:.1f},{:.1f},", row,
             draw % 156, 8, 12, 60 + draw % 60, created, created) +
         fmt::format("{:.1f}", created + 60.0 + static_cast<double>(draw));
}

std::string muri_row(std::int64_t row, std::int64_t draw) {
  return fmt::format("{},{},{},{},gpt2,4,{},91000,437,0.6,419,49,0", row, 1 << draw % 6,
                     1'500 * row, draw, 1'000 * (draw % 10'000));
}

std::string elasticflow_row(std::int64_t row, std::int64_t draw) {
  return fmt::format("{},{},{},vgg16,{},256,{},{},{},{}", row, 17 * row, draw, 20 * row + draw,
                     1 << draw % 3, draw % 99'999, draw % 99'999, draw);
}

std::string tiresias_row(std::int64_t row, std::int64_t draw) {
  return fmt::format("{},{},{},{},vgg19,{},30", row, 1 << draw % 4, 30 * row, draw, draw % 1'800);
}

std::string task_csv_row(std::int64_t row, std::int64_t draw) {
  return fmt::format("job-{},{}.5,{},{},1000,{},{},A10|T4,team-{},,0", row, 17 * row, draw,
                     1 << draw % 4, 1'000 * (draw % 64), draw * kMiB, draw % 99);
}

std::string swf_row(std::int64_t row, std::int64_t draw) {
  return fmt::format("{} {} -1 {} {} -1 -1 {} {} {} 1 {} 1 -1 -1 -1 -1 -1", row, 17 * row,
                     draw % 50'000, 1 + draw % 64, 1 + draw % 64, 50'000, draw % 4'096, draw % 500);
}

// By format; a format that is not here is not measured.
const std::map<std::string, Writer>& writers() {
  static const std::map<std::string, Writer> all = {
      {"native", {native_header(), native_row}},
      {"openb-pods",
       {"name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
        "deletion_time,scheduled_time",
        openb_row}},
      {"itp", {"job_id,submission_time,duration,num_gpu", itp_row}},
      {"philly", {"timestamp,duration,num_gpus,gpu_time,cluster", philly_row}},
      {"crux", {"#job id,arrival time (sec),topology,shape,size,duration (sec)", crux_row}},
      {"dlrm",
       {"instance_sn,role,app_name,cpu_request,cpu_limit,gpu_request,gpu_limit,rdma_request,"
        "rdma_limit,memory_request,memory_limit,disk_request,disk_limit,max_instance_per_node,"
        "creation_time,scheduled_time,deletion_time",
        dlrm_row}},
      {"muri",
       {"job_id,num_gpu,submit_time,iterations,model_name,batch_size,duration,interval,"
        "iteration_time,resource_time_0,resource_time_1,resource_time_2,priority",
        muri_row}},
      {"elasticflow",
       {"job_id,submit_time,real_iteration,model_name,ddl,batch_size,num_gpu,real_duration,"
        "duration,iteration",
        elasticflow_row}},
      {"tiresias",
       {"job_id,num_gpu,submit_time,iterations,model_name,duration,interval", tiresias_row}},
      {"csv", {task_csv_header(), task_csv_row}},
      {"swf", {"; Version: 2.2", swf_row}},
  };
  return all;
}

struct GzClose {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

// The path of a format's file, plain or gzipped, written when it is first asked for.
const std::filesystem::path& file_of(const std::string& format, bool gz) {
  static const bench::TempFolder folder;
  static std::map<std::pair<std::string, bool>, std::filesystem::path> files;
  const auto known = files.find({format, gz});
  if (known != files.end()) return known->second;

  const Writer& writer = writers().at(format);
  auto random = random_stream(1, "reader-bench");
  boost::random::uniform_int_distribution<std::int64_t> draw(0, 999'999);
  std::string text = writer.header + "\n";
  for (std::int64_t row = 0; row < kRows; ++row) text += writer.line(row, draw(random)) + "\n";
  const auto path = folder.path() / (format + (gz ? ".gz" : ".txt"));
  if (gz) {
    const std::unique_ptr<gzFile_s, GzClose> out(gzopen(path.c_str(), "wb6"));
    if (gzwrite(out.get(), text.data(), static_cast<unsigned>(text.size())) <= 0) {
      throw std::runtime_error("cannot write " + path.string());
    }
  } else {
    std::ofstream(path) << text;
  }
  return files.emplace(std::pair(format, gz), path).first->second;
}

void read_all(benchmark::State& state, const TaskFormat& format, bool gz) {
  const auto& file = file_of(format.name, gz);
  std::int64_t rows = 0;
  for (auto _ : state) {
    const auto source = bench::require(open_requests(format, file));
    while (auto request = bench::require(source->next())) {
      benchmark::DoNotOptimize(request->lifetime);
      ++rows;
    }
  }
  if (rows != state.iterations() * kRows) state.SkipWithError("rows were lost");
  state.counters["rows/s"] =
      benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsRate);
  state.counters["MiB"] = static_cast<double>(std::filesystem::file_size(file)) / (1024.0 * 1024.0);
}

[[maybe_unused]] const bool kRegistered = [] {
  for (const TaskFormat& format : task_formats()) {
    if (!writers().contains(format.name)) continue;
    for (const bool gz : {false, true}) {
      const std::string name = fmt::format("{}/{}", format.name, gz ? "gz" : "plain");
      auto* bench = benchmark::RegisterBenchmark(
          name.c_str(), [&format, gz](benchmark::State& s) { read_all(s, format, gz); });
      bench->Unit(benchmark::kMillisecond);
    }
  }
  return true;
}();

}  // namespace
}  // namespace headroom
