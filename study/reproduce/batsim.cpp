#include "study/reproduce/batsim.hpp"

#include "sim/core/int128.hpp"
#include "sim/observe/observer.hpp"
#include "study/flat_pool.hpp"
#include "study/study.hpp"
#include "traces/csv.hpp"
#include "traces/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace headroom {
namespace {

const std::array<std::string, 6> kColumns{
    "job_id",         "submission_time", "requested_number_of_resources",
    "requested_time", "execution_time",  "starting_time"};

Result<BatsimJob> read_job(const CsvReader& rows) {
  const auto at = [&](std::size_t i) { return rows.column(kColumns[i]); };
  BatsimJob job;
  HEADROOM_TRY(job.name, rows.name(at(0)));
  HEADROOM_TRY(const Duration arrival, rows.seconds(at(1)));
  HEADROOM_TRY(job.machines, rows.integer(at(2), {1, kMaxTaskGpus}));
  HEADROOM_TRY(job.declared, rows.seconds(at(3)));
  HEADROOM_TRY(job.lasts, rows.seconds(at(4)));
  HEADROOM_TRY(const Duration starts, rows.seconds(at(5)));
  job.arrival = SimTime(arrival);
  job.starts = SimTime(starts);
  if (job.lasts > job.declared) {
    return fail(
        fmt::format("job '{}' ran for {} s, longer than the {} s it asked for",
                    job.name.substr(0, 60), seconds_text(job.lasts), seconds_text(job.declared)),
        rows.place(at(4)), "jobs that end by themselves can be compared");
  }
  return job;
}

Request request_of(const BatsimJob& job) {
  Request request;
  request.name = job.name;
  request.arrival = job.arrival;
  request.lifetime = job.lasts;
  request.declared = job.declared;
  request.shape.what = OpaqueTask{static_cast<int>(job.machines), kWholeGpu};
  return request;
}

/// When each was placed.
class Starts final : public Observer {
 public:
  void submitted(SimTime, RequestId id, const Request& request, const InternedShape&) override {
    names_[id] = request.name;
  }
  void placed(SimTime now, const Placement& placement) override {
    starts_[names_.at(placement.request)] = now;
  }
  [[nodiscard]] SimTime of(const std::string& name) const { return starts_.at(name); }

 private:
  std::map<RequestId, std::string> names_;
  std::map<std::string, SimTime> starts_;
};

Result<Starts> run_queue(const std::vector<BatsimJob>& jobs, const std::string& queue,
                         std::int64_t machines, bool reserve_machines) {
  std::vector<Request> requests;
  requests.reserve(jobs.size());
  for (const BatsimJob& job : jobs) requests.push_back(request_of(job));
  HEADROOM_TRY(Scenario scenario, flat_pool_of(machines, std::move(requests)));
  scenario.queue = queue;
  scenario.queue_options.reserve_machines = reserve_machines;
  scenario.simulation.exact_durations = false;
  Starts starts;
  HEADROOM_CHECK(run_policy(scenario, scenario.policies.front(), starts));
  return starts;
}

template <class StartOf>
Duration mean_wait(const std::vector<BatsimJob>& jobs, const StartOf& start_of) {
  Int128 sum = 0;
  for (const BatsimJob& job : jobs) sum += (start_of(job) - job.arrival).count();
  return Duration(static_cast<std::int64_t>(sum / std::ssize(jobs)));
}

}  // namespace

Result<std::vector<BatsimJob>> read_batsim_jobs(const std::filesystem::path& file) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "Batsim's jobs", kColumns));
  std::vector<BatsimJob> jobs;
  while (true) {
    HEADROOM_TRY(const bool more, rows.next());
    if (!more) break;
    HEADROOM_TRY(BatsimJob job, read_job(rows));
    jobs.push_back(std::move(job));
  }
  if (jobs.empty()) return fail("there is no job in this file", {file.string()});
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const BatsimJob& a, const BatsimJob& b) { return a.arrival < b.arrival; });
  std::vector<std::string> names;
  names.reserve(jobs.size());
  for (const BatsimJob& job : jobs) names.push_back(job.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return jobs;
  return fail(fmt::format("two jobs are named '{}'", twice->substr(0, 60)), {file.string()});
}

std::size_t BatsimReport::unexplained() const {
  std::size_t out = 0;
  for (const auto* list : {&reserving_machines, &counting_gpus}) {
    out += static_cast<std::size_t>(std::count_if(
        list->begin(), list->end(), [](const BatsimDifference& each) { return each.why.empty(); }));
  }
  return out;
}

Result<BatsimReport> reproduce_batsim(const std::filesystem::path& file, const std::string& queue,
                                      std::int64_t machines) {
  HEADROOM_CHECK(make_queue_discipline(queue, {.reserve_machines = true}));
  HEADROOM_TRY(const auto jobs, read_batsim_jobs(file));
  for (const BatsimJob& job : jobs) {
    if (job.machines <= machines) continue;
    return fail(fmt::format("job '{}' needs {} machines, but there are {}", job.name.substr(0, 60),
                            job.machines, machines),
                {file.string()}, "say how many there were with --machines");
  }
  HEADROOM_TRY(const Starts by_machines, run_queue(jobs, queue, machines, true));
  HEADROOM_TRY(const Starts by_gpus, run_queue(jobs, queue, machines, false));
  BatsimReport report{queue, machines, jobs.size(), {}, {}, {}, {}, {}};
  report.mean_wait = mean_wait(jobs, [](const BatsimJob& job) { return job.starts; });
  report.mean_wait_machines =
      mean_wait(jobs, [&](const BatsimJob& job) { return by_machines.of(job.name); });
  report.mean_wait_gpus =
      mean_wait(jobs, [&](const BatsimJob& job) { return by_gpus.of(job.name); });
  for (const BatsimJob& job : jobs) {
    const SimTime reserving = by_machines.of(job.name);
    const SimTime counting = by_gpus.of(job.name);
    if (reserving != job.starts) {
      report.reserving_machines.push_back({job.name, job.starts, reserving, {}});
    }
    if (counting == job.starts) continue;
    // The rule alone was changed: where it gives Batsim's start, it is what makes the difference.
    report.counting_gpus.push_back(
        {job.name, job.starts, counting, reserving == job.starts ? "reserves machines" : ""});
  }
  return report;
}

}  // namespace headroom
