// headroom policies | models | gpus | engines | mixes: what is there, a line each, tab-separated.

#include "cli/commands.hpp"
#include "policies/registry.hpp"
#include "sim/engine/engine.hpp"
#include "sim/hardware/gpu_type.hpp"
#include "sim/models/model.hpp"
#include "study/examples.hpp"
#include "traces/formats.hpp"
#include "traces/mix.hpp"
#include "traces/token_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace headroom::cli {
namespace {

const char* kinds_taken(const PolicyInfo& policy) {
  if (!policy.takes_llm) return "opaque tasks";
  return policy.takes_opaque ? "deployments and tasks" : "deployments";
}

void list_policies() {
  fmt::print("policy\ttakes\tdescription\n");
  for (const auto& policy : policies()) {
    fmt::print("{}\t{}\t{}\n", policy.name, kinds_taken(policy), policy.description);
  }
}

void list_models() {
  fmt::print("model\theads\tkv_heads\thead_dim\tlayers\tparameters\tweights\tsource\n");
  for (const Model& model : model_catalogue()) {
    fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", model.name, model.text.heads(),
               model.text.kv_heads(), model.text.head_dim(), model.text.layers(),
               total_parameters(model), bytes_text(weight_bytes(model)), model.source);
  }
}

// In `unit`s; a dash for what the type does not have.
std::string figure(std::int64_t value, double unit) {
  return value == 0 ? "-" : fmt::format("{:g}", static_cast<double>(value) / unit);
}

void list_gpus() {
  constexpr double kGiga = 1e9;
  constexpr double kTera = 1e12;
  fmt::print(
      "gpu\tmemory\tbandwidth_gb_s\tbf16_tflops\tfp16_tflops\tfp8_tflops\tcapability\t"
      "nvlink_gb_s\tpcie_gb_s\tsource\n");
  for (const GpuType& gpu : gpu_catalogue()) {
    fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}.{}\t{}\t{}\t{}\n", gpu.name, bytes_text(gpu.memory),
               figure(gpu.memory_bandwidth, kGiga), figure(gpu.bf16_rate, kTera),
               figure(gpu.fp16_rate, kTera), figure(gpu.fp8_rate, kTera),
               gpu.compute_capability / 10, gpu.compute_capability % 10,
               figure(gpu.nvlink_bandwidth, kGiga), figure(gpu.pcie_bandwidth, kGiga), gpu.source);
  }
}

void list_engines() {
  fmt::print("engine\trule\tdescription\n");
  for (const auto& name : engine_names()) {
    const auto engine = make_engine(name, {});
    for (const auto& rule : (*engine)->rules()) {
      fmt::print("{}\t{}\t{}\n", name, rule.id, rule.description);
    }
  }
}

std::string_view phase_name(Refusal::Phase phase) {
  switch (phase) {
    case Refusal::Phase::configuration:
      return "configuration";
    case Refusal::Phase::model_build:
      return "model build";
    case Refusal::Phase::memory:
      return "memory";
  }
  return "";
}

/// Rules and remarks as the tables of docs/engines.md. Vertical bars would end a cell: none is in
/// them.
Status print_engine_tables(const std::string& name) {
  HEADROOM_TRY(const auto engine, make_engine(name, {}));
  fmt::print("| Rule | Accepts when | Phase | Read in |\n| --- | --- | --- | --- |\n");
  for (const auto& rule : engine->rules()) {
    fmt::print("| `{}` | {} | {} | {} |\n", rule.id, rule.description, phase_name(rule.phase),
               rule.source);
  }
  if (engine->remarks().empty()) return {};
  fmt::print("\n| Remark | Made when | Read in |\n| --- | --- | --- |\n");
  for (const auto& remark : engine->remarks()) {
    fmt::print("| `{}` | {} | {} |\n", remark.id, remark.description, remark.source);
  }
  return {};
}

void add_engines_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("engines", "List the serving engines and their rules");
  auto wanted = std::make_shared<std::string>();
  command
      ->add_option("--markdown", *wanted, "The tables of one engine, as docs/engines.md has them")
      ->type_name("ENGINE")
      ->expected(0, 1)
      ->default_str("");
  command->callback([command, wanted, &exit_code] {
    if (command->count("--markdown") == 0) return list_engines();
    const Status status = print_engine_tables(wanted->empty() ? engine_names().front() : *wanted);
    if (!status) exit_code = report(status.error());
  });
}

void list_formats() {
  fmt::print("format\tdescription\n");
  for (const auto& format : task_formats()) {
    fmt::print("{}\t{}\n", format.name, format.description);
  }
  for (const auto& format : token_formats()) {
    fmt::print("{}\t{}\n", format.name, format.description);
  }
}

Status list_mixes() {
  HEADROOM_TRY(const auto folder, examples_folder());
  std::vector<std::filesystem::path> files;
  const std::filesystem::path mixes = folder / "mixes";
  std::error_code code;
  for (std::filesystem::directory_iterator entry(mixes, code), end; !code && entry != end;
       entry.increment(code)) {
    files.push_back(entry->path());
  }
  if (code) return fail("this folder cannot be read: " + code.message(), {mixes.string()});
  std::sort(files.begin(), files.end());
  fmt::print("mix\tentries\tfile\tdescription\n");
  for (const auto& file : files) {
    HEADROOM_TRY(const Mix mix, read_mix(file));
    fmt::print("{}\t{}\t{}\t{}\n", mix.name, mix.entries.size(), file.string(), mix.description);
  }
  return {};
}

}  // namespace

void add_list_commands(CLI::App& app, int& exit_code) {
  app.add_subcommand("policies", "List the placement policies")->callback(list_policies);
  app.add_subcommand("models", "List the built-in models")->callback(list_models);
  app.add_subcommand("gpus", "List the built-in GPU types")->callback(list_gpus);
  add_engines_command(app, exit_code);
  app.add_subcommand("formats", "List the trace formats")->callback(list_formats);
  app.add_subcommand("mixes", "List the shipped mixes of models")->callback([&exit_code] {
    const Status status = list_mixes();
    if (!status) exit_code = report(status.error());
  });
}

}  // namespace headroom::cli
