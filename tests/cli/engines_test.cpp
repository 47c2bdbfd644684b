// Every engine can be named in a scenario, and is listed.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <fmt/format.h>

using namespace headroom::test;

namespace {

constexpr const char* kEngines[] = {"vllm", "sglang", "tensorrt-llm", "llama.cpp"};

std::string scenario(const char* engine) {
  return fmt::format(R"(policies = ["fallback-search"]
[engine]
name = "{}"
[[cluster.nodes]]
gpu = "RTX-3090"
gpus = 4
[[request]]
name = "llama"
model = "meta-llama-3.1-8b"
lifetime_s = 3600
[[expect]]
policy = "fallback-search"
request = "llama"
outcome = "placed"
)",
                     engine);
}

}  // namespace

TEST_CASE("a scenario runs under every engine", "[cli]") {
  const TempDir folder;
  for (const char* engine : kEngines) {
    const auto result = run_headroom({"run", folder.write("s.toml", scenario(engine)).string()});
    INFO(engine << "\n" << result.out << "\n" << result.err);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
  }
}

TEST_CASE("an unknown engine is told the nearest", "[cli]") {
  const TempDir folder;
  const auto result = run_headroom({"run", folder.write("s.toml", scenario("sgl-lang")).string()});
  CHECK(result.exit_code == 2);
  CHECK(one_line(result.err).find("did you mean 'sglang'?") != std::string::npos);
}

TEST_CASE("headroom engines lists every engine", "[cli]") {
  const auto result = run_headroom({"engines"});
  for (const char* engine : kEngines) {
    INFO(engine);
    CHECK(result.out.find(fmt::format("\n{}\t{}.", engine, engine)) != std::string::npos);
  }
}
