#include "study/run_parts.hpp"

#include "traces/formats.hpp"
#include "traces/llm_mapping.hpp"

namespace headroom {
namespace {

class ListSource final : public RequestSource {
 public:
  explicit ListSource(const std::vector<Request>& requests) : requests_(requests) {}
  [[nodiscard]] Result<std::optional<Request>> next() override {
    if (next_ == requests_.size()) return std::nullopt;
    return requests_[next_++];
  }

 private:
  const std::vector<Request>& requests_;
  std::size_t next_ = 0;
};

Result<std::unique_ptr<TaskReader>> open_tasks(const TraceWorkload& trace) {
  HEADROOM_TRY(const TaskFormat* format, find_task_format(trace.format));
  return format->open_tasks(trace.file);
}

Result<std::unique_ptr<RequestSource>> open_trace(const TraceWorkload& trace, std::uint64_t seed,
                                                  const std::optional<LoadScale>& scale) {
  if (!trace.as_llm && !scale) {
    HEADROOM_TRY(const TaskFormat* format, find_task_format(trace.format));
    return format->open_requests(trace.file);
  }
  HEADROOM_TRY(std::unique_ptr<TaskReader> tasks, open_tasks(trace));
  if (scale) tasks = std::make_unique<LoadedReader>(std::move(tasks), *scale);
  if (trace.as_llm) return llm_source(std::move(tasks), *trace.mix, seed);
  return opaque_source(std::move(tasks));
}

}  // namespace

Result<std::unique_ptr<RunParts>> RunParts::make(const Scenario& scenario) {
  std::unique_ptr<RunParts> parts(new RunParts);
  HEADROOM_TRY(parts->engine_, make_engine(scenario.engine, scenario.overheads));
  parts->cost_ = make_roofline();
  parts->plans_ = std::make_unique<PlanSpace>(scenario.cluster, *parts->engine_, *parts->cost_);
  return parts;
}

Result<std::optional<LoadScale>> load_scale_of(const Scenario& scenario) {
  const auto* trace = std::get_if<TraceWorkload>(&scenario.workload);
  if (trace == nullptr || !trace->load) return std::nullopt;
  HEADROOM_TRY(const std::unique_ptr<TaskReader> tasks, open_tasks(*trace));
  HEADROOM_TRY(const LoadScale scale,
               find_load(*tasks, scenario.cluster.gpu_count(), *trace->load));
  return scale;
}

Result<std::unique_ptr<RequestSource>> open_requests(const Scenario& scenario, std::uint64_t seed,
                                                     const std::optional<LoadScale>& scale) {
  if (const auto* trace = std::get_if<TraceWorkload>(&scenario.workload)) {
    return open_trace(*trace, seed, scale);
  }
  if (const auto* generated = std::get_if<GeneratedWorkload>(&scenario.workload)) {
    GeneratorConfig config = generated->config;
    config.seed = seed;
    return make_generator(generated->mix, config);
  }
  return std::make_unique<ListSource>(std::get<ListedWorkload>(scenario.workload).requests);
}

}  // namespace headroom
