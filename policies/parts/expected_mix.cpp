#include "policies/parts/expected_mix.hpp"

#include "sim/cluster/cluster.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace headroom {
namespace {

constexpr std::int64_t kMostTokens = 100'000'000;
constexpr std::int64_t kMostSequences = 1'000'000;
constexpr std::int64_t kMostWeight = 1'000'000'000;
constexpr std::int64_t kMostGpus = 100'000;
constexpr double kMostCpus = 1'000'000;

class MixReader {
 public:
  explicit MixReader(ExpectedKinds kinds) : kinds_(kinds) {}

  void read(const ConfigTable& entry, const ServingLimits& usual) {
    ExpectedShape expected;
    expected.weight = entry.integer_or("weight", {1, kMostWeight}, 1);
    if (kinds_ == ExpectedKinds::with_tasks && !entry.has("model")) {
      read_task(entry, expected.shape);
    } else if (!read_deployment(entry, usual, expected.shape)) {
      return;
    }
    found_.push_back(std::move(expected));
  }

  bool read_deployment(const ConfigTable& entry, const ServingLimits& usual, RequestShape& out) {
    LlmDeployment llm;
    llm.model = model_of(entry);
    llm.limits = limits_of(entry, usual);
    llm.shared = entry.flag_or("shared", false);
    if (entry.text_or("band", "") == "share") {
      llm.shared = true;
      llm.limits.utilisation_ppm = ppm(entry.number("min_u", {1e-6, 1.0}));
    }
    if (llm.model == nullptr) return false;
    out.what = std::move(llm);
    return true;
  }

  static void read_task(const ConfigTable& entry, RequestShape& out) {
    OpaqueTask task;
    task.gpus = static_cast<int>(entry.integer("gpus", {0, kMostGpus}));
    task.milli = static_cast<int>(entry.integer_or("gpu_milli", {1, kWholeGpu}, kWholeGpu));
    if (task.milli < kWholeGpu && task.gpus != 1) {
      entry.reject("gpu_milli", "a share of a GPU ('gpu_milli' below 1000) needs gpus = 1");
    }
    out.what = task;
    out.cpu_milli = std::llround(entry.number_or("cpus", {0.0, kMostCpus}, 0.0) * 1000.0);
    out.allowed_gpus = entry.texts_or("gpu_types", {});
    std::sort(out.allowed_gpus.begin(), out.allowed_gpus.end());
  }

  static ServingLimits limits_of(const ConfigTable& table, const ServingLimits& usual) {
    ServingLimits limits = usual;
    limits.context = table.integer_or("context", {1, kMostTokens}, usual.context);
    limits.sequences = table.integer_or("sequences", {1, kMostSequences}, usual.sequences);
    limits.batched_tokens =
        table.integer_or("batched_tokens", {1, kMostTokens}, usual.batched_tokens);
    const double share = static_cast<double>(usual.utilisation_ppm) / 1e6;
    limits.utilisation_ppm = ppm(table.number_or("utilisation", {1e-6, 1.0}, share));
    return limits;
  }

  [[nodiscard]] std::vector<ExpectedShape> take() && { return std::move(found_); }

 private:
  static std::int64_t ppm(double share) { return std::llround(share * 1e6); }

  /// One object per model: equal entries are equal shapes.
  std::shared_ptr<const Model> model_of(const ConfigTable& entry) {
    const std::string name = entry.text("model");
    auto& known = models_[name];
    if (known != nullptr) return known;
    auto model = find_model(name);
    if (model) return known = *model;
    entry.reject("model", model.error().message, model.error().hint);
    return nullptr;
  }

  ExpectedKinds kinds_;
  std::map<std::string, std::shared_ptr<const Model>> models_;
  std::vector<ExpectedShape> found_;
};

void read_file(const ConfigTable& options, MixReader& reader) {
  const auto folder = std::filesystem::path(options.file()).parent_path();
  const auto file = ConfigTable::read(folder / options.text("mix"));
  if (!file) {
    options.reject("mix", file.error().text());
    return;
  }
  if (file->text("schema") != "headroom.mix") file->reject("schema", "this is not a mix");
  const ServingLimits usual = MixReader::limits_of(file->table("defaults"), {});
  for (const ConfigTable& entry : file->tables("entry")) reader.read(entry, usual);
  if (const Status status = file->status(); !status) options.reject("mix", status.error().text());
}

}  // namespace

std::vector<ExpectedShape> read_expected_mix(const ConfigTable& options, ExpectedKinds kinds) {
  MixReader reader(kinds);
  if (options.has("mix")) read_file(options, reader);
  for (const ConfigTable& entry : options.tables("expected")) reader.read(entry, {});
  return std::move(reader).take();
}

}  // namespace headroom
