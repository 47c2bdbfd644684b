#include "study/run_parts.hpp"

#include "study/generated_requests.hpp"
#include "traces/formats.hpp"
#include "traces/lifetimes.hpp"
#include "traces/llm_mapping.hpp"

#include <utility>

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

Result<std::unique_ptr<TaskReader>> open_tasks(const TraceWorkload& trace, std::uint64_t seed,
                                               const RowRules& rules) {
  HEADROOM_TRY(const TaskFormat* format, find_task_format(trace.format));
  HEADROOM_TRY(auto tasks, format->open_tasks(trace.file, rules));
  return with_lifetimes(std::move(tasks), trace.lifetimes, seed, rules);
}

Result<std::unique_ptr<RequestSource>> open_trace(const TraceWorkload& trace, std::uint64_t seed,
                                                  const std::optional<LoadScale>& scale,
                                                  const RowRules& rules) {
  HEADROOM_TRY(const TaskFormat* format, find_task_format(trace.format));
  if (!trace.as_llm && !scale && format->open_requests != nullptr) {
    return format->open_requests(trace.file, rules);
  }
  HEADROOM_TRY(std::unique_ptr<TaskReader> tasks, open_tasks(trace, seed, rules));
  if (scale) tasks = std::make_unique<LoadedReader>(std::move(tasks), *scale);
  if (trace.as_llm) return llm_source(std::move(tasks), *trace.mix, seed, trace.tokens);
  return opaque_source(std::move(tasks));
}

/// What is skipped is noted for its reader alone: every run reads the trace for itself.
RowRules rules_of(const TraceWorkload& trace) {
  return {RowOrder::by_arrival, trace.skip_bad_rows ? std::make_shared<SkippedRows>() : nullptr};
}

}  // namespace

Result<std::unique_ptr<RunParts>> RunParts::make(const Scenario& scenario) {
  std::unique_ptr<RunParts> parts(new RunParts);
  HEADROOM_TRY(parts->engine_, make_engine(scenario.engine, scenario.overheads));
  parts->cost_ = make_cost(scenario.cost, scenario.engine);
  parts->plans_ = std::make_unique<PlanSpace>(scenario.cluster, *parts->engine_, *parts->cost_);
  return parts;
}

Result<std::optional<LoadScale>> load_scale_of(const Scenario& scenario) {
  const auto* trace = std::get_if<TraceWorkload>(&scenario.workload);
  if (trace == nullptr || !trace->load) return std::nullopt;
  HEADROOM_TRY(const std::unique_ptr<TaskReader> tasks,
               open_tasks(*trace, scenario.seed, rules_of(*trace)));
  HEADROOM_TRY(const LoadScale scale,
               find_load(*tasks, scenario.cluster.capacity_gpus(), *trace->load));
  return scale;
}

Result<std::optional<SkippedRows>> skipped_rows_of(const Scenario& scenario) {
  const auto* trace = std::get_if<TraceWorkload>(&scenario.workload);
  if (trace == nullptr || !trace->skip_bad_rows) return std::nullopt;
  const RowRules rules = rules_of(*trace);
  HEADROOM_TRY(const auto requests, open_trace(*trace, scenario.seed, std::nullopt, rules));
  while (true) {
    HEADROOM_TRY(const auto request, requests->next());
    if (!request) return *rules.skipped;
  }
}

Result<std::unique_ptr<RequestSource>> open_requests(const Scenario& scenario, std::uint64_t seed,
                                                     const std::optional<LoadScale>& scale) {
  if (const auto* trace = std::get_if<TraceWorkload>(&scenario.workload)) {
    return open_trace(*trace, seed, scale, rules_of(*trace));
  }
  if (const auto* generated = std::get_if<GeneratedWorkload>(&scenario.workload)) {
    GeneratorConfig config = generated->config;
    config.seed = seed;
    return make_generator(generated->mix, config);
  }
  if (const auto* made = std::get_if<TaskGeneratorWorkload>(&scenario.workload)) {
    return generated_requests(made->spec, made->as_llm ? &*made->mix : nullptr, made->tokens, seed);
  }
  return std::make_unique<ListSource>(std::get<ListedWorkload>(scenario.workload).requests);
}

}  // namespace headroom
