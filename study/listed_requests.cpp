#include "study/listed_requests.hpp"

#include "study/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace headroom {
namespace {

constexpr std::int64_t kMaxTokens = 100'000'000;
constexpr std::int64_t kMaxSequences = 1'000'000;
constexpr std::size_t kMaxNameBytes = 200;  // names stand in tables

template <class T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::string read_name(const ConfigTable& entry) {
  std::string name = entry.text("name");
  if (!entry.status()) return name;
  if (name.empty()) entry.reject("name", "'name' is empty: every request needs a name");
  if (name.size() > kMaxNameBytes) {
    entry.reject("name", fmt::format("this name has {} bytes, but may have {}: '{}...'",
                                     name.size(), kMaxNameBytes, name.substr(0, 40)));
  }
  if (std::any_of(name.begin(), name.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
    entry.reject("name", "this name has a control character in it", "names stand in tables");
  }
  return name;
}

Result<std::shared_ptr<const Model>> read_model(const ConfigTable& entry,
                                                const std::filesystem::path& base) {
  if (entry.has("model") == entry.has("config")) {
    return fail(
        "a deployment takes either 'model' (a name of the catalogue) or 'config' (the path "
        "of a config.json)",
        entry.place());
  }
  if (entry.has("config")) {
    HEADROOM_TRY(const auto file, path_at(entry, "config", base));
    HEADROOM_TRY(Model model, read_model_config(file));
    return std::make_shared<const Model>(std::move(model));
  }
  const std::string name = entry.text("model");
  HEADROOM_CHECK(entry.status());
  auto model = find_model(name);
  if (!model) return fail(model.error().message, entry.place("model"), model.error().hint);
  return *model;
}

Result<LlmDeployment> read_deployment(const ConfigTable& entry, const std::filesystem::path& base) {
  LlmDeployment llm;
  HEADROOM_TRY(llm.model, read_model(entry, base));
  ServingLimits& limits = llm.limits;
  limits.context = entry.integer_or("context", {1, kMaxTokens}, limits.context);
  limits.sequences = entry.integer_or("sequences", {1, kMaxSequences}, limits.sequences);
  limits.batched_tokens =
      entry.integer_or("batched_tokens", {1, kMaxTokens}, limits.batched_tokens);
  limits.utilisation_ppm = static_cast<std::int64_t>(
      std::llround(entry.number_or("utilisation", {0.01, 1.0}, 0.92) * 1e6));
  llm.shared = entry.flag_or("shared", false);
  for (const auto tp : entry.integers_or("allowed_tp", {1, 1024}, {})) {
    llm.allowed_tp.push_back(static_cast<int>(tp));
  }
  sort_unique(llm.allowed_tp);
  auto degradations =
      parse_degradations(entry.texts_or("degradations", {}), *llm.model, llm.limits);
  if (!degradations) {
    return fail(degradations.error().message, entry.place("degradations"),
                degradations.error().hint);
  }
  llm.degradations = std::move(*degradations);
  return llm;
}

OpaqueTask read_task(const ConfigTable& entry) {
  OpaqueTask task;
  task.gpus = static_cast<int>(entry.integer_or("gpus", {0, 100'000}, 0));
  task.milli = static_cast<int>(entry.integer_or("gpu_milli", {1, 1000}, 1000));
  if (task.milli < 1000 && task.gpus != 1) {
    entry.reject("gpu_milli", "a share of a GPU ('gpu_milli' below 1000) needs gpus = 1");
  }
  return task;
}

void add_replicas(const ConfigTable& entry, const Request& request, std::set<std::string>& names,
                  std::vector<Request>& out) {
  const auto replicas = entry.integer_or("replicas", {1, 100'000}, 1);
  const auto add = [&](Request one) {
    if (!names.insert(one.name).second) {
      entry.reject("name", fmt::format("two requests are named '{}'", one.name));
    }
    out.push_back(std::move(one));
  };
  if (replicas == 1) {
    add(request);
    return;
  }
  for (std::int64_t i = 1; i <= replicas; ++i) {
    Request replica = request;
    replica.name = fmt::format("{}/{}", request.name, i);
    replica.group = request.name;
    replica.group_size = static_cast<int>(replicas);
    add(std::move(replica));
  }
}

}  // namespace

Result<std::vector<Request>> read_listed_requests(const ConfigTable& config,
                                                  const std::filesystem::path& base) {
  std::vector<Request> out;
  std::set<std::string> names;
  for (const auto& entry : config.tables("request")) {
    Request request;
    request.name = read_name(entry);
    request.arrival = SimTime(entry.seconds_or("arrival_s", Duration(0)));
    request.lifetime = entry.seconds_or("lifetime_s", std::chrono::hours(1));
    if (entry.has("declared_s")) request.declared = entry.seconds_or("declared_s", Duration(0));
    request.priority =
        static_cast<int>(entry.integer_or("priority", {-kMostPriority, kMostPriority}, 0));
    request.tenant = entry.text_or("tenant", "");
    if (entry.has("model") || entry.has("config")) {
      HEADROOM_TRY(request.shape.what, read_deployment(entry, base));
    } else {
      request.shape.what = read_task(entry);
    }
    request.shape.cpu_milli = 1000 * entry.integer_or("cpus", {0, 1'000'000}, 0);
    request.shape.ram = entry.bytes_or("ram", 0);
    request.shape.allowed_gpus = entry.texts_or("gpu_types", {});
    sort_unique(request.shape.allowed_gpus);
    HEADROOM_CHECK(config.status());
    add_replicas(entry, request, names, out);
  }
  HEADROOM_CHECK(config.status());
  std::stable_sort(out.begin(), out.end(),
                   [](const Request& a, const Request& b) { return a.arrival < b.arrival; });
  return out;
}

}  // namespace headroom
