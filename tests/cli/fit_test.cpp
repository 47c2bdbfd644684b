// headroom fit as a user runs it: good questions and bad ones.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

using namespace headroom::test;

namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

Words fit(const Words& more) {
  Words out = {"fit"};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Json fit_json(Words more) {
  more.emplace_back("--json");
  const auto result = run_headroom(fit(more));
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return Json::parse(result.out);
}

BadInput bad(const std::string& what, const Words& arguments, Words pieces) {
  return {what,
          {{"empty.toml", "[[nodes]]\ncpus = 8\n"},
           {"broken.json", "{\"model_type\": "},
           {"none.json", "{}"}},
          std::move(pieces),
          fit(arguments)};
}

BadInput bad_gpus(const std::string& gpus, Words pieces) {
  return bad("--gpus " + gpus, {"--model", "phi-4", "--gpus", gpus}, std::move(pieces));
}

constexpr const char* kCluster = "[[nodes]]\ngpu = 'RTX-3090'\ngpus = 4\ncount = 2\n";

}  // namespace

TEST_CASE("fit answers in its first lines", "[cli][fit]") {
  struct Case {
    Words arguments;
    Words pieces;
  };
  const std::vector<Case> cases = {
      {{"--model", "gemma-3-27b-it", "--gpus", "3x24GiB"},
       {"gemma-3-27b-it fits on 3 x 24GiB, as 3 pipeline stages of one GPU each (PP 3).",
        "TP 3 will not start: 32 attention heads do not split",
        "vllm serve google/gemma-3-27b-it --pipeline-parallel-size 3", "Plans that start",
        "Plans that do not start", "Told: needs 63.3 GiB; at 90 % of each GPU", "fallback-search"}},
      {{"--model", "meta-llama-3.1-70b", "--gpus", "2x8xA100-80GB"},
       {"fits on 2 nodes of 8 x A100-80GB, split over 4 GPUs (TP 4).", "12 of 16 GPUs"}},
      {{"--model", "qwen2.5-0.5b", "--gpus", "1xT4"}, {"qwen2.5-0.5b fits on 1 x T4."}},
      {{"--model", "meta-llama-3.1-405b", "--gpus", "8xH100-80GB"},
       {"does not fit on 8 x H100-80GB", "an FP8 checkpoint", "What would make it fit"}},
      {{"--model", "Qwen/Qwen2.5-14B", "--gpus", "4xa100 80gb,2xL4"},
       {"fits on 4 x A100-80GB and 2 x L4"}},
      {{"--model", "phi-4", "--gpus", "8xL4", "--policy", "naive"}, {"naive"}},
      {{"--model", "phi-4"},
       {"phi-4 can be split over 1 and 2 GPUs", "10 KV heads do not split", "--gpus 8xH100-80GB"}},
      {{"--model", "phi-4", "--shape-only"}, {"phi-4 can be split over 1 and 2 GPUs"}},
      {{"--model",
        "phi-4",
        "--gpus",
        "1x24GB",
        "--kv-cache",
        "fp8",
        "--context",
        "1024",
        "--concurrency",
        "1",
        "--batched-tokens",
        "512",
        "--utilisation",
        "0.95",
        "--max-pp",
        "2",
        "--runtime-overhead",
        "1GiB",
        "--encoder-data-parallel",
        "--engine",
        "vllm"},
       {"phi-4 does not fit on 1 x 24GB", "cards sold by that number"}},
  };
  for (const Case& one : cases) {
    const auto result = run_headroom(fit(one.arguments));
    INFO(result.out << result.err);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    for (const auto& piece : one.pieces) {
      INFO("wanted: " << piece);
      CHECK(one_line(result.out).find(piece) != std::string::npos);
    }
  }
}

TEST_CASE("fit says the same bytes every time", "[cli][fit]") {
  for (const char* form : {"--json", "--max-tp=8"}) {
    const Words question = fit({"--model", "phi-4", "--gpus", "2x4xL4", form});
    CHECK(run_headroom(question).out == run_headroom(question).out);
  }
}

TEST_CASE("fit --json has what docs/fit.md says", "[cli][fit]") {
  const Json json = fit_json({"--model", "gemma-3-27b-it", "--gpus", "4x24GiB"});
  CHECK(json["schema"] == "headroom.fit/1");
  CHECK(json["engine"] == "vllm");
  const Json& model = json["model"];
  CHECK(model["attention_heads"] == 32);
  CHECK(model["kv_heads"] == 16);
  CHECK(model["head_dim"] == 128);
  CHECK(model["layers"] == 62);
  CHECK(model["vocab"] == 262208);
  CHECK(model["parameters"] == 27432406640);
  CHECK(model["weight_bytes"] == 2 * 27432406640);
  CHECK(json["tensor_parallel"]["accepted"] == Json({1, 2, 4, 8, 16}));
  const Json& refused = json["tensor_parallel"]["refused"];
  REQUIRE(refused.size() == 11);
  CHECK(refused[0]["size"] == 3);
  CHECK(refused[0]["rule"] == "vllm.heads");
  CHECK(refused[0]["reason"].get<std::string>().find("32 mod 3 = 2") != std::string::npos);

  Words accepted;
  for (const Json& plan : json["plans"]) {
    const Json& memory = plan["memory"];
    if (!memory.is_null()) {
      CHECK(memory["budget"] ==
            memory["weights"].get<std::int64_t>() + memory["activations"].get<std::int64_t>() +
                memory["communication"].get<std::int64_t>() +
                memory["runtime"].get<std::int64_t>() + memory["kv_available"].get<std::int64_t>());
    }
    if (plan["accepted"] == true) {
      accepted.push_back(std::to_string(plan["tp"].get<int>()) + "x" +
                         std::to_string(plan["pp"].get<int>()));
    } else {
      CHECK(plan["refusal"]["rule"].get<std::string>().starts_with("vllm."));
    }
  }
  std::sort(accepted.begin(), accepted.end());
  CHECK(accepted == Words{"1x3", "1x4", "2x2", "4x1"});
  CHECK(json["recommendation"]["tp"] == 4);
  CHECK(json["recommendation"]["pp"] == 1);
  CHECK(json["recommendation"]["ep"] == false);
  CHECK(json["recommendation"]["command"].get<std::string>().starts_with("vllm serve "));
  CHECK(json["policies"].size() == 6);  // all that place deployments
  CHECK(json["remarks"].is_array());
  CHECK(json["changes"].empty());
  CHECK(json["cost_source"] == "fitted");
}

TEST_CASE("fit --shape-only --json needs no GPUs", "[cli][fit]") {
  Json json = fit_json({"--model", "qwen2.5-14b", "--shape-only"});
  CHECK(json["tensor_parallel"]["accepted"] == Json({1, 2, 4, 8}));
  CHECK_FALSE(json.contains("plans"));
  json = fit_json({"--model", "qwen2.5-14b", "--shape-only", "--max-tp", "5"});
  CHECK(json["tensor_parallel"]["accepted"] == Json({1, 2, 4}));
  CHECK(json["tensor_parallel"]["refused"].size() == 2);
}

TEST_CASE("fit --allowed-tp and --max-pp narrow the plans", "[cli][fit]") {
  const Json json =
      fit_json({"--model", "phi-4", "--gpus", "8xL4", "--allowed-tp", "1,4,2,2", "--max-pp", "2"});
  CHECK(json["allowed_tp"] == Json({1, 2, 4}));
  for (const Json& plan : json["plans"]) {
    CHECK(plan["pp"].get<int>() <= 2);
    CHECK(plan["tp"].get<int>() <= 4);
  }
}

TEST_CASE("fit reads clusters, scenarios and config.json", "[cli][fit]") {
  const TempDir folder;
  const std::string cluster = folder.write("c.toml", kCluster).string();
  const std::string scenario = folder.write("s.toml", listed_scenario({})).string();
  for (const auto& file : {cluster, scenario}) {
    const Json json = fit_json({"--model", "gemma-3-27b-it", "--cluster", file});
    CHECK(json["recommendation"]["tp"] == 4);
    CHECK(json["cluster"]["gpu_types"][0]["name"] == "RTX-3090");
  }
  const std::string config =
      folder
          .write("config.json",
                 R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama",
                     "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
                     "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256,
                     "max_position_embeddings": 4096, "torch_dtype": "bfloat16"})")
          .string();
  for (const auto& model : {config, folder.path().string()}) {
    const Json json = fit_json({"--model", model, "--gpus", "1xL4"});
    CHECK(json["model"]["kv_heads"] == 8);
    // No longer than the model's own, where the config's is known.
    const bool known = !json["model"]["longest_context"].is_null();
    CHECK(json["limits"]["context"] == (known ? 4096 : 8192));
    CHECK(json["recommendation"]["tp"] == 1);
  }
}

TEST_CASE("fit takes a release of an engine, and refuses what is no share", "[cli][fit]") {
  const Json json =
      fit_json({"--model", "qwen3-8b", "--gpus", "2xV100M32", "--engine", "vllm@0.10"});
  CHECK(json["recommendation"]["tp"].is_number());
  CHECK(fit_json({"--model", "qwen3-8b", "--gpus", "2xV100M32"})["recommendation"].is_null());
  for (const std::vector<std::string>& bad :
       {std::vector<std::string>{"--gpus", "1xL4", "--utilisation", "nan"},
        {"--gpus", "1xL4", "--shape-only"},
        {"--gpus", "1xL4", "--engine", "vllm@9"}}) {
    std::vector<std::string> arguments = {"--model", "phi-4"};
    arguments.insert(arguments.end(), bad.begin(), bad.end());
    CHECK(run_headroom(fit(arguments)).exit_code == 2);
  }
}

TEST_CASE("fit --pool says what a pool does not hold", "[cli][fit]") {
  const TempDir folder;
  const std::string pool = folder.write("pool.toml", kCluster).string();
  const auto result =
      run_headroom(fit({"--pool", pool, "--models", "phi-4,mistral-large-instruct-2407"}));
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.out.starts_with("pool.toml does not hold 1 of 2 models"));
  CHECK(result.out.find("mistral-large-instruct-2407  228.4 GiB  would fit with ") !=
        std::string::npos);

  const Json json = fit_json({"--pool", pool, "--models", "all"});
  CHECK(json["schema"] == "headroom.fit-pool/1");
  CHECK(json["models"].size() > 30);
  for (const Json& model : json["models"]) {
    CHECK(model["holds"] == !model["plan"].is_null());
    if (model["model"] == "mistral-large-instruct-2407") CHECK_FALSE(model["changes"].empty());
    if (model["holds"] == true) CHECK(model["changes"].empty());
  }
}

TEST_CASE("fit refuses bad questions and says what to do", "[cli][fit]") {
  check_refused({
      bad("no model", {"--gpus", "1xT4"}, {"no model is named", "--model gemma-3-27b-it"}),
      bad("an unknown model", {"--model", "gemma-3-27", "--gpus", "1xT4"},
          {"--model: unknown model 'gemma-3-27'", "did you mean gemma-3-27b-it?"}),
      bad("a model far from all", {"--model", "zzzz"}, {"unknown model 'zzzz'", "known: "}),
      bad("an empty model", {"--model", ""}, {"--model", "empty"}),
      bad("a config that is not there", {"--model", "@/gone.json"}, {"@/gone.json"}),
      bad("a broken config", {"--model", "@/broken.json"}, {"@/broken.json"}),
      bad("a config of nothing", {"--model", "@/none.json"}, {"@/none.json"}),
      bad("a folder without a config", {"--model", "@"}, {"@/config.json"}),
      bad_gpus("8xH101", {"--gpus: unknown GPU type 'H101'", "headroom gpus"}),
      bad_gpus("8xH100", {"did you mean", "H100-80GB"}),
      bad_gpus("", {"--gpus", "empty"}),
      bad_gpus("H100-80GB", {"does not say how many", "3x24GiB"}),
      bad_gpus("24GiB", {"does not say how many", "3x24GiB"}),
      bad_gpus("8x", {"does not say which GPUs"}),
      bad_gpus("0xT4", {"a number of 1 to", "3x24GiB"}),
      bad_gpus("65xT4", {"a node has at most 64 GPUs"}),
      bad_gpus("99999999999999999999xT4", {"a number of 1 to"}),
      bad_gpus("2x0xT4", {"a number of 1 to 64"}),
      bad_gpus("3x24", {"a GPU of 24 B is none", "write 24GiB"}),
      bad_gpus("3x24Gib", {"neither a size nor a GPU"}),
      bad_gpus("3x99999999999999999GiB", {"3x99999999999999999GiB"}),
      bad_gpus("1xT4,", {"does not say how many"}),
      bad_gpus("-1xT4", {"does not say how many"}),
      bad("GPUs twice", {"--model", "phi-4", "--gpus", "1xT4", "--cluster", "@/empty.toml"},
          {"--gpus", "--cluster"}),
      bad("a cluster that is not there", {"--model", "phi-4", "--cluster", "@/no.toml"},
          {"@/no.toml"}),
      bad("a cluster without GPUs", {"--model", "phi-4", "--cluster", "@/empty.toml"},
          {"@/empty.toml: this cluster has no GPU"}),
      bad("an unknown engine", {"--model", "phi-4", "--engine", "vlm"},
          {"--engine: unknown engine 'vlm'", "vllm"}),
      bad("an unknown policy", {"--model", "phi-4", "--gpus", "1xT4", "--policy", "headaware"},
          {"--policy: unknown policy 'headaware'", "did you mean 'head-aware'?"}),
      bad("a policy of opaque tasks",
          {"--model", "phi-4", "--gpus", "1xT4", "--policy", "first-fit"},
          {"--policy: 'first-fit' places opaque tasks"}),
      bad("no context", {"--model", "phi-4", "--context", "0"}, {"--context"}),
      bad("too much utilisation", {"--model", "phi-4", "--utilisation", "1.5"}, {"--utilisation"}),
      bad("a strange cache", {"--model", "phi-4", "--kv-cache", "fp4"}, {"--kv-cache", "fp8"}),
      bad("a strange size", {"--model", "phi-4", "--allowed-tp", "1,two"},
          {"--allowed-tp: 'two' is not a tensor parallel size", "1,2,4"}),
      bad("size 0", {"--model", "phi-4", "--allowed-tp", "0"}, {"--allowed-tp: '0'"}),
      bad("sizes at odds", {"--model", "phi-4", "--allowed-tp", "4", "--max-tp", "2"},
          {"--allowed-tp: the smallest size, 4, is above --max-tp 2"}),
      bad("a strange overhead", {"--model", "phi-4", "--runtime-overhead", "lots"},
          {"--runtime-overhead", "24GiB"}),
      bad("models without a pool", {"--model", "phi-4", "--models", "all"},
          {"--models goes with --pool"}),
      bad("a model with a pool", {"--model", "phi-4", "--pool", "@/empty.toml"},
          {"--models NAME,NAME"}),
      bad("a pool of shapes", {"--pool", "@/empty.toml", "--shape-only"}, {"leave out --pool"}),
      bad("a pool without GPUs", {"--pool", "@/empty.toml", "--models", "all"},
          {"this cluster has no GPU"}),
      bad("a pool and GPUs", {"--pool", "@/empty.toml", "--gpus", "1xT4"}, {"--gpus"}),
  });
}

TEST_CASE("every key of a fit is documented", "[cli][fit]") {
  const std::string document = read_file(source_path("docs/fit.md"));
  REQUIRE_FALSE(document.empty());
  const auto check = [&](const Json& json, const auto& self) -> void {
    if (json.is_array()) {
      for (const Json& item : json) self(item, self);
    } else if (json.is_object()) {
      for (const auto& [key, value] : json.items()) {
        INFO(key);
        CHECK(document.find("`" + key + "`") != std::string::npos);
        self(value, self);
      }
    }
  };
  check(fit_json({"--model", "gemma-3-27b-it", "--gpus", "3x24GiB"}), check);
  const TempDir folder;
  const std::string pool = folder.write("pool.toml", kCluster).string();
  check(fit_json({"--pool", pool}), check);
}
