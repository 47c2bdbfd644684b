#include "study/generator_workload.hpp"

#include "study/generated_requests.hpp"

#include <fmt/format.h>

#include <array>

namespace headroom {

namespace fs = std::filesystem;

Result<std::optional<TokenProfile>> read_tokens(const ConfigTable& table, const fs::path& base,
                                                bool as_llm) {
  TokenRule rule;
  rule.window = table.seconds_or("tokens_window_s", rule.window);
  rule.per_token = table.seconds_or("tokens_step_s", rule.per_token);
  for (const char* key : {"tokens_window_s", "tokens_step_s"}) {
    if (!table.has(key)) continue;
    if (!table.has("tokens")) {
      table.reject(key, fmt::format("'workload.{}' needs a 'tokens' trace", key));
    }
    if (table.status() && table.seconds_or(key, {}) <= Duration::zero()) {
      table.reject(key, fmt::format("'workload.{}' must be above 0", key));
    }
  }
  if (table.has("tokens") && !as_llm) {
    table.reject("tokens", "'workload.tokens' is for deployments: it needs as = \"llm\"");
  }
  HEADROOM_CHECK(table.status());
  if (!table.has("tokens")) return std::nullopt;
  HEADROOM_TRY(const fs::path file, path_at(table, "tokens", base));
  return read_token_profile(file, "", rule);
}

Result<TaskGeneratorWorkload> read_generator_workload(const ConfigTable& table,
                                                      const fs::path& base,
                                                      std::int64_t cluster_gpus) {
  TaskGeneratorWorkload workload;
  HEADROOM_TRY(workload.file, path_at(table, "generator", base));
  HEADROOM_TRY(workload.spec, read_generator(workload.file));
  if (table.has("requests")) {
    workload.spec.requests = table.integer("requests", {1, kMostGenerated});
  }
  if (table.has("span_s")) workload.spec.span = table.seconds_or("span_s", {});
  static const std::array<std::string, 2> meanings = {"opaque", "llm"};
  workload.as_llm = table.choice_or("as", meanings, "opaque") == "llm";
  if (table.has("load")) workload.load = table.number("load", {0.001, 100.0});
  HEADROOM_TRY(workload.tokens, read_tokens(table, base, workload.as_llm));
  if (!workload.spec.requests && !workload.spec.span) {
    return fail("this generator does not say when to stop", table.place("generator"),
                "give 'requests' or 'span_s'");
  }
  if (workload.load) {
    auto scaled = at_load(std::move(workload.spec), *workload.load, cluster_gpus);
    if (!scaled) return fail(scaled.error().message, table.place("load"), scaled.error().hint);
    workload.spec = *std::move(scaled);
  }
  if (table.has("mix")) {
    HEADROOM_TRY(const fs::path file, path_at(table, "mix", base));
    HEADROOM_TRY(workload.mix, read_mix(file));
  } else if (workload.as_llm) {
    HEADROOM_TRY(workload.mix, mix_of(workload.spec, workload.file));
  }
  if (workload.as_llm && !workload.mix) {
    return fail("as = \"llm\" needs a mix of models", table.place("as"),
                "for example mix = \"mixes/model-zoo.toml\", here or in the generator file");
  }
  return workload;
}

}  // namespace headroom
