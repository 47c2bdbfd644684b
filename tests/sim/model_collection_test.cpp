// The shared collection of published config.json files: every one of them is read, with the heads,
// layers and parameters that its index gives or that an independent count finds.

#include "sim/models/model.hpp"
#include "sim/models/quantized_name.hpp"
#include "tests/models.hpp"
#include "tests/sim/named_tensors.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <set>
#include <vector>

using namespace headroom;

namespace {

using Row = std::map<std::string, std::string>;

/// A row of the shared index by column name. Quoted fields hold commas but no line breaks.
std::vector<Row> read_index(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> header;
  std::vector<Row> rows;
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted) fields.emplace_back();
      if (c != '"' && (c != ',' || quoted)) fields.back() += c;
    }
    if (header.empty()) {
      header = fields;
      continue;
    }
    REQUIRE(fields.size() == header.size());
    Row& row = rows.emplace_back();
    for (std::size_t i = 0; i < header.size(); ++i) row[header[i]] = fields[i];
  }
  return rows;
}

/// Python writes Infinity, which JSON has no word for.
nlohmann::json read_json(const std::filesystem::path& file) {
  std::string text = test::read_file(file);
  constexpr std::string_view kInfinity = "Infinity";
  if (const auto at = text.find(kInfinity); at != std::string::npos) {
    text.replace(at, kInfinity.size(), "1e300");
  }
  return nlohmann::json::parse(text);
}

std::int64_t independent_count(const std::filesystem::path& file) {
  const auto tensors = test::named_tensors(read_json(file));
  REQUIRE(tensors);
  return test::count(*tensors);
}

}  // namespace

TEST_CASE("every published config is read with the figures of the index") {
  const auto index = test::shared_path("models/index.csv");
  if (!index) return;
  int read = 0;
  int indexed = 0;
  for (Row& row : read_index(*index)) {
    INFO(row["file"]);
    const auto file = index->parent_path() / row["file"];
    const Model model = test::require_value(read_model_config(file));
    ++read;
    CHECK(model.hub_id == row["model_id"]);
    CHECK(model.text.heads() == std::stoll(row["attention_heads"]));
    CHECK(model.text.kv_heads() == std::stoll(row["kv_heads"]));
    CHECK(model.text.head_dim() == std::stoll(row["head_dim"]));
    CHECK(model.text.layers() == std::stoll(row["layers"]));
    CHECK(model.text.vocab == std::stoll(row["vocab_size"]));
    // Where only the name says how the weights are stored, that is noted.
    const bool noted =
        !model.quantization.quantized() && !quantization_in_name(model.hub_id).empty();
    CHECK(model.assumptions.size() == (noted ? 1 : 0));
    CHECK(total_parameters(model) == independent_count(file));
    if (row["params_computed"].empty()) continue;
    ++indexed;
    CHECK(total_parameters(model) == std::stoll(row["params_computed"]));
  }
  CHECK(read == 75);
  CHECK(indexed == 50);
}

TEST_CASE("quantized checkpoints of the collection are read as such") {
  const auto index = test::shared_path("models/index.csv");
  if (!index) return;
  for (Row& row : read_index(*index)) {
    INFO(row["file"]);
    const Model model = test::require_value(read_model_config(index->parent_path() / row["file"]));
    // A scheme in a second file is not seen without it: the model reads as its data type.
    const std::string& method = row["quant_method"];
    const bool elsewhere = method.find("hf_quant_config") != std::string::npos;
    if (method.empty() || elsewhere) {
      CHECK_FALSE(model.quantization.quantized());
      CHECK(weight_bytes(model) == 2 * total_parameters(model));
    } else {
      CHECK(model.quantization.method == method);
      CHECK(model.quantization.quantized());
      CHECK(weight_bytes(model) < 2 * total_parameters(model));
    }
  }
}

TEST_CASE("the catalogue agrees with the published configs in every figure") {
  const auto index = test::shared_path("models/index.csv");
  if (!index) return;
  std::set<std::string> checked;
  for (Row& row : read_index(*index)) {
    const auto listed = find_model(row["model_id"]);
    if (!listed) continue;
    INFO(row["file"]);
    const Model& model = **listed;
    const Model file = test::require_value(read_model_config(index->parent_path() / row["file"]));
    checked.insert(model.name);
    CHECK(total_parameters(model) == total_parameters(file));
    CHECK(weight_bytes(model) == weight_bytes(file));
    CHECK(model.text.hidden == file.text.hidden);
    CHECK(model.text.tied_embeddings == file.text.tied_embeddings);
    CHECK(model.architecture == file.architecture);
    CHECK(model.model_type == file.model_type);
    CHECK(model.name == file.name);
    CHECK(model.longest_context == file.longest_context);
    CHECK(model.heads_section == file.heads_section);
    CHECK(model.supports_pipeline == file.supports_pipeline);
    CHECK((model.source == "recalled") == (row["content"] != "copied"));
    CHECK(model.vision.has_value() == file.vision.has_value());
    if (row["content"] != "copied") continue;  // rebuilt files leave keys out
    CHECK(model.dtype == file.dtype);
    CHECK(model.quantization == file.quantization);
    CHECK(model.expert_quantization == file.expert_quantization);
    CHECK(model.kv_cache_scheme == file.kv_cache_scheme);
    CHECK(model.text.kinds == file.text.kinds);
    CHECK(model.text.kind_of_layer == file.text.kind_of_layer);
  }
  // The others are recalled, and checked by their published totals.
  for (const Model& model : model_catalogue()) {
    INFO(model.name);
    CHECK((checked.contains(model.name) || model.source == "recalled"));
  }
  CHECK(checked.size() == 70);
}
