// Finds the lists, runs every policy on every order, and compares.

#include "sim/core/nearest.hpp"
#include "study/parallel.hpp"
#include "study/progress.hpp"
#include "study/reproduce/fgd/agreement.hpp"
#include "study/reproduce/fgd/own_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <span>
#include <system_error>

namespace headroom::fgd {
namespace {

namespace fs = std::filesystem;

const std::string kListPrefix = "openb_pod_list_";

struct List {
  std::string name;  // "openb_pod_list_default"
  std::vector<Pod> pods;
  TypicalPods typical;
};

// The runs of one list in one order.
struct Job {
  const List* list = nullptr;
  std::uint64_t seed = 0;
};

bool plain(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  });
}

// Names of the lists in a folder, without ".csv" and ".csv.gz".
Result<std::vector<std::string>> lists_in(const fs::path& folder) {
  std::error_code code;
  std::set<std::string> out;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    std::string name = entry->path().filename().string();
    if (name.ends_with(".gz")) name.resize(name.size() - 3);
    if (!name.starts_with(kListPrefix) || !name.ends_with(".csv") || !plain(name)) continue;
    name.resize(name.size() - 4);
    out.insert(std::move(name));
  }
  if (code) return fail("this folder cannot be read: " + code.message(), {folder.string()});
  if (out.empty()) {
    return fail("no pod list in this folder", {folder.string()},
                "lists are named openb_pod_list_NAME.csv or .csv.gz");
  }
  return std::vector<std::string>(out.begin(), out.end());
}

std::vector<std::uint64_t> published_seeds(const Published& published, const std::string& list) {
  std::set<std::uint64_t> out;
  for (const auto& [key, curves] : published) {
    if (std::get<0>(key) == list) out.insert(static_cast<std::uint64_t>(std::get<2>(key)));
  }
  return {out.begin(), out.end()};
}

std::vector<std::uint64_t> seeds_of(const Question& question, const Published& published,
                                    const std::string& list) {
  return question.seeds.empty() ? published_seeds(published, list) : question.seeds;
}

fs::path order_file(const Question& question, const std::string& list, std::uint64_t seed) {
  return question.orders / fmt::format("{}.seed{}.order", list, seed);
}

// Of all lists in the folder those that were published, and whose orders are there.
std::vector<std::string> complete_lists(const Question& question, const Published& published,
                                        const std::vector<std::string>& there,
                                        std::vector<std::string>& left_out) {
  std::vector<std::string> out;
  for (const std::string& list : there) {
    const auto seeds = seeds_of(question, published, list);
    const bool ordered =
        question.own_orders || std::all_of(seeds.begin(), seeds.end(), [&](std::uint64_t seed) {
          return plain_or_gzipped(order_file(question, list, seed)).has_value();
        });
    const bool complete = ordered && !published_seeds(published, list).empty();
    (complete ? out : left_out).push_back(list);
  }
  return out;
}

Result<std::vector<std::string>> chosen_lists(const Question& question, Report& report) {
  HEADROOM_TRY(const auto there, lists_in(question.pods));
  if (question.lists.empty()) {
    auto out = complete_lists(question, report.published, there, report.left_out);
    return out.empty() ? there : out;  // none at all: what is missing is told of the first
  }
  std::vector<std::string> out;
  for (const std::string& asked : question.lists) {
    const std::string name = asked.starts_with(kListPrefix) ? asked : kListPrefix + asked;
    if (std::find(there.begin(), there.end(), name) == there.end()) {
      return fail(fmt::format("there is no pod list '{}'", asked), {question.pods.string()},
                  suggest(name, there));
    }
    if (std::find(out.begin(), out.end(), name) != out.end()) {
      return fail(fmt::format("pod list '{}' is named twice", asked), {"--lists"});
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

Status run_job(const Job& job, std::span<const PaperPolicy* const> policies,
               const std::vector<OpenbNode>& nodes, const Question& question,
               std::vector<Run>& out) {
  const List& list = *job.list;
  HEADROOM_TRY(const Order order, order_of(question, list, nodes, job.seed));
  for (const PaperPolicy* policy : policies) {
    HEADROOM_TRY(auto run,
                 run_arrivals(policy->name, list.pods, nodes, list.typical, order, job.seed));
    out.push_back(
        {list.name, policy->name, job.seed, run.curves, run.arrived, run.placed, run.wall_seconds});
  }
  return {};
}

Status run_all(const std::vector<Job>& jobs, std::span<const PaperPolicy* const> policies,
               const std::vector<OpenbNode>& nodes, const Question& question,
               std::vector<Run>& out) {
  std::vector<Status> statuses(jobs.size());
  std::vector<std::vector<Run>> runs(jobs.size());
  Progress progress(question.progress, jobs.size());
  in_parallel(jobs.size(), question.jobs, [&](std::size_t i) {
    statuses[i] = run_job(jobs[i], policies, nodes, question, runs[i]);
    progress.job_done();
  });
  for (const Status& status : statuses) HEADROOM_CHECK(status);
  for (const auto& some : runs) out.insert(out.end(), some.begin(), some.end());
  return {};
}

Result<List> read_list(const Question& question, const std::string& name) {
  List list;
  list.name = name;
  HEADROOM_TRY(const auto file, plain_or_gzipped(question.pods / (name + ".csv")));
  HEADROOM_TRY(list.pods, read_pods(file));
  list.typical = typical_pods(list.pods);
  return list;
}

ListInfo info_of(const List& list) {
  const double percent =
      100.0 * static_cast<double>(list.typical.pods) / static_cast<double>(list.typical.all_pods);
  return {list.name, list.pods.size(), list.typical.kinds.size(), list.typical.all_kinds, percent};
}

Result<std::vector<OpenbNode>> gpu_nodes(const fs::path& file) {
  HEADROOM_TRY(auto nodes, read_openb_nodes(file));
  const bool any =
      std::any_of(nodes.begin(), nodes.end(), [](const OpenbNode& node) { return node.gpus > 0; });
  if (any) return nodes;
  return fail("no node of this list has a GPU", {file.string()});
}

}  // namespace

Result<Report> reproduce(const Question& question) {
  if (question.own_orders && question.seeds.size() == 1) {
    return fail("one run has no standard error", {"--seeds"},
                "orders of our own are compared as distributions: name two seeds or more");
  }
  Report report;
  report.own_orders = question.own_orders;
  HEADROOM_TRY(const auto nodes, gpu_nodes(question.nodes));
  HEADROOM_TRY(report.published, read_published(question.expected));
  HEADROOM_TRY(const auto names, chosen_lists(question, report));
  HEADROOM_TRY(const auto policies, chosen_policies(question));

  std::vector<List> lists(names.size());
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < names.size(); ++i) {
    HEADROOM_TRY(lists[i], read_list(question, names[i]));
    report.lists.push_back(info_of(lists[i]));
    const auto seeds = seeds_of(question, report.published, names[i]);
    if (seeds.empty()) {
      return fail(fmt::format("there is no published run on {}", names[i]),
                  {question.expected.string()});
    }
    for (const PaperPolicy* policy : policies) {
      HEADROOM_CHECK(check_published(question, names[i], *policy, report.published, seeds));
    }
    for (const std::uint64_t seed : seeds) jobs.push_back({&lists[i], seed});
  }
  HEADROOM_CHECK(run_all(jobs, policies, nodes, question, report.runs));
  for (const std::string& name : names) {
    for (const PaperPolicy* policy : policies) {
      report.agreements.push_back(
          compare(*policy, name, report.runs, report.published, question.own_orders));
    }
  }
  return report;
}

}  // namespace headroom::fgd
