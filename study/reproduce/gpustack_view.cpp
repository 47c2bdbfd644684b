#include "study/reproduce/gpustack_view.hpp"

#include "policies/gpustack/gpu_count.hpp"

#include <charconv>
#include <map>

namespace headroom {
namespace {

using namespace gpustack;

int index_in(const CaseValue& value, std::string_view key) {
  const std::int64_t number = value.integer(key);
  if (number < 0 || number > 1'000'000) value.at(key).reject("0 to 1,000,000");
  return static_cast<int>(number);
}

std::optional<int> small_integer(const CaseValue& value, std::string_view key) {
  const auto number = value.optional_integer(key);
  if (!number) return std::nullopt;
  if (*number < 0 || *number > 1'000'000) value.at(key).reject("0 to 1,000,000");
  return static_cast<int>(*number);
}

Bytes bytes_in(const CaseValue& value, std::string_view key, Bytes fallback) {
  const Bytes bytes = value.integer_or(key, fallback);
  if (bytes < 0) value.at(key).reject("a size in bytes");
  return bytes;
}

// "worker:type:index"; a worker's name may have colons.
std::optional<GpuChoice> parse_choice(const std::string& text) {
  const auto last = text.rfind(':');
  if (last == std::string::npos || last == 0) return std::nullopt;
  const auto middle = text.rfind(':', last - 1);
  if (middle == std::string::npos) return std::nullopt;
  GpuChoice choice{text.substr(0, middle), text.substr(middle + 1, last - middle - 1), 0};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + last + 1, end, choice.index);
  if (error != std::errc() || stop != end || choice.index < 0) return std::nullopt;
  return choice;
}

std::map<std::string, Category> categories() {
  return {{"llm", Category::llm},
          {"embedding", Category::embedding},
          {"reranker", Category::reranker},
          {"image", Category::image},
          {"speech_to_text", Category::speech_to_text},
          {"text_to_speech", Category::text_to_speech},
          {"unknown", Category::other}};
}

}  // namespace

std::vector<WorkerTotals> workers_of(const CaseValue& test) {
  std::vector<WorkerTotals> out;
  for (const CaseValue& worker : test.list("workers")) {
    WorkerTotals totals;
    totals.view.name = worker.text("name");
    totals.ram_total = bytes_in(worker, "ram_total_bytes", 0);
    totals.reserved_ram = bytes_in(worker, "system_reserved_ram_bytes", 0);
    totals.reserved_vram = bytes_in(worker, "system_reserved_vram_bytes", 0);
    totals.unified_memory = worker.flag_or("unified_memory", false);
    for (const CaseValue& gpu : worker.list("gpus")) {
      const Bytes total = gpu.integer("memory_total_bytes");
      if (total <= 0) gpu.at("memory_total_bytes").reject("a size in bytes above 0");
      totals.view.gpus.push_back({gpu.text("type"), index_in(gpu, "index"), total, 0});
    }
    out.push_back(std::move(totals));
  }
  return out;
}

std::vector<PlacedInstance> placed_of(const CaseValue& test) {
  std::vector<PlacedInstance> out;
  for (const CaseValue& entry : test.list("already_placed")) {
    PlacedInstance instance;
    instance.worker = entry.text("worker");
    instance.ram = bytes_in(entry, "ram_bytes", 0);
    instance.same_model = entry.flag_or("same_model", false);
    for (const std::int64_t gpu : entry.integers("gpu_indexes")) {
      const std::string key = std::to_string(gpu);
      instance.vram[static_cast<int>(gpu)] = bytes_in(entry.at("vram_bytes_per_gpu"), key, 0);
    }
    out.push_back(std::move(instance));
  }
  return out;
}

InstanceCounts counts_of(const CaseValue& test) {
  InstanceCounts counts;
  for (const PlacedInstance& instance : placed_of(test)) {
    for (const auto& [gpu, bytes] : instance.vram) {
      InstanceCount& count = counts[instance.worker][gpu];
      ++(instance.same_model ? count.current : count.others);
    }
  }
  return counts;
}

Backend backend_of(const CaseValue& test) {
  const std::string name = test.text_or("engine", "any");
  if (name == "sglang") return Backend::sglang;
  if (name != "vllm" && name != "any") test.at("engine").reject("\"vllm\", \"sglang\" or \"any\"");
  return Backend::vllm;
}

Strategy strategy_of(const CaseValue& test) {
  const std::string name = test.text_or("strategy", "binpack");
  if (name == "spread") return Strategy::spread;
  if (name != "binpack") test.at("strategy").reject("\"binpack\" or \"spread\"");
  return Strategy::binpack;
}

Figures figures_of(const CaseValue& model) {
  Figures figures;
  figures.heads = model.optional_integer("num_attention_heads");
  figures.vocab = model.optional_integer("vocab_size");
  figures.architectures = model.texts("architectures");
  const CaseValue vision = model.at("vision");
  figures.vision_heads = model.optional_integer("vision_num_attention_heads");
  if (!vision.is_null()) {
    figures.vision_heads = resolve_vision_heads(vision.optional_integer("num_attention_heads"),
                                                vision.optional_integer("num_heads"),
                                                vision.integer_or("num_dummy_heads", 0));
    const VisionSize usual;
    figures.vision = {vision.integer_or("num_hidden_layers", usual.layers),
                      vision.integer_or("hidden_size", usual.hidden)};
  }
  return figures;
}

Ask ask_of(const CaseValue& test) {
  Ask ask;
  ask.figures = figures_of(test.at("model"));
  if (test.has("categories")) {
    ask.categories.clear();
    const auto known = categories();
    for (const CaseValue& entry : test.list("categories")) {
      const auto found = known.find(entry.as_text());
      if (found == known.end()) {
        entry.reject("a category: llm, embedding, reranker, image, speech_to_text, ...");
      } else {
        ask.categories.push_back(found->second);
      }
    }
  }
  ask.parameters = Parameters(test.texts("parameters"));
  ask.claim = bytes_in(test, "claim_bytes", 0);
  ask.ram_claim = bytes_in(test, "ram_claim_bytes", 0);
  ask.ram_ratio = test.at("extended_kv_cache").number_or("ram_ratio", 0);
  for (const CaseValue& entry : test.list("manual_gpu_ids")) {
    const auto choice = parse_choice(entry.as_text());
    if (!choice) entry.reject("WORKER:TYPE:INDEX");
    if (choice) ask.selected.push_back(*choice);
  }
  ask.gpus_per_replica = small_integer(test, "gpus_per_replica");
  ask.replicas = small_integer(test, "replicas").value_or(1);
  ask.across_workers = test.flag_or("distributed_inference_across_workers", true);
  const std::string skip = test.at("env").text_or("GPUSTACK_SKIP_GPU_COUNT_CHECK", "");
  ask.skip_gpu_count_check = skips_gpu_count_check(!ask.selected.empty(), skip);
  return ask;
}

}  // namespace headroom
