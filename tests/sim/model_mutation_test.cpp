// The reader against configs that are almost right: with a fixed seed, published shapes are changed
// in a few places. Whatever comes out is an error with a text, or a model whose sums hold together.

#include "sim/models/families/family.hpp"
#include "sim/models/model.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace headroom;
using nlohmann::json;

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t n) { return static_cast<std::size_t>(random() % n); }

/// Configs with every kind of section, to start from, and what once made the reader fail.
std::vector<json> seeds() {
  std::set<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus"))) {
    files.insert(entry.path());
  }
  std::vector<json> out;
  for (const auto& file : files) {
    out.push_back(json::parse(test::read_file(file), nullptr, false));
    if (out.back().is_discarded()) out.pop_back();  // kept as text: the fuzzer's own
  }
  REQUIRE(out.size() >= 6);
  return out;
}

json some_value(Random& random) {
  static const std::vector<json> kValues{0,
                                         1,
                                         -1,
                                         2,
                                         3,
                                         7,
                                         128,
                                         65'535,
                                         65'536,
                                         1 << 20,
                                         1 << 26,
                                         std::int64_t{1} << 40,
                                         INT64_MAX,
                                         INT64_MIN,
                                         UINT64_MAX,
                                         0.5,
                                         1e300,
                                         -2.5,
                                         true,
                                         false,
                                         nullptr,
                                         "",
                                         "auto",
                                         "full_attention",
                                         "re:((.*)+)+x",
                                         "re:[",
                                         "*",
                                         "model.layers.99999999999999999999.mlp",
                                         json::array(),
                                         json::object(),
                                         json::array({1, "x", nullptr}),
                                         json::array({json::array()}),
                                         json{{"model_type", "llama"}}};
  return kValues[below(random, kValues.size())];
}

std::string some_type(Random& random) {
  const auto families = model_families();
  return std::string(families[below(random, families.size())].model_type);
}

/// A place somewhere in the tree.
json* descend(json& tree, Random& random) {
  json* at = &tree;
  while (at->is_structured() && !at->empty() && (at == &tree || below(random, 3) != 0)) {
    auto it = at->begin();
    std::advance(it, static_cast<std::ptrdiff_t>(below(random, at->size())));
    at = &*it;
  }
  return at;
}

void mutate(json& config, Random& random) {
  json* at = descend(config, random);
  switch (below(random, 6)) {
    case 0:
      *at = some_value(random);
      break;
    case 1:
      if (at->is_number_integer()) *at = at->get<std::int64_t>() / 2 + 1;
      break;
    case 2:
      if (at->is_structured() && !at->empty()) at->erase(at->begin());
      break;
    case 3:
      config["model_type"] = some_type(random);
      break;
    case 4:
      if (config.is_object() && config.contains("text_config") &&
          config["text_config"].is_object()) {
        config["text_config"]["model_type"] = some_type(random);
      }
      break;
    default:
      if (at->is_array() && at->size() < 64) at->push_back(some_value(random));
      break;
  }
}

/// What must hold of any model that is read.
void check_model(const Model& model, const std::string& text) {
  const auto parameters = static_cast<double>(total_parameters(model));
  const auto bytes = static_cast<double>(weight_bytes(model));
  const bool sound = parameters > 0.0 && parameters < 2e15 && bytes > 0.0 && bytes < 1e18 &&
                     model.text.layers() > 0 && !model.text.kinds.empty();
  if (!sound) FAIL(text);
  for (const LayerKind& kind : model.text.kinds) {
    const Attention* attention = kind.attention();
    if (attention == nullptr) continue;
    if (attention->heads < 1 || attention->kv_heads < 1 || attention->head_dim < 1) FAIL(text);
  }
}

}  // namespace

TEST_CASE("every config of the fuzzing corpus is read or refused", "[mutation]") {
  for (const auto& entry :
       std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus"))) {
    INFO(entry.path().filename().string());
    const std::string text = test::read_file(entry.path());
    const auto model = parse_model_config(text, "m.json");
    if (model) {
      check_model(*model, text);
    } else {
      CHECK_FALSE(model.error().message.empty());
    }
  }
}

TEST_CASE("a config changed in a few places is read or refused, never more", "[mutation]") {
  Random random(20'240'607);
  const std::vector<json> start = seeds();
  int read = 0;
  int refused = 0;
  for (int round = 0; round < 6'000; ++round) {
    json config = start[below(random, start.size())];
    for (std::size_t changes = 1 + below(random, 4); changes > 0; --changes) {
      if (config.is_object()) mutate(config, random);
    }
    const std::string text = config.dump();
    const auto model = parse_model_config(text, "m.json");
    if (model) {
      ++read;
      check_model(*model, text);
    } else {
      ++refused;
      if (model.error().message.empty()) FAIL(text);
    }
  }
  CHECK(read > 500);
  CHECK(refused > 500);
}

TEST_CASE("text changed in a few bytes is read or refused, never more", "[mutation]") {
  Random random(7);
  const std::vector<json> start = seeds();
  for (int round = 0; round < 4'000; ++round) {
    std::string text = start[below(random, start.size())].dump();
    for (std::size_t changes = 1 + below(random, 4); changes > 0; --changes) {
      const std::size_t at = below(random, text.size());
      switch (below(random, 3)) {
        case 0:
          text[at] = static_cast<char>(below(random, 256));
          break;
        case 1:
          text.erase(at, 1 + below(random, 8));
          break;
        default:
          text.insert(at,
                      std::string(1 + below(random, 4), "0123456789[]{},\"-e."[below(random, 19)]));
          break;
      }
      if (text.empty()) text = "{}";
    }
    if (const auto model = parse_model_config(text, "m.json")) check_model(*model, text);
  }
}
