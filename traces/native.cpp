#include "traces/native.hpp"

#include "traces/ended_by_error.hpp"
#include "traces/json_line.hpp"
#include "traces/limits.hpp"
#include "traces/line_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 10> kOpaqueKeys{"id",        "arrival",   "lifetime",  "gpus",
                                              "gpu_milli", "cpu_milli", "ram_bytes", "gpu_types",
                                              "group",     "group_size"};
const std::array<std::string, 16> kLlmKeys{
    "id",        "arrival",    "lifetime",       "model",
    "context",   "sequences",  "batched_tokens", "utilisation",
    "shared",    "allowed_tp", "degradations",   "cpu_milli",
    "ram_bytes", "gpu_types",  "group",          "group_size"};
const std::array<std::string, 2> kHeaderKeys{"schema", "version"};
const std::array<std::string, 3> kQueueKeys{"declared", "priority", "tenant"};

template <class T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

class NativeRows final : public RequestSource {
 public:
  NativeRows(LineReader lines, const RowRules& rules)
      : lines_(std::move(lines)), rules_(rules), order_(rules.order) {}

  /// Reads the first line: the header, or a row that next() takes again.
  Status begin() {
    HEADROOM_TRY(const auto line, lines_.next_nonblank());
    if (!line) return {};
    auto json = JsonLine::parse(*line, lines_.place());
    if (!json || !json->has("schema")) {
      first_ = std::string(*line);
      return {};
    }
    json->check_keys(kHeaderKeys);
    const std::string schema = json->text("schema");
    const std::int64_t version = json->integer("version", {0, 1'000'000});
    if (schema != kNativeSchema || version != kNativeVersion) {
      json->reject(schema != kNativeSchema ? "schema" : "version",
                   fmt::format("the header says '{}' version {}", schema, version),
                   fmt::format("this reads '{}' version {}", kNativeSchema, kNativeVersion));
    }
    return json->status();
  }

  Result<std::optional<Request>> next() override {
    while (true) {
      auto request = next_row();
      if (request || !rules_.pass_over(request.error(), lines_.can_go_on())) return request;
    }
  }

  [[nodiscard]] SourcePlace place() const { return lines_.place(1); }
  /// Where the row that next() last gave says what no bare task has.
  [[nodiscard]] const SourcePlace& no_task() const { return no_task_; }
  [[nodiscard]] bool can_go_on() const { return lines_.can_go_on(); }

 private:
  Result<std::optional<Request>> next_row() {
    if (first_) {
      const std::string line = std::move(*first_);
      first_.reset();
      HEADROOM_TRY(auto json, JsonLine::parse(line, lines_.place()));
      return read(json);
    }
    HEADROOM_TRY(const auto line, lines_.next_nonblank());
    if (!line) return std::nullopt;
    HEADROOM_TRY(auto json, JsonLine::parse(*line, lines_.place()));
    return read(json);
  }

  Result<std::optional<Request>> read(JsonLine& json) {
    const bool llm = json.has("model");
    std::vector<std::string> known(llm ? kLlmKeys.begin() : kOpaqueKeys.begin(),
                                   llm ? kLlmKeys.end() : kOpaqueKeys.end());
    known.insert(known.end(), kQueueKeys.begin(), kQueueKeys.end());
    json.check_keys(known);
    Request request;
    request.name = json.text("id");
    request.arrival = SimTime(json.seconds("arrival"));
    request.lifetime = json.seconds("lifetime");
    if (json.has("declared")) request.declared = json.seconds("declared");
    request.priority =
        static_cast<int>(json.integer_or("priority", {-kMostPriority, kMostPriority}, 0));
    request.tenant = json.text_or("tenant", "");
    RequestShape& shape = request.shape;
    shape.cpu_milli = json.integer_or("cpu_milli", {0, kMaxCpuMilli}, 0);
    shape.ram = json.integer_or("ram_bytes", {0, kMaxRam}, 0);
    shape.allowed_gpus = json.texts_or("gpu_types", {});
    sort_unique(shape.allowed_gpus);
    read_group(json, request);
    if (llm) {
      read_deployment(json, shape);
    } else {
      read_task(json, shape);
    }
    HEADROOM_CHECK(json.status());
    no_task_ = json.place(llm ? "model" : "group");
    HEADROOM_TRY(request.arrival, order_.take(request.arrival, json.place("arrival")));
    return request;
  }

  static void read_group(JsonLine& json, Request& request) {
    request.group = json.text_or("group", "");
    request.group_size = static_cast<int>(json.integer_or("group_size", {1, kMaxTaskGpus}, 1));
    if (json.has("group_size") && request.group.empty()) {
      json.reject("group_size",
                  fmt::format("'group_size' is {}, but there is no 'group'", request.group_size),
                  "give the group's name, or leave both out");
    }
    if (!request.group.empty() && !json.has("group_size")) {
      json.reject(
          "group",
          fmt::format("'group' is '{}', but there is no 'group_size'", request.group.substr(0, 60)),
          "give the number of requests in the group");
    }
  }

  static void read_task(JsonLine& json, RequestShape& shape) {
    OpaqueTask task;
    task.gpus = static_cast<int>(json.integer_or("gpus", {0, kMaxTaskGpus}, 0));
    task.milli = static_cast<int>(json.integer_or("gpu_milli", {1, 1000}, 1000));
    if (task.gpus != 1 && task.milli != 1000) {
      json.reject("gpu_milli",
                  fmt::format("'gpu_milli' is {}, but 'gpus' is {}", task.milli, task.gpus),
                  "only a task of one GPU can ask for a share of it");
    }
    shape.what = task;
  }

  void read_deployment(JsonLine& json, RequestShape& shape) {
    LlmDeployment llm;
    llm.model = model_of(json);
    const ServingLimits usual;
    llm.limits.context = json.integer_or("context", {1, kMaxTokens}, usual.context);
    llm.limits.sequences = json.integer_or("sequences", {1, kMaxSequences}, usual.sequences);
    llm.limits.batched_tokens =
        json.integer_or("batched_tokens", {1, kMaxTokens}, usual.batched_tokens);
    llm.limits.utilisation_ppm = json.share_ppm_or("utilisation", usual.utilisation_ppm);
    llm.shared = json.flag_or("shared", false);
    for (const std::int64_t tp : json.integers_or("allowed_tp", {1, kMaxParallel}, {})) {
      llm.allowed_tp.push_back(static_cast<int>(tp));
    }
    sort_unique(llm.allowed_tp);
    const auto texts = json.texts_or("degradations", {});
    if (llm.model != nullptr) {
      auto degradations = parse_degradations(texts, *llm.model, llm.limits);
      if (degradations) {
        llm.degradations = std::move(*degradations);
      } else {
        json.reject("degradations", "'degradations': " + degradations.error().message,
                    degradations.error().hint);
      }
    }
    shape.what = std::move(llm);
  }

  /// Deployments compare models by identity, so equal names must give one object.
  std::shared_ptr<const Model> model_of(JsonLine& json) {
    const std::string name = json.text("model");
    if (const auto found = models_.find(name); found != models_.end()) return found->second;
    auto model = find_model(name);
    if (!model) {
      json.reject("model", "'model': " + model.error().message, model.error().hint);
      return nullptr;
    }
    // A hub id and a short name can mean the same model.
    const auto same = std::find_if(models_.begin(), models_.end(), [&](const auto& entry) {
      return entry.second->name == (*model)->name;
    });
    return models_[name] = same == models_.end() ? *model : same->second;
  }

  LineReader lines_;
  RowRules rules_;
  ArrivalOrder order_;
  SourcePlace no_task_;
  std::optional<std::string> first_;  // the first line, where it is no header
  std::map<std::string, std::shared_ptr<const Model>, std::less<>> models_;
};

Result<std::unique_ptr<NativeRows>> open_rows(const std::filesystem::path& file,
                                              const RowRules& rules) {
  HEADROOM_TRY(auto lines, LineReader::open(file));
  auto rows = std::make_unique<NativeRows>(std::move(lines), rules);
  HEADROOM_CHECK(rows->begin());
  return rows;
}

class NativeTasks final : public TaskReader {
 public:
  NativeTasks(std::unique_ptr<NativeRows> rows, const RowRules& rules)
      : rows_(std::move(rows)), rules_(rules) {}

  Result<std::optional<TraceTask>> next() override {
    while (true) {
      HEADROOM_TRY(auto request, rows_->next());
      if (!request) return std::nullopt;
      if (request->shape.kind() == RequestKind::opaque && request->group.empty()) {
        return task_of(std::move(*request));
      }
      Error error{
          fmt::format("'{}' {}, so it is not a bare task", request->name, more_than_task(*request)),
          rows_->no_task(),
          "use this trace as it is, without mapping, load scaling or another format"};
      if (!rules_.pass_over(error, rows_->can_go_on())) {
        return tl::unexpected<Error>(std::move(error));
      }
    }
  }

  [[nodiscard]] SourcePlace place() const override { return rows_->place(); }

 private:
  static std::string more_than_task(const Request& request) {
    if (request.shape.kind() == RequestKind::opaque) {
      return fmt::format("is of the group '{}'", request.group);
    }
    return fmt::format("has the model '{}'", request.shape.llm().model->name);
  }

  static TraceTask task_of(Request request) {
    TraceTask task;
    task.name = std::move(request.name);
    task.arrival = request.arrival;
    task.lifetime = request.lifetime;
    task.declared = request.declared;
    task.priority = request.priority;
    task.tenant = std::move(request.tenant);
    task.gpus = request.shape.opaque().gpus;
    task.milli = request.shape.opaque().milli;
    task.cpu_milli = request.shape.cpu_milli;
    task.ram = request.shape.ram;
    task.gpu_types = std::move(request.shape.allowed_gpus);
    return task;
  }

  std::unique_ptr<NativeRows> rows_;
  RowRules rules_;
};

}  // namespace

Result<std::unique_ptr<RequestSource>> open_native(const std::filesystem::path& file,
                                                   const RowRules& rules) {
  HEADROOM_TRY(auto rows, open_rows(file, rules));
  return ended_by_error(std::move(rows));
}

Result<std::unique_ptr<TaskReader>> open_native_tasks(const std::filesystem::path& file,
                                                      const RowRules& rules) {
  HEADROOM_TRY(auto rows, open_rows(file, rules));
  return std::make_unique<NativeTasks>(std::move(rows), rules);
}

}  // namespace headroom
