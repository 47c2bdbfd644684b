// headroom speed, as a user runs it.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

using namespace headroom::test;

namespace {

std::vector<std::string> speed(std::vector<std::string> more) {
  std::vector<std::string> out = {"speed", "--model", "gemma-3-27b-it", "--gpu", "H200"};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

BadInput bad(const std::string& what, std::vector<std::string> more,
             std::vector<std::string> pieces) {
  return {what, {}, std::move(pieces), speed(std::move(more))};
}

}  // namespace

TEST_CASE("speed answers for each model and size", "[cli]") {
  const auto text = run_headroom(speed({"--model", "qwen3-14b", "--tp", "1..4,16"}));
  INFO(text.err);
  CHECK(text.exit_code == 0);
  CHECK(text.out.starts_with("H200, vllm: 64 requests at once, 1,024 tokens in and 256 out"));
  CHECK(text.out.find("measured: H200") != std::string::npos);
  CHECK(text.out.find("TP 3 refused [vllm.heads]") != std::string::npos);

  const auto done = run_headroom(speed({"--model", "qwen3-14b", "--tp", "1..4,16", "--json"}));
  const auto json = nlohmann::json::parse(done.out);
  REQUIRE(json["models"].size() == 2);
  const auto& sizes = json["models"][0]["sizes"];
  REQUIRE(sizes.size() == 5);
  const double one = sizes[0]["speed"]["tpot_ms"]["value"];
  CHECK(one > 5.0);  // 55 GB of weights at 4.8 TB/s take more
  CHECK(sizes[3]["speed"]["tpot_ms"]["value"].get<double>() < one);
  CHECK(sizes[4]["beyond_nvswitch_domain"] == true);
  CHECK(json["models"][1]["sizes"][4]["refusal"]["rule"] == "vllm.heads");  // 40 heads
}

TEST_CASE("speed says where no profile speaks for a GPU", "[cli]") {
  const auto old = run_headroom({"speed", "--model", "phi-4", "--gpu", "T4"});
  CHECK(old.exit_code == 1);
  CHECK(old.out.empty());
  CHECK(old.err.find("phi-4 on T4: no profile") != std::string::npos);
}

TEST_CASE("speed refuses bad questions and says what to do", "[cli]") {
  check_refused({
      BadInput{"no model", {}, {"--model", "required"}, {"speed", "--gpu", "H200"}},
      BadInput{"no GPU", {}, {"--gpu", "required"}, {"speed", "--model", "phi-4"}},
      BadInput{"an unknown model",
               {},
               {"--model: unknown model 'gemma-3-27'", "did you mean gemma-3-27b-it?"},
               {"speed", "--model", "gemma-3-27", "--gpu", "H200"}},
      BadInput{"an unknown GPU",
               {},
               {"--gpu: unknown GPU type 'H201'", "did you mean 'H200'?", "headroom gpus"},
               {"speed", "--model", "phi-4", "--gpu", "H201"}},
      bad("size 0", {"--tp", "0"}, {"--tp: '0' is not a tensor parallel size", "1..8"}),
      bad("no size", {"--tp", "1,"}, {"--tp: '' is not a tensor parallel size"}),
      bad("a range backwards", {"--tp", "8..1"}, {"--tp: '8..1' is not a tensor parallel size"}),
      bad("half a range", {"--tp", "2.."}, {"--tp: '' is not a tensor parallel size"}),
      bad("an unknown engine", {"--engine", "vlm"}, {"--engine: unknown engine 'vlm'", "'vllm'?"}),
      bad("an engine of other kernels", {"--engine", "llama.cpp"}, {"--engine", "not measured"}),
      bad("no request", {"--concurrency", "0"}, {"--concurrency"}),
      bad("no prompt", {"--input", "0"}, {"--input"}),
      bad("one token", {"--output", "1"}, {"--output"}),
      bad("a strange cache", {"--kv-cache", "fp4"}, {"--kv-cache", "fp8"}),
      bad("no pipeline stage", {"--pp", "0"}, {"--pp"}),
      bad("a figure of stages", {"--pp", "2", "--plot", "@/a.svg"}, {"--plot", "leave out --pp"}),
      bad("a profile that is not there", {"--profile", "@/none.json"}, {"@/none.json"}),
      bad("a figure into no folder", {"--plot", "@/none/a.svg"}, {"@/none", "not there"}),
      bad("a figure of another kind", {"--plot", "@/a.png"}, {"--plot", ".svg"}),
  });
}

TEST_CASE("what a command line says reaches the terminal without control characters") {
  for (const auto& arguments :
       {std::vector<std::string>{"speed", "--model", "qwen3-14b", "--gpu", "H\x1b[31m"},
        {"speed", "--model", "m", "--gpu", "g", "--\x1b[31m", "x"},
        {"\x1b[31m"}}) {
    const auto refused = run_headroom(arguments);
    CHECK(refused.exit_code == 2);
    CHECK(refused.err.find("?[31m") != std::string::npos);
    CHECK(refused.err.find('\x1b') == std::string::npos);
  }
}
