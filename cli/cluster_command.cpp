// headroom cluster import | show: your own cluster as a file, and a cluster on the terminal.

#include "cli/commands.hpp"
#include "sim/core/printable.hpp"
#include "study/cluster_import/cluster_toml.hpp"
#include "study/cluster_import/sources.hpp"
#include "study/cluster_show.hpp"
#include "study/output_file.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace headroom::cli {
namespace {

struct ImportArguments {
  std::string nodes;
  std::string pods;
  std::string workers;
  std::string query;
  std::string topology;
  std::string node = "node0";
  std::string name;
  std::string assume_gpu;
  std::string out;
  bool force = false;
};

std::optional<std::filesystem::path> path_if(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return std::filesystem::path(text);
}

Status finish_import(const ImportArguments& arguments, const Result<FoundCluster>& found) {
  if (!found) return tl::unexpected<Error>(found.error());
  std::optional<GpuType> assumed;
  if (!arguments.assume_gpu.empty()) {
    auto type = find_gpu_type(arguments.assume_gpu);
    if (!type) return fail(type.error().message, {"--assume-gpu"}, type.error().hint);
    assumed = std::move(*type);
  }
  HEADROOM_TRY(const ImportedCluster cluster,
               write_cluster(*found, arguments.name, assumed ? &*assumed : nullptr));
  HEADROOM_TRY(OutputFile out, OutputFile::open(arguments.out, arguments.force));
  HEADROOM_CHECK(out.write(cluster.toml));
  HEADROOM_CHECK(out.close());
  for (const auto& sentence : cluster.assumptions) {
    fmt::print(stderr, "headroom: assumed: {}\n", printable(sentence));
  }
  return {};
}

void add_common(CLI::App& command, ImportArguments& a) {
  command.add_option("--name", a.name, "Name of the cluster, for people")->type_name("NAME");
  command
      .add_option("--assume-gpu", a.assume_gpu,
                  "Type of the catalogue for GPUs whose type the source does not tell")
      ->type_name("TYPE")
      ->check(not_empty());
  command.add_option("--out", a.out, "Write to this file; default: standard output")
      ->type_name("FILE")
      ->check(not_empty());
  command.add_flag("--force", a.force, "Replace the --out file");
}

void add_kubernetes(CLI::App& import, int& exit_code) {
  auto a = std::make_shared<ImportArguments>();
  CLI::App* command = import.add_subcommand("kubernetes", "From kubectl's lists of nodes and pods");
  command->add_option("--nodes", a->nodes, "Output of: kubectl get nodes -o json; - for stdin")
      ->required()
      ->type_name("FILE")
      ->check(not_empty());
  command->add_option("--pods", a->pods, "Output of: kubectl get pods -A -o json")
      ->type_name("FILE")
      ->check(not_empty());
  add_common(*command, *a);
  command->footer(
      "Example:\n"
      "  kubectl get nodes -o json > nodes.json\n"
      "  kubectl get pods -A -o json > pods.json\n"
      "  headroom cluster import kubernetes --nodes nodes.json --pods pods.json --out mine.toml");
  command->callback([a, &exit_code] {
    const Status status = finish_import(*a, import_kubernetes(a->nodes, path_if(a->pods)));
    if (!status) exit_code = report(status.error());
  });
}

void add_gpustack(CLI::App& import, int& exit_code) {
  auto a = std::make_shared<ImportArguments>();
  CLI::App* command = import.add_subcommand("gpustack", "From GPUStack's list of workers");
  command->add_option("workers", a->workers, "Answer of GET /v2/workers; - for stdin")
      ->required()
      ->type_name("FILE")
      ->check(not_empty());
  add_common(*command, *a);
  command->callback([a, &exit_code] {
    const Status status = finish_import(*a, import_gpustack(a->workers));
    if (!status) exit_code = report(status.error());
  });
}

void add_nvidia_smi(CLI::App& import, int& exit_code) {
  auto a = std::make_shared<ImportArguments>();
  CLI::App* command = import.add_subcommand("nvidia-smi", "From the driver of one node");
  command->add_option("query", a->query, "Output of: nvidia-smi -q -x; - for stdin")
      ->required()
      ->type_name("FILE")
      ->check(not_empty());
  command->add_option("--topo", a->topology, "Output of: nvidia-smi topo -m, on the same node")
      ->type_name("FILE")
      ->check(not_empty());
  command->add_option("--node", a->node, "The node's name; default node0")
      ->type_name("NAME")
      ->check(not_empty());
  add_common(*command, *a);
  command->callback([a, &exit_code] {
    const Status status =
        finish_import(*a, import_nvidia_smi(a->query, path_if(a->topology), a->node));
    if (!status) exit_code = report(status.error());
  });
}

// Bars are coloured for a person at a terminal who has not asked for none (no-color.org).
bool wants_colour() {
  const char* none = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) != 0 && (none == nullptr || *none == '\0');
}

void add_show(CLI::App& cluster, int& exit_code) {
  struct ShowArguments {
    std::string file;
    bool json = false;
  };
  auto a = std::make_shared<ShowArguments>();
  CLI::App* command = cluster.add_subcommand("show", "Draw a cluster on the terminal");
  command->add_option("file", a->file, "Cluster or scenario file (TOML)")
      ->required()
      ->type_name("FILE");
  command->add_flag("--json", a->json, "Print JSON (docs/cluster.md)");
  command->callback([a, &exit_code] {
    const auto spec = read_any_cluster(a->file);
    if (!spec) {
      exit_code = report(spec.error());
      return;
    }
    const std::string name = std::filesystem::path(a->file).filename().string();
    fmt::print("{}",
               a->json ? cluster_json(*spec, name) : cluster_text(*spec, name, wants_colour()));
  });
}

}  // namespace

void add_cluster_command(CLI::App& app, int& exit_code) {
  CLI::App* cluster = app.add_subcommand("cluster", "Your own cluster: import it, draw it");
  cluster->require_subcommand(1);
  CLI::App* import = cluster->add_subcommand(
      "import", "Write a cluster file from what other programs print, and say what was assumed");
  import->require_subcommand(1);
  add_kubernetes(*import, exit_code);
  add_gpustack(*import, exit_code);
  add_nvidia_smi(*import, exit_code);
  add_show(*cluster, exit_code);
}

}  // namespace headroom::cli
