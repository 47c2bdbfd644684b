#include "traces/token_profile.hpp"

#include "tests/traces/helpers.hpp"
#include "traces/llm_mapping.hpp"

namespace headroom {

using namespace test;

namespace {

const std::string kHeader = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

std::string row(const std::string& time, int in, int out) {
  return "2024-01-01 00:" + time + "," + std::to_string(in) + "," + std::to_string(out) + "\n";
}

}  // namespace

TEST_CASE("windows have the longest request and the concurrency by Little's law") {
  const TempDir folder;
  const auto file = folder.write(
      "t.csv", kHeader + row("00:00.0000000", 100, 50) + row("00:59.0000000", 700, 30) +
                   row("01:00.0000000", 10, 1) + row("03:10.0000000", 1, 3'000) +
                   row("04:59.0000000", 9'999, 9'999));
  const TokenProfile profile = require_value(read_token_profile(file, "", {}));
  // 80 tokens x 0.05 s / 60 s is below 1; 3,000 x 0.05 / 60 = 2.5. Minute 2 has no request, the
  // last window is cut off.
  CHECK(profile.name == "t.csv");
  CHECK(profile.windows == std::vector<TokenWindow>{{730, 1}, {11, 1}, {3'001, 3}});
  TokenRule rule;
  rule.window = std::chrono::hours(1);
  rule.per_token = std::chrono::seconds(1);
  CHECK(require_value(read_token_profile(file, "", rule)).windows ==
        std::vector<TokenWindow>{{19'998, 4}});
}

TEST_CASE("traces without tokens are no token profile") {
  const TempDir folder;
  const auto jobs = folder.write("j.csv", "job_id,submission_time,duration,num_gpu\na,0,1,1\n");
  const auto tasks = read_token_profile(jobs, "", {});
  REQUIRE_FALSE(tasks.has_value());
  check_holds(tasks.error().text(), "says nothing of tokens");
  const auto none = read_token_profile(folder.write("e.csv", kHeader), "", {});
  REQUIRE_FALSE(none.has_value());
  check_holds(none.error().text(), "no request in this trace");
}

TEST_CASE("deployments take context and sequences of a window, replicas of the same") {
  const Mix mix = require_value(
      parse_mix("schema = \"headroom.mix\"\nversion = 1\nname = \"m\"\n"
                "[[entry]]\nmodel = \"gpt2-xl\"\nband = \"1\"\non = \"A10\"\n"
                "[[entry]]\nmodel = \"meta-llama-3.1-8b\"\nband = \"2\"\non = \"A10\"\n",
                "m.toml"));
  const TokenProfile tokens{"t", {{2'000, 7}, {3'000, 9}}};
  std::vector<TraceTask> tasks;
  for (int i = 0; i < 40; ++i) {
    tasks.push_back(task("a" + std::to_string(i), i, 1, 2));
    tasks.back().group = "g" + std::to_string(i / 4);
    tasks.back().group_size = 4;
  }
  tasks.push_back(task("short", 50, 1, 1));
  auto source = llm_source(list_reader(tasks), mix, 1, tokens);
  const auto requests = collect(*source);
  REQUIRE(requests.size() == 41);
  int long_ones = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    const ServingLimits& limits = requests[i].shape.llm().limits;
    CHECK((limits.context == 2'000 ? limits.sequences == 7 : limits.sequences == 9));
    CHECK(requests[i].shape == requests[i - i % 4].shape);
    CHECK(requests[i].group_size == 4);
    long_ones += limits.context == 3'000 ? 1 : 0;
  }
  CHECK(long_ones > 0);
  CHECK(long_ones < 40);
  // gpt2-xl can do 1,024 tokens.
  CHECK(requests[40].shape.llm().limits.context == 1'024);
}

TEST_CASE("Azure's conversations and Kimi's make windows of the rates they are known for") {
  const auto azure = shared_path("traces/azure_llm/AzureLLMInferenceTrace_conv.csv.gz");
  const auto kimi = shared_path("traces/mooncake/conversation_trace.jsonl.gz");
  if (!azure || !kimi) return;
  const auto mean_sequences = [](const TokenProfile& profile) {
    double sum = 0.0;
    for (const TokenWindow& window : profile.windows) sum += static_cast<double>(window.sequences);
    return sum / static_cast<double>(profile.windows.size());
  };
  // 5.53 requests/s x 211 tokens x 0.05 s = 58; 3.40/s x 343 x 0.05 s = 58.
  CHECK(mean_sequences(require_value(read_token_profile(*azure, "", {}))) ==
        Approx(58).epsilon(0.05));
  CHECK(mean_sequences(require_value(read_token_profile(*kimi, "", {}))) ==
        Approx(58).epsilon(0.05));
}

}  // namespace headroom
