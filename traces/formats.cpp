#include "traces/formats.hpp"

#include "sim/core/nearest.hpp"
#include "traces/csv.hpp"
#include "traces/itp.hpp"
#include "traces/line_reader.hpp"
#include "traces/llm_mapping.hpp"
#include "traces/native.hpp"
#include "traces/openb_nodes.hpp"
#include "traces/openb_pods.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace headroom {
namespace {

bool has_columns(std::string_view header, std::span<const std::string> wanted) {
  std::vector<CsvField> fields;
  if (!split_csv(header, {}, fields)) return false;
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const CsvField& field) { return field.text == name; });
  });
}

bool is_object(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && line[first] == '{';
}

template <Result<std::unique_ptr<TaskReader>> (*Open)(const std::filesystem::path&)>
Result<std::unique_ptr<RequestSource>> as_opaque(const std::filesystem::path& file) {
  HEADROOM_TRY(auto tasks, Open(file));
  return opaque_source(std::move(tasks));
}

const std::array<TaskFormat, 3>& formats() {
  static const std::array<TaskFormat, 3> all{{
      {"native", "headroom's own JSON Lines: deployments and tasks", is_object, open_native_tasks,
       open_native},
      {"openb-pods", "pods of Alibaba's GPU-sharing cluster, 2023 (CSV)",
       [](std::string_view line) { return has_columns(line, openb_pod_columns()); },
       open_openb_pods, as_opaque<open_openb_pods>},
      {"itp", "jobs of Microsoft's ITP training clusters, 2021 (CSV)",
       [](std::string_view line) { return has_columns(line, itp_columns()); }, open_itp,
       as_opaque<open_itp>},
  }};
  return all;
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
  return fail(fmt::format("there is no trace format '{}'", name), {},
              suggest(name, task_format_names()));
}

Result<std::string> guess_format(const std::filesystem::path& file) {
  HEADROOM_TRY(auto lines, LineReader::open(file));
  HEADROOM_TRY(const auto line, lines.next_nonblank());
  if (!line) return fail("this file is empty: there is no trace in it", {file.string()});
  for (const TaskFormat& format : formats()) {
    if (format.recognises(*line)) return format.name;
  }
  if (has_columns(*line, openb_node_columns())) {
    return fail("this is an openb node list, not a trace", lines.place(),
                "give it as the cluster instead");
  }
  return fail(fmt::format("the first line, '{}', is of no trace format",
                          line->substr(0, std::min<std::size_t>(line->size(), 80))),
              lines.place(),
              fmt::format("known: {}; name one if the guess is wrong",
                          fmt::join(task_format_names(), ", ")));
}

}  // namespace headroom
