#include "study/study.hpp"

#include "policies/registry.hpp"
#include "sim/core/assert.hpp"
#include "sim/observe/series.hpp"
#include "study/decision_log.hpp"
#include "study/differences.hpp"
#include "study/expectation_check.hpp"
#include "study/parallel.hpp"
#include "study/progress.hpp"
#include "study/run_folder.hpp"
#include "study/run_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <mutex>

namespace headroom {
namespace {

// One policy with one seed: what it takes to run it, while it runs.
struct Job {
  std::string policy;
  std::uint64_t seed = 0;
  SimulationOptions simulation;
  std::filesystem::path state_file;  // empty: none is written
  std::unique_ptr<RunParts> parts;
  std::unique_ptr<Placer> placer;
  std::unique_ptr<Placer> base_placer;
  std::unique_ptr<QueueDiscipline> queue;
  std::unique_ptr<RequestSource> requests;
  std::unique_ptr<DecisionLog> decisions;
  std::unique_ptr<Series> series;
};

// What is left of it.
struct Finished {
  std::string policy;
  std::uint64_t seed = 0;
  RunResult result;
  std::vector<std::string> failed_expectations;
  bool ended_before_dump = false;
  Status status;
};

Result<std::unique_ptr<Placer>> make_placer(const Scenario& scenario, const std::string& name,
                                            PlanSpace& plans, std::uint64_t seed) {
  HEADROOM_TRY(const PolicyInfo* policy, find_policy(name));
  const ConfigTable options = scenario.config->table("policy").table(name);
  return policy->make(PlacerContext{scenario.cluster, plans, seed}, options);
}

Result<std::unique_ptr<Job>> make_job(const Scenario& scenario, const StudyOptions& options,
                                      const std::string& policy, std::uint64_t seed,
                                      const std::optional<LoadScale>& scale, bool one_seed) {
  auto job = std::make_unique<Job>();
  job->policy = policy;
  job->seed = seed;
  job->simulation = scenario.simulation;
  job->simulation.dynamics.seed = seed;
  job->simulation.dump_at = options.dump_at;
  if (options.from) job->simulation.from = &options.from->run;
  HEADROOM_TRY(job->parts, RunParts::make(scenario));
  HEADROOM_TRY(job->placer, make_placer(scenario, policy, job->parts->plans(), seed));
  HEADROOM_TRY(job->base_placer,
               make_placer(scenario, scenario.base_placer, job->parts->plans(), seed));
  HEADROOM_TRY(job->queue, make_queue_discipline(scenario.queue, scenario.queue_options));
  HEADROOM_TRY(job->requests, open_requests(scenario, seed, scale));
  if (options.folder) {
    const std::string suffix = one_seed ? policy : fmt::format("{}-seed{}", policy, seed);
    HEADROOM_TRY(job->series,
                 Series::open(*options.folder / kSeriesFile.of(suffix), scenario.series_interval));
    if (options.dump_at) job->state_file = *options.folder / kStateFile.of(suffix);
    if (options.decision_log) {
      HEADROOM_TRY(job->decisions, DecisionLog::open(*options.folder / kDecisionsFile.of(suffix),
                                                     scenario.cluster));
    }
  }
  return job;
}

Status write_state(const Scenario& scenario, const Job& job, const RunState& state) {
  std::ofstream out(job.state_file, std::ios::binary);
  out << state_json({scenario.name, job.policy, job.seed, state}, scenario.cluster);
  out.close();
  if (!out) return fail("writing this file failed: is the disk full?", {job.state_file.string()});
  return {};
}

Status run_job(const Scenario& scenario, Job& job, Finished& out, Progress& progress) {
  const auto begin = std::chrono::steady_clock::now();
  const ClusterDynamics& dynamics = scenario.simulation.dynamics;
  Metrics metrics(scenario.cluster, job.parts->plans(), scenario.window,
                  {dynamics.nodes_change(), dynamics.disk.has_value()});
  out.result.outcomes = OutcomeLog(scenario.window);
  ExpectationCheck expectations(scenario, job.policy);
  ProgressObserver counter(progress);
  std::vector<Observer*> observers = {&metrics, &out.result.outcomes, &expectations, &counter};
  if (job.series) observers.push_back(job.series.get());
  if (job.decisions) observers.push_back(job.decisions.get());
  Simulation simulation({scenario.cluster, job.parts->plans(), *job.placer, *job.base_placer,
                         *job.queue, *job.requests, observers},
                        job.simulation);
  HEADROOM_CHECK(simulation.run());
  if (const auto& state = simulation.state(); !job.state_file.empty() && state) {
    HEADROOM_CHECK(write_state(scenario, job, *state));
  }
  out.ended_before_dump = !job.state_file.empty() && !simulation.state();
  if (job.series) HEADROOM_CHECK(job.series->close());
  if (job.decisions) HEADROOM_CHECK(job.decisions->close());

  out.result.policy = job.policy;
  out.result.seed = job.seed;
  out.result.values = metrics.values();
  out.result.refused_by_rule = metrics.refused_by_rule();
  out.result.events = simulation.events();
  out.failed_expectations = expectations.failures();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  out.result.wall_seconds = took.count();
  return {};
}

void run_all(const Scenario& scenario, const StudyOptions& options,
             const std::optional<LoadScale>& scale, bool one_seed, std::vector<Finished>& runs) {
  Progress progress(options.progress, runs.size());
  std::mutex building;  // options are read from one document, which is not made for two threads
  const auto run_one = [&](Finished& run) -> Status {
    std::unique_ptr<Job> job;  // its files are open only while it runs
    {
      const std::lock_guard lock(building);
      HEADROOM_TRY(job, make_job(scenario, options, run.policy, run.seed, scale, one_seed));
    }
    return run_job(scenario, *job, run, progress);
  };
  in_parallel(runs.size(), options.jobs, [&](std::size_t i) {
    runs[i].status = run_one(runs[i]);
    progress.job_done();
  });
}

std::vector<Summary> summarise(const std::vector<RunResult>& runs, std::size_t seeds) {
  std::vector<Summary> out;
  for (std::size_t first = 0; first < runs.size(); first += seeds) {
    for (std::size_t metric = 0; metric < runs[first].values.size(); ++metric) {
      std::vector<double> values;
      for (std::size_t i = 0; i < seeds; ++i) {
        values.push_back(runs[first + i].values[metric].value);
      }
      const auto [mean, half_width] = mean_and_half_width(values);
      MetricValue value = runs[first].values[metric];
      value.value = mean;
      out.push_back({runs[first].policy, std::move(value), half_width});
    }
  }
  return out;
}

Status add_differences(const Scenario& scenario, StudyResult& result) {
  std::vector<const RunResult*> first_seed;
  for (const auto& run : result.runs) {
    if (run.seed == result.seeds.front()) first_seed.push_back(&run);
  }
  HEADROOM_TRY(const auto requests,
               open_requests(scenario, result.seeds.front(), result.load_scale));
  HEADROOM_TRY(DifferenceTable table, compare_outcomes(first_seed, *requests));
  result.differences = std::move(table.rows);
  result.compared = table.compared;
  result.ended_differently = table.ended_differently;
  return {};
}

}  // namespace

Status run_policy(const Scenario& scenario, const std::string& policy, Observer& observer) {
  HEADROOM_TRY(const auto scale, load_scale_of(scenario));
  HEADROOM_TRY(const auto job, make_job(scenario, {}, policy, scenario.seed, scale, true));
  Simulation simulation({scenario.cluster,
                         job->parts->plans(),
                         *job->placer,
                         *job->base_placer,
                         *job->queue,
                         *job->requests,
                         {&observer}},
                        job->simulation);
  return simulation.run();
}

Result<StudyResult> run_study(const Scenario& scenario, const StudyOptions& options) {
  StudyResult result;
  result.seeds = options.seeds.empty() ? std::vector{scenario.seed} : options.seeds;
  if (options.from) result.from_s = to_seconds(options.from->run.at);
  HEADROOM_TRY(result.load_scale, load_scale_of(scenario));

  const bool one_seed = result.seeds.size() == 1;
  std::vector<Finished> runs;
  for (const auto& policy : scenario.policies) {
    for (const std::uint64_t seed : result.seeds) {
      runs.emplace_back();
      runs.back().policy = policy;
      runs.back().seed = seed;
    }
  }
  run_all(scenario, options, result.load_scale, one_seed, runs);
  for (auto& run : runs) {
    HEADROOM_CHECK(run.status);
    if (run.ended_before_dump) {
      result.ended_before_dump.push_back(fmt::format("{}, seed {}", run.policy, run.seed));
    }
    result.runs.push_back(std::move(run.result));
    result.failed_expectations.insert(result.failed_expectations.end(),
                                      run.failed_expectations.begin(),
                                      run.failed_expectations.end());
  }
  if (options.dump_at && result.ended_before_dump.size() == runs.size()) {
    return fail(fmt::format("every run ended before {} s: there is no state to write",
                            seconds_text(*options.dump_at)),
                {"--dump-state"});
  }
  result.summary = summarise(result.runs, result.seeds.size());
  HEADROOM_CHECK(add_differences(scenario, result));
  HEADROOM_TRY(result.skipped_rows, skipped_rows_of(scenario));
  return result;
}

}  // namespace headroom
