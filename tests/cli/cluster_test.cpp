// headroom cluster import and show, as a user runs them.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

using namespace headroom::test;

namespace {

const char* const kNode = R"({"kind": "Node", "metadata": {"name": "one", "labels": {
  "nvidia.com/gpu.product": "NVIDIA-L40S", "nvidia.com/gpu.memory": "46068"}},
  "status": {"allocatable": {"nvidia.com/gpu": "4", "cpu": "64"}}})";

}  // namespace

TEST_CASE("an imported cluster is drawn, and a scenario runs on it", "[cli]") {
  const TempDir folder;
  const std::string nodes = folder.write("nodes.json", kNode).string();
  const std::string file = (folder.path() / "mine.toml").string();
  const auto import =
      run_headroom({"cluster", "import", "kubernetes", "--nodes", nodes, "--out", file});
  CHECK(import.exit_code == 0);
  CHECK(import.out.empty());
  CHECK(import.err.find("headroom: assumed: 'NVIDIA-L40S' is taken as L40S") != std::string::npos);
  CHECK(read_file(file).find("# - 'NVIDIA-L40S' is taken as L40S") != std::string::npos);
  CHECK(read_file(file).find("name = \"L40S\"\nmemory = \"46068MiB\"\n") != std::string::npos);

  const auto printed = run_headroom({"cluster", "import", "kubernetes", "--nodes", nodes});
  CHECK(printed.out == read_file(file));
  const auto again =
      run_headroom({"cluster", "import", "kubernetes", "--nodes", nodes, "--out", file});
  CHECK(again.exit_code == 2);
  CHECK(again.err.find("this file exists already") != std::string::npos);
  CHECK(again.err.find("--force") != std::string::npos);

  const auto show = run_headroom({"cluster", "show", file});
  CHECK(show.exit_code == 0);
  CHECK(show.out.find("   1 x  [L40S x4]  used 0") != std::string::npos);
  const auto json = nlohmann::json::parse(run_headroom({"cluster", "show", "--json", file}).out);
  CHECK(json["schema"] == "headroom.cluster-show");
  CHECK(json["gpus"] == 4);
  CHECK(json["groups"][0]["gpus"][0]["type"] == "L40S");
  CHECK(json["groups"][0]["names"][0] == "one");

  const std::string scenario =
      folder
          .write("s.toml",
                 "cluster.file = \"mine.toml\"\n[[request]]\nname = \"a\"\n"
                 "model = \"gemma-3-27b-it\"\n")
          .string();
  const auto run = run_headroom({"run", scenario});
  CHECK(run.exit_code == 0);
  const auto shown = run_headroom({"cluster", "show", scenario});
  CHECK(shown.out.find("[L40S x4]") != std::string::npos);
}

TEST_CASE("a name that no file can have is refused", "[cli]") {
  const TempDir folder;
  const std::string nodes = folder.write("nodes.json", kNode).string();
  const std::string name(300, 'x');
  const auto import = run_headroom({"cluster", "import", "kubernetes", "--nodes", nodes, "--out",
                                    (folder.path() / name).string()});
  CHECK(import.exit_code == 2);
  CHECK(import.err.find("cannot make this file: File name too long") != std::string::npos);
}

TEST_CASE("bad imports are refused with what is wanted", "[cli]") {
  const auto import = [](const std::string& what, std::vector<std::string> more,
                         const std::string& text, std::vector<std::string> pieces) {
    std::vector<std::string> arguments = {"cluster", "import"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return BadInput{what, {{"in", text}}, std::move(pieces), std::move(arguments)};
  };
  check_refused({
      import("cut off JSON", {"kubernetes", "--nodes", "@/in"},
             "{\"kind\": ", {"in:1:", "not JSON, or cut off", "kubectl get nodes -o json"}),
      import("not workers", {"gpustack", "@/in"}, "{}", {"no list of items", "/v2/workers"}),
      import("not XML", {"nvidia-smi", "@/in"}, "<a", {"not XML", "nvidia-smi -q -x"}),
      import("an unknown type", {"kubernetes", "--nodes", "@/in", "--assume-gpu", "H10"}, kNode,
             {"--assume-gpu", "unknown GPU type 'H10'"}),
      import("no source", {}, "", {"subcommand is required"}),
      BadInput{"no such file", {}, {"cannot read this file"}, {"cluster", "show", "@/none"}},
      BadInput{
          "not TOML", {{"a.toml", "x ="}}, {"not valid TOML"}, {"cluster", "show", "@/a.toml"}},
  });
}
