// Finds the lists, runs every policy on every order, and compares.

#include "sim/core/nearest.hpp"
#include "study/progress.hpp"
#include "study/reproduce/fgd/agreement.hpp"
#include "study/reproduce/fgd/own_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <system_error>
#include <thread>

namespace headroom::fgd {
namespace {

namespace fs = std::filesystem;

const std::string kListPrefix = "openb_pod_list_";

struct List {
  std::string name;  // "openb_pod_list_default"
  std::vector<Pod> pods;
  TypicalPods typical;
};

struct Job {
  const List* list = nullptr;
  const PaperPolicy* policy = nullptr;
  std::uint64_t seed = 0;
  const Order* order = nullptr;
};

using Orders = std::map<std::pair<std::string, std::uint64_t>, Order>;

// Names of the lists in a folder, without ".csv" and ".csv.gz".
Result<std::vector<std::string>> lists_in(const fs::path& folder) {
  std::error_code code;
  std::set<std::string> out;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    std::string name = entry->path().filename().string();
    for (const char* ending : {".gz", ".csv"}) {
      if (name.ends_with(ending)) name.resize(name.size() - std::string_view(ending).size());
    }
    if (name.starts_with(kListPrefix) && name != entry->path().filename()) out.insert(name);
  }
  if (code) return fail("this folder cannot be read: " + code.message(), {folder.string()});
  if (out.empty()) {
    return fail("no pod list in this folder", {folder.string()},
                "lists are named openb_pod_list_NAME.csv or .csv.gz");
  }
  return std::vector<std::string>(out.begin(), out.end());
}

Result<std::vector<std::string>> chosen_lists(const Question& question) {
  HEADROOM_TRY(const auto there, lists_in(question.pods));
  if (question.lists.empty()) return there;
  std::vector<std::string> out;
  for (const std::string& asked : question.lists) {
    const std::string name = asked.starts_with(kListPrefix) ? asked : kListPrefix + asked;
    if (std::find(there.begin(), there.end(), name) == there.end()) {
      return fail(fmt::format("there is no pod list '{}'", asked), {question.pods.string()},
                  suggest(name, there));
    }
    out.push_back(name);
  }
  return out;
}

Result<std::vector<const PaperPolicy*>> chosen_policies(const Question& question) {
  std::vector<const PaperPolicy*> out;
  std::vector<std::string> names;
  for (const PaperPolicy& policy : paper_policies()) {
    names.push_back(policy.name);
    const auto& asked = question.policies;
    const bool wanted =
        asked.empty() || std::find(asked.begin(), asked.end(), policy.name) != asked.end();
    if (wanted) out.push_back(&policy);
  }
  for (const std::string& asked : question.policies) {
    if (std::find(names.begin(), names.end(), asked) != names.end()) continue;
    return fail(fmt::format("'{}' is not a policy of the published table", asked), {},
                suggest(asked, names));
  }
  return out;
}

std::vector<std::uint64_t> published_seeds(const Published& published, const std::string& list) {
  std::set<std::uint64_t> out;
  for (const auto& [key, curves] : published) {
    if (std::get<0>(key) == list) out.insert(static_cast<std::uint64_t>(std::get<2>(key)));
  }
  return {out.begin(), out.end()};
}

Result<Order> order_of(const Question& question, const List& list,
                       const std::vector<OpenbNode>& nodes, std::uint64_t seed) {
  if (question.own_orders) return draw_order(list.pods, nodes, seed);
  HEADROOM_TRY(const auto file,
               plain_or_gzipped(question.orders / fmt::format("{}.seed{}.order", list.name, seed)));
  return read_order(file, list.pods, nodes);
}

Status check_published(const Question& question, const std::string& list, const PaperPolicy& policy,
                       const Published& published, const std::vector<std::uint64_t>& seeds) {
  for (const std::uint64_t seed : seeds) {
    const bool each = !question.own_orders && !policy.drawn;
    const bool there = std::any_of(published.begin(), published.end(), [&](const auto& entry) {
      const auto& [of_list, of_policy, of_seed] = entry.first;
      return of_list == list && of_policy == policy.published &&
             (!each || static_cast<std::uint64_t>(of_seed) == seed);
    });
    if (there) continue;
    return fail(fmt::format("there is no published run of {} on {}{}", policy.published, list,
                            each ? fmt::format(" with seed {}", seed) : ""),
                {question.expected.string()});
  }
  return {};
}

Status run_all(const std::vector<Job>& jobs, const std::vector<OpenbNode>& nodes,
               const Question& question, std::vector<Run>& out) {
  out.resize(jobs.size());
  std::vector<Status> statuses(jobs.size());
  std::atomic<std::size_t> next{0};
  Progress progress(question.progress, jobs.size());
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      const Job& job = jobs[i];
      auto run = run_arrivals(job.policy->name, job.list->pods, nodes, job.list->typical,
                              *job.order, job.seed);
      if (run) {
        out[i] = {job.list->name, job.policy->name, job.seed,         run->curves,
                  run->arrived,   run->placed,      run->wall_seconds};
      } else {
        statuses[i] = tl::unexpected(run.error());
      }
      progress.job_done();
    }
  };
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t wanted = question.jobs > 0 ? static_cast<std::size_t>(question.jobs) : cores;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(wanted, jobs.size()); ++i) threads.emplace_back(work);
    work();
  }
  for (const Status& status : statuses) HEADROOM_CHECK(status);
  return {};
}

}  // namespace

Result<Report> reproduce(const Question& question) {
  Report report;
  report.own_orders = question.own_orders;
  HEADROOM_TRY(const auto nodes, read_openb_nodes(question.nodes));
  HEADROOM_TRY(report.published, read_published(question.expected));
  HEADROOM_TRY(const auto names, chosen_lists(question));
  HEADROOM_TRY(const auto policies, chosen_policies(question));

  std::vector<List> lists(names.size());
  Orders orders;
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < names.size(); ++i) {
    List& list = lists[i];
    list.name = names[i];
    HEADROOM_TRY(const auto file, plain_or_gzipped(question.pods / (list.name + ".csv")));
    HEADROOM_TRY(list.pods, read_pods(file));
    list.typical = typical_pods(list.pods);
    const double percent =
        100.0 * static_cast<double>(list.typical.pods) / static_cast<double>(list.typical.all_pods);
    report.lists.push_back(
        {list.name, list.pods.size(), list.typical.kinds.size(), list.typical.all_kinds, percent});
    const auto seeds =
        question.seeds.empty() ? published_seeds(report.published, list.name) : question.seeds;
    if (seeds.empty()) {
      return fail(fmt::format("there is no published run on {}", list.name),
                  {question.expected.string()});
    }
    for (const std::uint64_t seed : seeds) {
      HEADROOM_TRY(orders[std::pair(list.name, seed)], order_of(question, list, nodes, seed));
    }
    for (const PaperPolicy* policy : policies) {
      HEADROOM_CHECK(check_published(question, list.name, *policy, report.published, seeds));
      for (const std::uint64_t seed : seeds) {
        jobs.push_back({&list, policy, seed, &orders.at({list.name, seed})});
      }
    }
  }
  HEADROOM_CHECK(run_all(jobs, nodes, question, report.runs));
  for (const std::string& name : names) {
    for (const PaperPolicy* policy : policies) {
      report.agreements.push_back(
          compare(*policy, name, report.runs, report.published, question.own_orders));
    }
  }
  return report;
}

}  // namespace headroom::fgd
