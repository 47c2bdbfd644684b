// The worked table of vLLM's shape rules: 31 published models, every tensor parallel size up to 16.

#include "sim/core/whole.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/vllm.hpp"
#include "tests/sim/vllm_models.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using namespace headroom;

namespace {

// Model, H, K, d, L, V, accepted TP, "heads divide but rejected" with the first reason, parameters
// in billions, bytes of KV cache a token and GPU ("<=": sliding layers counted as full).
constexpr const char* kTable = R"(
| google/gemma-3-27b-it | 32 | 16 | 128 | 62 | 262208 | {1, 2, 4, 8, 16} | — |  | TP1 ≤507,904; TP8 ≤63,488 |
| meta-llama/Meta-Llama-3.1-8B | 32 | 8 | 128 | 32 | 128256 | {1, 2, 4, 8, 16} | — | 8.030 | TP1 131,072; TP8 16,384 |
| meta-llama/Meta-Llama-3.1-70B | 64 | 8 | 128 | 80 | 128256 | {1, 2, 4, 8, 16} | — | 70.554 | TP1 327,680; TP8 40,960 |
| meta-llama/Meta-Llama-3.1-405B | 128 | 8 | 128 | 126 | 128256 | {1, 2, 4, 8, 16} | — | 405.853 | TP1 516,096; TP8 64,512 |
| Qwen/Qwen2.5-7B-Instruct | 28 | 4 | 128 | 28 | 152064 | {1, 2, 4} | 7: kv, 14: kv | 7.616 | TP1 57,344 |
| Qwen/Qwen2.5-14B | 40 | 8 | 128 | 48 | 152064 | {1, 2, 4, 8} | 5: kv, 10: kv | 14.770 | TP1 196,608; TP8 24,576 |
| Qwen/Qwen2.5-32B | 40 | 8 | 128 | 64 | 152064 | {1, 2, 4, 8} | 5: kv, 10: kv | 32.764 | TP1 262,144; TP8 32,768 |
| Qwen/Qwen3-32B | 64 | 8 | 128 | 64 | 151936 | {1, 2, 4, 8, 16} | — | 32.762 | TP1 262,144; TP8 32,768 |
| Qwen/Qwen3-32B-FP8 | 64 | 8 | 128 | 64 | 151936 | {1, 2, 4, 8} | 16: fp8 block | 32.762 | TP1 262,144; TP8 32,768 |
| Qwen/Qwen3-235B-A22B | 64 | 4 | 128 | 94 | 151936 | {1, 2, 4, 8, 16} | — | 235.094 | TP1 192,512; TP8 48,128 |
| deepseek-ai/DeepSeek-V3 | 128 | MLA | 576 | 61 | 129280 | {1, 2, 4, 8, 16} | — | 671.026 | TP1 70,272; TP8 70,272 |
| mistralai/Mixtral-8x7B-v0.1 | 32 | 8 | 128 | 32 | 32000 | {1, 2, 4, 8, 16} | — | 46.703 | TP1 131,072; TP8 16,384 |
| mistralai/Mixtral-8x22B-v0.1 | 48 | 8 | 128 | 56 | 32000 | {1, 2, 4, 8, 16} | 3: kv, 6: kv, 12: kv | 140.621 | TP1 229,376; TP8 28,672 |
| microsoft/Phi-3-medium-4k-instruct | 40 | 10 | 128 | 40 | 32064 | {1, 2} | 4: kv, 5: vocab, 8: kv, 10: vocab | 13.960 | TP1 204,800 |
| microsoft/phi-4 | 40 | 10 | 128 | 40 | 100352 | {1, 2} | 4: kv, 5: vocab, 8: kv, 10: vocab | 14.660 | TP1 204,800 |
| tiiuae/falcon-7b | 71 | 1 | 64 | 32 | 65024 | {1} | — | 6.922 | TP1 8,192 |
| openai/gpt-oss-120b | 64 | 8 | 64 | 36 | 201088 | {1, 2, 4, 8, 16} | — | 116.829 | TP1 ≤73,728; TP8 ≤9,216 |
| mistralai/Mistral-Large-Instruct-2407 | 96 | 8 | 128 | 88 | 32768 | {1, 2, 4, 8, 16} | 3: kv, 6: kv, 12: kv | 122.610 | TP1 360,448; TP8 45,056 |
| google/gemma-2-27b-it | 32 | 16 | 128 | 46 | 256000 | {1, 2, 4, 8, 16} | — | 27.227 | TP1 ≤376,832; TP8 ≤47,104 |
| google/gemma-2-9b-it | 16 | 8 | 256 | 42 | 256000 | {1, 2, 4, 8, 16} | — | 9.242 | TP1 ≤344,064; TP8 ≤43,008 |
| CohereForAI/c4ai-command-r-plus | 96 | 8 | 128 | 64 | 256000 | {1, 2, 4, 8, 16} | 3: kv, 6: kv, 12: kv | 103.811 | TP1 262,144; TP8 32,768 |
| meta-llama/Llama-4-Scout-17B-16E-Instruct | 40 | 8 | 128 | 48 | 202048 | {1, 2, 4, 8} | 5: kv, 10: kv |  | TP1 ≤196,608; TP8 ≤24,576 |
| Qwen/Qwen2.5-72B | 64 | 8 | 128 | 80 | 152064 | {1, 2, 4, 8, 16} | — | 72.706 | TP1 327,680; TP8 40,960 |
| 01-ai/Yi-34B | 56 | 8 | 128 | 60 | 64000 | {1, 2, 4, 8} | 7: kv, 14: kv | 34.389 | TP1 245,760; TP8 30,720 |
| Qwen/Qwen2.5-0.5B | 14 | 2 | 64 | 24 | 151936 | {1, 2} | 7: kv, 14: vocab | 0.494 | TP1 12,288 |
| Qwen/Qwen2.5-1.5B | 12 | 2 | 128 | 28 | 151936 | {1, 2, 4} | 3: kv, 6: vocab, 12: vocab | 1.544 | TP1 28,672 |
| HuggingFaceTB/SmolLM2-360M | 15 | 5 | 64 | 32 | 49152 | {1} | 3: kv, 5: vocab, 15: vocab | 0.362 | TP1 40,960 |
| garage-bAInd/Platypus-30B | 52 | 52 | 128 | 60 | 32000 | {1, 2, 4} | 13: vocab | 32.529 | TP1 1,597,440 |
| openai-community/gpt2-xl | 25 | 25 | 64 | 48 | 50304 | {1} | 5: vocab | 1.558 | TP1 307,200 |
| Qwen/Qwen3-Next-80B-A3B-Instruct | 16 | 2 | 256 | 48 | 151936 | {1, 2, 4, 8, 16} | — |  | TP1 24,576; TP8 12,288 (12 of 48 layers) |
| nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-FP8 | 32 | 2 | 128 | 88 | 131072 | {1, 2, 4, 8} | 16: n_groups |  | TP1 8,192; TP8 4,096 (8 of 88 layers) |
)";

const EngineRules& engine() {
  static const auto kEngine = test::require_value(make_engine("vllm", MemoryOverheads{}));
  return *kEngine;
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> out;
  std::istringstream in(line);
  for (std::string part; std::getline(in, part, separator);) {
    const auto first = part.find_first_not_of(" {}");
    const auto last = part.find_last_not_of(" {}");
    out.push_back(first == std::string::npos ? "" : part.substr(first, last - first + 1));
  }
  return out;
}

struct Row {
  std::string model;
  std::int64_t heads = 0;
  std::string kv_heads;  // or "MLA"
  std::int64_t head_dim = 0;
  std::int64_t layers = 0;
  std::int64_t vocab = 0;
  std::vector<int> accepted;
  std::map<int, std::string> refused;  // past the heads: size and rule
  std::string parameters;
  std::map<int, std::int64_t> cache;  // bytes a token by TP
};

std::string rule_of(const std::string& reason) {
  if (reason == "kv") return "vllm.kv-heads";
  if (reason == "vocab") return "vllm.vocab";
  if (reason == "fp8 block") return "vllm.fp8-block";
  return reason == "n_groups" ? "vllm.mamba-groups" : reason;
}

/// "16,384 (8 of 88 layers)" as 16384.
std::int64_t leading_number(const std::string& text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      value = value * 10 + (c - '0');
    } else if (c == ' ') {
      break;
    }
  }
  return value;
}

Row parse(const std::string& line) {
  const std::vector<std::string> cells = split(line, '|');
  Row row;
  row.model = cells[1];
  row.heads = std::stoll(cells[2]);
  row.kv_heads = cells[3];
  row.head_dim = std::stoll(cells[4]);
  row.layers = std::stoll(cells[5]);
  row.vocab = std::stoll(cells[6]);
  for (const std::string& tp : split(cells[7], ',')) row.accepted.push_back(std::stoi(tp));
  for (const std::string& entry : split(cells[8], ',')) {
    const auto colon = entry.find(": ");
    if (colon == std::string::npos) continue;
    row.refused[std::stoi(entry)] = rule_of(entry.substr(colon + 2));
  }
  row.parameters = cells[9];
  for (const std::string& entry : split(cells[10], ';')) {
    row.cache[std::stoi(entry.substr(2))] = leading_number(entry.substr(entry.find(' ') + 1));
  }
  return row;
}

std::vector<Row> table() {
  std::vector<Row> rows;
  std::istringstream in(kTable);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) rows.push_back(parse(line));
  }
  return rows;
}

/// Bytes a token over all attention layers.
std::int64_t cache_per_token(const Model& model, int tp) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < model.text.layers(); ++i) {
    sum += layer_cache(model.text.layer(i), tp, 2, KvCacheType::model).bytes_per_token;
  }
  return sum;
}

void check_row(const Row& row, const Model& model) {
  INFO(row.model);
  CHECK(model.text.heads() == row.heads);
  if (row.kv_heads != "MLA") CHECK(model.text.kv_heads() == std::stoll(row.kv_heads));
  CHECK(model.text.head_dim() == row.head_dim);
  CHECK(model.text.layers() == row.layers);
  CHECK(round_up(model.text.vocab, kVocabPadding) == row.vocab);
  CHECK(engine().accepted_tp(model, 16) == row.accepted);
  for (int tp = 1; tp <= 16; ++tp) {
    INFO(tp);
    const EngineVerdict verdict = engine().check_shape(model, {tp, 1});
    if (row.heads % tp != 0) {
      CHECK(verdict.refusal.rule == "vllm.heads");
    } else if (row.refused.contains(tp)) {
      CHECK(verdict.refusal.rule == row.refused.at(tp));
    } else {
      CHECK(verdict.accepted);
    }
  }
  for (const auto& [tp, bytes] : row.cache) CHECK(cache_per_token(model, tp) == bytes);
}

}  // namespace

TEST_CASE("every model of the worked table is accepted and refused as it says") {
  std::size_t rows = 0;
  std::size_t refusals = 0;
  for (const Row& row : table()) {
    const auto model = test::model_by_hand(row.model);
    INFO(row.model);
    REQUIRE(model);
    check_row(row, *model);
    // Nemotron's experts work in a latent width, which the model by hand leaves out.
    if (!row.parameters.empty()) {
      const double billions = static_cast<double>(total_parameters(*model)) / 1e9;
      CHECK(std::abs(billions - std::stod(row.parameters)) < 0.00051);
    }
    ++rows;
    refusals += row.refused.size();
  }
  CHECK(rows == 31);
  CHECK(refusals == 39);
}

TEST_CASE("the table holds for the published configs too") {
  const auto folder = test::shared_path("models");
  if (!folder) return;
  for (const Row& row : table()) {
    std::string file = row.model;
    file.replace(file.find('/'), 1, "--");
    check_row(row, test::require_value(read_model_config(*folder / (file + ".json"))));
  }
}

TEST_CASE("the table is that of the shared notes") {
  const auto notes = test::shared_path("design/engine-rules.md");
  if (!notes) return;
  const std::string text = test::read_file(*notes);
  std::istringstream in(kTable);
  for (std::string line; std::getline(in, line);) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
}
