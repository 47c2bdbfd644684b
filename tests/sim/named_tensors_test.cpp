// The second way of counting parameters (named_tensors.hpp): by hand for small models, against the
// exact figures of the shared collection, and against published sizes for the rest of it.

#include "tests/sim/named_tensors.hpp"

#include "tests/support.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace headroom;
using test::count;
using test::named_tensors;
using test::NamedTensor;

namespace {

struct Uncertain {
  std::string_view file;
  std::string_view reason;
};

constexpr Uncertain kUncertain[] = {
    {"stepfun-ai--Step-3.7-Flash.json",
     "right for the file, not for the published model: the collected file gives all layers 64 "
     "heads, the published one 96 in sliding layers (attention_other_setting: 1,111,621,632 more)"},
    {"XiaomiMiMo--MiMo-V2-Flash.json",
     "only the rounded size of the published model is known: its count of elements holds scales "
     "and draft layers that were not taken apart"},
};

constexpr std::int64_t kLlama4Tower = 871'932'416;

/// Parameters of the published model, without draft layers and without what the collected file
/// does not describe.
struct Published {
  std::string_view file;
  std::int64_t parameters;
  bool exact;  // else within 1 %
};

// "Index": the element count of the published safetensors, as quoted in public code; "conversion":
// that of a full conversion, which leaves draft layers and scales out; "recalled": from memory.
constexpr Published kPublished[] = {
    // The indexes of V3.2-Exp (685,396,921,376) and V3 (684,531,386,000, recalled) differ by 62
    // indexers and their scales. V3 has a figure in the collection.
    {"deepseek-ai--DeepSeek-V3.2.json", 671'026'419'200 + 61 * 13'959'424LL, true},
    {"deepseek-ai--DeepSeek-V4-Flash.json", 284'332'240'471, true},  // an inventory, less MTP
    {"google--gemma-3-27b-it.json", 27'432'406'640, true},           // index
    {"LGAI-EXAONE--EXAONE-4.0-32B.json", 32'003'000'000, false},     // card: 32.0 B
    {"meta-llama--Llama-4-Maverick-17B-128E-Instruct.json", 401'583'781'376 - kLlama4Tower, true},
    {"meta-llama--Llama-4-Scout-17B-16E-Instruct.json", 108'641'793'536 - kLlama4Tower, true},
    {"RedHatAI--Llama-4-Scout-17B-16E-Instruct-FP8-dynamic.json", 108'641'793'536, true},  // index
    {"MiniMaxAI--MiniMax-M2.5.json", 228'689'764'864, true},  // conversion
    // Index, less the tower and its mergers, which this file leaves out.
    {"MiniMaxAI--MiniMax-M3.json", 427'040'140'160 - 865'567'232, true},
    {"nvidia--Gemma-4-31B-IT-NVFP4.json", 31'273'088'876, true},                    // index
    {"nvidia--NVIDIA-Nemotron-3-Nano-30B-A3B-BF16.json", 31'577'940'288, true},     // conversion
    {"nvidia--NVIDIA-Nemotron-3-Super-120B-A12B-FP8.json", 120'668'707'840, true},  // conversion
    {"Qwen--Qwen2.5-VL-7B-Instruct.json", 8'292'166'656, true},                     // index
    {"Qwen--Qwen3-Next-80B-A3B-Instruct.json", 79'674'391'296, true},               // conversion
    {"Qwen--Qwen3-VL-235B-A22B-Instruct.json", 235'670'022'896, true},  // a provider's figure
    {"Qwen--Qwen3-VL-32B-Instruct.json", 33'357'390'064, true},         // an inventory
    {"Qwen--Qwen3-VL-8B-Instruct.json", 8'767'123'696, true},           // index
    // Index, less the MTP layer.
    {"Qwen--Qwen3.5-122B-A10B.json", 125'086'497'008 - 2'523'679'232, true},
    {"Qwen--Qwen3.5-27B.json", 27'356'728'560, true},      // the loaded model
    {"Qwen--Qwen3.5-35B-A3B.json", 35'107'181'936, true},  // the loaded model
    // Index of Step-3.5-Flash 199,384,301,376, less three MTP layers of 809,390,336 and what 96
    // heads have over 64 in 33 layers.
    {"stepfun-ai--Step-3.7-Flash.json", 199'384'301'376 - 2'428'171'008 - 1'111'621'632, true},
    // Index (recalled), less the MTP layer.
    {"XiaomiMiMo--MiMo-7B-Base.json", 7'833'409'536 - 210'790'400, true},
    {"XiaomiMiMo--MiMo-V2-Flash.json", 309'000'000'000, false},  // card
    {"zai-org--GLM-5.json", 743'911'218'432, true},              // a provider's figure
    {"zai-org--GLM-5-FP8.json", 743'911'218'432, true},
};

struct Row {
  std::string file;
  std::int64_t parameters;  // 0 = not given
};

/// A quoted field holds commas, but none before the figure does.
std::vector<Row> read_index(const std::filesystem::path& path) {
  constexpr std::size_t kFigure = 9;
  std::ifstream in(path);
  std::vector<Row> rows;
  for (std::string line; std::getline(in, line);) {
    std::istringstream text(line);
    std::vector<std::string> fields(kFigure + 1);
    for (std::string& field : fields) std::getline(text, field, ',');
    if (rows.empty() && fields[kFigure] == "params_computed") continue;
    rows.push_back({fields[0], fields[kFigure].empty() ? 0 : std::stoll(fields[kFigure])});
  }
  return rows;
}

/// Python writes Infinity, which JSON has no word for.
nlohmann::json read_config(const std::filesystem::path& path) {
  std::string text = test::read_file(path);
  constexpr std::string_view kInfinity = "Infinity";
  for (std::size_t at = text.find(kInfinity); at != std::string::npos; at = text.find(kInfinity)) {
    text.replace(at, kInfinity.size(), "1e300");
  }
  return nlohmann::json::parse(text);
}

std::int64_t count_of(const nlohmann::json& config) {
  const auto tensors = named_tensors(config);
  REQUIRE(tensors);
  return count(*tensors);
}

const NamedTensor& find(const std::vector<NamedTensor>& tensors, std::string_view name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const NamedTensor& tensor) { return tensor.name == name; });
  INFO(name);
  REQUIRE(found != tensors.end());
  return *found;
}

}  // namespace

TEST_CASE("the tensors of a small llama, by hand", "[named_tensors]") {
  const auto config = nlohmann::json::parse(R"({
    "model_type": "llama", "hidden_size": 8, "intermediate_size": 20, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 10})");
  const auto tensors = named_tensors(config);
  REQUIRE(tensors);
  CHECK(tensors->size() == 3 + 2 * 9);
  CHECK(find(*tensors, "model.layers.1.self_attn.k_proj.weight").shape ==
        std::vector<std::int64_t>{4, 8});
  CHECK(find(*tensors, "model.layers.0.mlp.down_proj.weight").shape ==
        std::vector<std::int64_t>{8, 20});
  const std::int64_t layer = 8 * 8 + 4 * 8 + 4 * 8 + 8 * 8 + 3 * 8 * 20 + 2 * 8;
  CHECK(count(*tensors) == 80 + 2 * layer + 8 + 80);

  auto tied = config;
  tied["tie_word_embeddings"] = true;
  CHECK(count_of(tied) == 80 + 2 * layer + 8);
  auto wide = config;
  wide["head_dim"] = 3;
  CHECK(count_of(wide) == 80 + 2 * (layer - 192 + 8 * (12 + 6 + 6 + 12)) + 8 + 80);
}

TEST_CASE("the tensors of a small mixture of experts, by hand", "[named_tensors]") {
  const auto config = nlohmann::json::parse(R"({
    "model_type": "deepseek_v3", "hidden_size": 8, "intermediate_size": 20,
    "num_hidden_layers": 3, "first_k_dense_replace": 1, "num_attention_heads": 2,
    "qk_nope_head_dim": 4, "qk_rope_head_dim": 2, "v_head_dim": 5, "q_lora_rank": 6,
    "kv_lora_rank": 3, "n_routed_experts": 7, "n_shared_experts": 2, "moe_intermediate_size": 9,
    "vocab_size": 10})");
  const auto tensors = named_tensors(config);
  REQUIRE(tensors);
  CHECK(find(*tensors, "model.layers.1.mlp.experts.*.up_proj.weight").copies == 7);
  const std::int64_t attention =
      8 * 6 + 6 + 6 * 2 * (4 + 2) + 8 * (3 + 2) + 3 + 3 * 2 * (4 + 5) + 2 * 5 * 8;
  const std::int64_t dense = 3 * 8 * 20;
  const std::int64_t experts = 7 * 8 + 7 + 7 * 3 * 8 * 9 + 3 * 8 * 18;
  CHECK(count(*tensors) == 80 + 3 * (attention + 2 * 8) + dense + 2 * experts + 8 + 80);

  auto sparse = config;
  sparse["index_n_heads"] = 4;
  sparse["index_head_dim"] = 3;
  const std::int64_t indexer = 6 * 12 + 8 * 3 + 2 * 3 + 8 * 4;
  CHECK(count_of(sparse) == count(*tensors) + 3 * indexer);
}

TEST_CASE("tensors of an unknown model type", "[named_tensors]") {
  CHECK_FALSE(named_tensors({{"model_type", "abacus"}}));
  CHECK_THROWS(named_tensors({{"model_type", "llama"}}));
}

TEST_CASE("named tensors sum up to every exact figure of the collection", "[named_tensors]") {
  const auto folder = test::shared_path("models");
  if (!folder) return;
  std::size_t compared = 0;
  for (const Row& row : read_index(*folder / "index.csv")) {
    if (row.parameters == 0) continue;
    INFO(row.file);
    CHECK(count_of(read_config(*folder / row.file)) == row.parameters);
    ++compared;
  }
  CHECK(compared == 50);
}

TEST_CASE("named tensors sum up to the published size where there is no figure",
          "[named_tensors]") {
  const auto folder = test::shared_path("models");
  if (!folder) return;
  std::set<std::string> without_figure;
  for (const Row& row : read_index(*folder / "index.csv")) {
    if (row.parameters == 0) without_figure.insert(row.file);
  }
  for (const Published& model : kPublished) {
    const std::string file(model.file);
    const std::int64_t counted = count_of(read_config(*folder / file));
    const auto* const uncertain =
        std::find_if(std::begin(kUncertain), std::end(kUncertain),
                     [&](const Uncertain& entry) { return entry.file == model.file; });
    INFO(file << ": " << static_cast<double>(counted) / 1e9 << " B");
    INFO((uncertain == std::end(kUncertain) ? "" : uncertain->reason));
    if (model.exact) {
      CHECK(counted == model.parameters);
    } else {
      CHECK(std::abs(counted - model.parameters) <= model.parameters / 100);
    }
    without_figure.erase(file);
  }
  INFO((without_figure.empty() ? "" : *without_figure.begin()));
  CHECK(without_figure.empty());
}

TEST_CASE("no tensor of the collection is named twice", "[named_tensors]") {
  const auto folder = test::shared_path("models");
  if (!folder) return;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (entry.path().extension() != ".json") continue;
    INFO(entry.path().filename().string());
    const auto tensors = named_tensors(read_config(entry.path()));
    REQUIRE(tensors);
    std::set<std::string_view> names;
    for (const NamedTensor& tensor : *tensors) {
      const bool positive = std::all_of(tensor.shape.begin(), tensor.shape.end(),
                                        [](std::int64_t size) { return size > 0; });
      const bool fresh = names.insert(tensor.name).second;
      INFO(tensor.name);
      if (!positive || !fresh) FAIL("named twice, or without elements");
    }
    ++files;
  }
  CHECK(files == 75);
}
