#include "study/listed_requests.hpp"

#include "study/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace headroom {
namespace {

constexpr std::int64_t kMaxTokens = 100'000'000;

Result<std::shared_ptr<const Model>> read_model(const ConfigTable& entry,
                                                const std::filesystem::path& base) {
  if (entry.has("model") == entry.has("config")) {
    return fail(
        "a deployment takes either 'model' (a name of the catalogue) or 'config' (the path "
        "of a config.json)",
        entry.place());
  }
  if (entry.has("config")) {
    const std::string text = entry.text("config");
    HEADROOM_CHECK(entry.status());
    HEADROOM_TRY(const auto file, resolve_path(text, base));
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
  limits.sequences = entry.integer_or("sequences", {1, kMaxTokens}, limits.sequences);
  limits.batched_tokens =
      entry.integer_or("batched_tokens", {1, kMaxTokens}, limits.batched_tokens);
  limits.utilisation_ppm = static_cast<std::int64_t>(
      std::llround(entry.number_or("utilisation", {0.01, 1.0}, 0.92) * 1e6));
  llm.shared = entry.flag_or("shared", false);
  for (const auto tp : entry.integers_or("allowed_tp", {1, 1024}, {})) {
    llm.allowed_tp.push_back(static_cast<int>(tp));
  }
  std::sort(llm.allowed_tp.begin(), llm.allowed_tp.end());
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

void add_replicas(const Request& request, std::int64_t replicas, std::vector<Request>& out) {
  if (replicas == 1) {
    out.push_back(request);
    return;
  }
  for (std::int64_t i = 1; i <= replicas; ++i) {
    Request replica = request;
    replica.name = fmt::format("{}/{}", request.name, i);
    replica.group = request.name;
    replica.group_size = static_cast<int>(replicas);
    out.push_back(std::move(replica));
  }
}

}  // namespace

Result<std::vector<Request>> read_listed_requests(const ConfigTable& config,
                                                  const std::filesystem::path& base) {
  std::vector<Request> out;
  std::set<std::string> names;
  for (const auto& entry : config.tables("request")) {
    Request request;
    request.name = entry.text("name");
    if (!names.insert(request.name).second) {
      entry.reject("name", fmt::format("two requests are named '{}'", request.name));
    }
    request.arrival = SimTime(entry.seconds_or("arrival_s", Duration(0)));
    request.lifetime = entry.seconds_or("lifetime_s", std::chrono::hours(1));
    if (entry.has("model") || entry.has("config")) {
      HEADROOM_TRY(request.shape.what, read_deployment(entry, base));
    } else {
      request.shape.what = read_task(entry);
    }
    request.shape.cpu_milli = 1000 * entry.integer_or("cpus", {0, 1'000'000}, 0);
    request.shape.ram = entry.bytes_or("ram", 0);
    request.shape.allowed_gpus = entry.texts_or("gpu_types", {});
    std::sort(request.shape.allowed_gpus.begin(), request.shape.allowed_gpus.end());
    const auto replicas = entry.integer_or("replicas", {1, 100'000}, 1);
    HEADROOM_CHECK(config.status());
    add_replicas(request, replicas, out);
  }
  HEADROOM_CHECK(config.status());
  std::stable_sort(out.begin(), out.end(),
                   [](const Request& a, const Request& b) { return a.arrival < b.arrival; });
  return out;
}

}  // namespace headroom
