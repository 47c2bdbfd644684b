// What `headroom explain` says about each way a request can go.

#include "tests/catch.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <filesystem>

using namespace headroom::test;

namespace {

namespace fs = std::filesystem;

// One node of four 24 GiB cards. Under naive, gemma is refused ten times and holds three cards for
// 1660 s, "batch" waits for all four and gives up after 1800 s, "late" finds room at once.
constexpr const char* kScenario = R"(
policies = ["naive", "head-aware"]
[queue]
waiting_limit_s = 1800
[[cluster.nodes]]
name = "rack"
gpu = "RTX-3090"
gpus = 4
[[request]]
name = "gemma"
model = "gemma-3-27b-it"
lifetime_s = 600
[[request]]
name = "batch"
gpus = 4
arrival_s = 60
lifetime_s = 100
[[request]]
name = "share"
gpus = 1
gpu_milli = 250
arrival_s = 61
lifetime_s = 7200
replicas = 2
[[request]]
name = "huge"
model = "meta-llama-3.1-405b"
arrival_s = 62
[[request]]
name = "host"
cpus = 4
arrival_s = 63
)";

std::string explain(const fs::path& run, const std::string& request) {
  const auto result = run_headroom({"explain", run.string(), request});
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  return result.out;
}

// Each piece is in the text, after the one before.
void check_in_order(const std::string& text, const std::vector<std::string>& pieces) {
  std::size_t from = 0;
  for (const auto& piece : pieces) {
    INFO("wanted: " << piece << "\nin: " << text);
    const auto at = text.find(piece, from);
    REQUIRE(at != std::string::npos);
    from = at + piece.size();
  }
}

}  // namespace

TEST_CASE("explain tells how requests were refused, placed, kept waiting and rejected", "[cli]") {
  const TempDir folder;
  const fs::path run = folder.path() / "run";
  const std::string scenario = folder.write("s.toml", kScenario).string();
  REQUIRE(run_headroom({"run", scenario, "--out", run.string()}).exit_code == 0);

  const std::string gemma = explain(run, "gemma");
  check_in_order(gemma,
                 {"Request gemma\n", "  under head-aware\n",
                  "    at 0 s: asked for gemma-3-27b-it (51.1 GiB of weights), context 8192, "
                  "16 sequences, U = 0.92\n",
                  "    at 0 s: placed on RTX-3090 with TP 4 x PP 1, at try 1: ",
                  "      passed over TP 3 on one node of RTX-3090: vllm.heads: 32 attention",
                  "      rack-0: devices 0, 1, 2, 3, 22.1 GiB of each\n", ": ready\n",
                  ": ended: placed; waited 0 s\n"});
  check_in_order(
      gemma, {"  under naive\n", "with TP 3 x PP 1, at try 1", "devices 0, 1, 2, 22.1 GiB",
              "    at 15 s: the engine refused to start (vllm.heads): 32 attention heads do not "
              "split over tensor parallel size 3",
              "    at 40 s: refused again, attempt 2\n", "refused again, attempt 10\n",
              "    at 1660 s: ended: refused_by_engine (vllm.heads)\n"});

  const std::string batch = explain(run, "batch");
  check_in_order(batch,
                 {"  under head-aware\n", "    at 60 s: asked for a task of 4 GPUs\n",
                  "    at 60 s: did not fit, waits (no_room)\n", ": placed on RTX-3090, at try ",
                  "devices 0, 1, 2, 3, 24.0 GiB of each\n", ": ended: placed; waited "});
  check_in_order(batch, {"  under naive\n", "did not fit, waits (no_room)",
                         "    at 1860 s: ended: rejected/no_capacity (no_room), its waiting limit "
                         "ran out",
                         "; waited 1800 s\n"});

  const std::string share = explain(run, "share/2");
  check_in_order(share, {"  under naive\n",
                         "asked for a task of 250/1000 of a GPU, one of group "
                         "share\n",
                         "rack-0: device 3, 6.00 GiB of it\n"});
  check_in_order(explain(run, "huge"), {"ended: rejected/incompatible (cluster_too_small)"});
  const std::string host = explain(run, "host");
  check_in_order(host,
                 {"asked for a task without GPUs\n", ": placed, at try 1: ", "      rack-0\n"});
  CHECK(host.find("TP") == std::string::npos);

  // By number, in order of arrival.
  const std::string number = explain(run, "1");
  CHECK(number.rfind("Request batch, number 1\n", 0) == 0);
  CHECK(number.substr(number.find('\n')) == batch.substr(batch.find('\n')));
}

TEST_CASE("explain finds names that JSON escapes, and tells seeds apart", "[cli]") {
  const TempDir folder;
  const fs::path run = folder.path() / "run";
  const std::string scenario =
      folder
          .write("s.toml",
                 "policies = [\"naive\"]\n[[cluster.nodes]]\ngpu = \"T4\"\ngpus = 1\n"
                 "[[request]]\nname = 'say \"h\u00e9\" \\ 7'\ngpus = 1\n"
                 "[[request]]\nname = \"0\"\ngpus = 1\n")
          .string();
  REQUIRE(run_headroom({"run", scenario, "--seeds", "3,4", "--out", run.string()}).exit_code == 0);
  const std::string text = explain(run, "say \"h\u00e9\" \\ 7");
  check_in_order(text, {"under naive-seed3\n", "placed on T4", "under naive-seed4\n"});
  // A name goes before a number.
  CHECK(explain(run, "0").find("did not fit") != std::string::npos);
}

TEST_CASE("a run without logs says so", "[cli]") {
  const TempDir folder;
  const fs::path run = folder.path() / "run";
  const std::string scenario = folder.write("s.toml", kScenario).string();
  REQUIRE(run_headroom({"run", scenario, "--no-log", "--out", run.string()}).exit_code == 0);
  const auto result = run_headroom({"explain", run.string(), "gemma"});
  CHECK(result.exit_code == 2);
  CHECK(result.err.find("no decision logs") != std::string::npos);
}

TEST_CASE("explain words what a scheduler tells a user apart from candidates", "[cli][explain]") {
  const TempDir folder;
  const auto scenario = folder.write("s.toml", R"(
policies = ["gpustack"]
[[cluster.nodes]]
name = "rack"
gpu = "RTX-3090"
gpus = 3
[[request]]
name = "gemma"
model = "gemma-3-27b-it"
lifetime_s = 600
[[request]]
name = "small"
model = "qwen3-4b"
lifetime_s = 600
[policy.gpustack]
parameters = ["--gpu-memory-utilization=0.9"]
)");
  const auto out = folder.path() / "out";
  REQUIRE(run_headroom({"run", scenario.string(), "--out", out.string()}).exit_code == 0);
  const std::string gemma = explain(out, "gemma");
  check_in_order(gemma, {"turned away for good (heads)\n",
                         "      told: needs 63.3 GiB; at 90 % of each GPU, 70.4 GiB of them; 32 "
                         "attention heads do not split 3 ways; one worker has 72 GiB, 64.8 to "
                         "use on 3 of 3 GPUs\n"});
  CHECK(gemma.find("passed over") == std::string::npos);
  check_in_order(explain(out, "small"), {"placed on RTX-3090", " at U = 0.9, at try 1"});
}
