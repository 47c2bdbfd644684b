#include "traces/formats.hpp"

#include "sim/core/nearest.hpp"
#include "traces/crux.hpp"
#include "traces/csv.hpp"
#include "traces/dlrm.hpp"
#include "traces/elasticflow.hpp"
#include "traces/itp.hpp"
#include "traces/lifetimes.hpp"
#include "traces/line_reader.hpp"
#include "traces/llm_mapping.hpp"
#include "traces/muri.hpp"
#include "traces/native.hpp"
#include "traces/openb_nodes.hpp"
#include "traces/openb_pods.hpp"
#include "traces/philly.hpp"
#include "traces/pollux.hpp"
#include "traces/swf.hpp"
#include "traces/task_csv.hpp"
#include "traces/tiresias.hpp"
#include "traces/token_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace headroom {
namespace {

bool is_object(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && line[first] == '{';
}

template <std::span<const std::string> (*Columns)()>
bool has(std::string_view line) {
  return has_columns(line, Columns());
}

// A format whose columns include another's stands before it.
const std::array<TaskFormat, 12>& formats() {
  static const std::array<TaskFormat, 12> all{{
      {"native", "headroom's own JSON Lines: deployments and tasks", is_object, open_native_tasks,
       false, open_native},
      {"csv", "headroom's own columns of tasks (CSV)", has<task_csv_columns>, open_task_csv},
      {"openb-pods", "pods of Alibaba's GPU-sharing cluster, 2023 (CSV)", has<openb_pod_columns>,
       open_openb_pods},
      {"itp", "jobs of Microsoft's ITP training clusters, 2021 (CSV)", has<itp_columns>, open_itp},
      {"philly", "jobs of Microsoft's Philly cluster, 2017, as converted for Pollux (CSV)",
       has<philly_columns>, open_philly, true},
      {"crux", "jobs of Alibaba's Lingjun cluster, 2023, and others in RFold's columns (CSV)",
       has<crux_columns>, open_crux},
      {"dlrm", "instances of Alibaba's recommendation services, 2025 (CSV)", has<dlrm_columns>,
       open_dlrm},
      {"muri", "jobs of the Muri scheduler's traces, in milliseconds (CSV)", has<muri_columns>,
       open_muri},
      {"elasticflow", "jobs of the ElasticFlow scheduler's samples (CSV)", has<elasticflow_columns>,
       open_elasticflow},
      {"tiresias", "jobs of the Tiresias simulator's examples (CSV)", has<tiresias_columns>,
       open_tiresias},
      {"pollux", "jobs of the Pollux scheduler's workloads, without durations (CSV)",
       has<pollux_columns>, open_pollux},
      {"swf", "the Standard Workload Format: a processor is a GPU", looks_like_swf, open_swf},
  }};
  return all;
}

std::vector<std::string> all_names() {
  std::vector<std::string> names(task_format_names().begin(), task_format_names().end());
  for (const TokenFormat& format : token_formats()) names.push_back(format.name);
  return names;
}

Result<AnyFormat> guess_any(const std::filesystem::path& file) {
  HEADROOM_TRY(auto lines, LineReader::open(file));
  HEADROOM_TRY(const auto line, lines.next_nonblank());
  if (!line) return fail("this file is empty: there is no trace in it", {file.string()});
  if (const TokenFormat* tokens = recognise_token_format(*line)) return AnyFormat{nullptr, tokens};
  for (const TaskFormat& format : formats()) {
    if (format.recognises(*line)) return AnyFormat{&format, nullptr};
  }
  if (has_columns(*line, openb_node_columns())) {
    return fail("this is an openb node list, not a trace", lines.place(),
                "give it as the cluster instead");
  }
  return fail(
      fmt::format("the first line, '{}', is of no trace format",
                  line->substr(0, std::min<std::size_t>(line->size(), 80))),
      lines.place(),
      fmt::format("known: {}; name one if the guess is wrong", fmt::join(all_names(), ", ")));
}

}  // namespace

std::span<const TaskFormat> task_formats() { return formats(); }

std::span<const std::string> task_format_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const TaskFormat& format : formats()) out.push_back(format.name);
    return out;
  }();
  return names;
}

Result<const TaskFormat*> find_task_format(std::string_view name) {
  for (const TaskFormat& format : formats()) {
    if (format.name == name) return &format;
  }
  if (find_token_format(name) != nullptr) {
    return fail(fmt::format("'{}' is a format of requests to a model, not of tasks", name), {},
                fmt::format("formats of tasks: {}", fmt::join(task_format_names(), ", ")));
  }
  return fail(fmt::format("there is no trace format '{}'", name), {},
              suggest(name, task_format_names()));
}

Result<std::unique_ptr<RequestSource>> open_requests(const TaskFormat& format,
                                                     const std::filesystem::path& file,
                                                     const RowRules& rules) {
  if (format.open_requests != nullptr) return format.open_requests(file, rules);
  HEADROOM_TRY(auto tasks, format.open_tasks(file, rules));
  return opaque_source(with_lifetimes(std::move(tasks), std::nullopt, 0, rules));
}

Result<std::string> guess_format(const std::filesystem::path& file) {
  HEADROOM_TRY(const AnyFormat format, guess_any(file));
  if (format.tasks != nullptr) return format.tasks->name;
  return fail(
      fmt::format("this is a '{}' trace of requests to a model, not of tasks", format.tokens->name),
      {file.string(), 1, 0}, "a run places tasks and deployments");
}

Result<AnyFormat> any_format(std::string_view name, const std::filesystem::path& file) {
  if (name.empty()) return guess_any(file);
  if (const TokenFormat* tokens = find_token_format(name)) return AnyFormat{nullptr, tokens};
  const auto tasks = find_task_format(name);
  if (tasks) return AnyFormat{*tasks, nullptr};
  return fail(tasks.error().message, {"--format"}, suggest(name, all_names()));
}

}  // namespace headroom
