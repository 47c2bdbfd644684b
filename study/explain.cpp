#include "study/explain.hpp"

#include "sim/core/units.hpp"
#include "sim/policy/placer.hpp"
#include "study/run_folder.hpp"
#include "traces/line_reader.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <system_error>
#include <vector>

namespace headroom {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kLogLine = std::size_t{16} << 20;

std::string at(const Json& record) {
  const auto time = duration_from_seconds(record.value("t", 0.0));
  return fmt::format("at {} s", seconds_text(time.value_or(Duration(0))));
}

std::string asked_for(const Json& record) {
  std::string out;
  if (record.contains("model")) {
    out = fmt::format("{} ({} of weights), context {}, {} sequences, U = {}",
                      record.value("model", ""),
                      bytes_text(record.value("weight_bytes", std::int64_t{0})),
                      record.value("context", std::int64_t{0}),
                      record.value("sequences", std::int64_t{0}), record.value("utilisation", 0.0));
    if (record.value("shared", false)) out += ", may share its GPUs";
  } else {
    const auto gpus = record.value("gpus", 0);
    const auto milli = record.value("gpu_milli", 1000);
    out = gpus == 0       ? std::string("a task without GPUs")
          : milli == 1000 ? fmt::format("a task of {} GPU{}", gpus, gpus == 1 ? "" : "s")
                          : fmt::format("a task of {}/1000 of a GPU", milli);
  }
  if (record.contains("group")) out += ", one of group " + record.value("group", "");
  return out;
}

std::string passed_over(const Json& record) {
  std::string out;
  if (!record.contains("passed_over")) return out;
  std::string told;
  for (const auto& item : record["passed_over"]) {
    if (item.value("rule", "") == kTold) {
      told += (told.empty() ? "" : "; ") + item.value("why", "");
      continue;
    }
    out += fmt::format("      passed over {}: {}\n", item.value("what", ""), item.value("why", ""));
  }
  if (!told.empty()) out = fmt::format("      told: {}\n", told) + out;
  if (const auto more = record.value("passed_over_more", 0); more > 0) {
    out += fmt::format("      and {} more\n", more);
  }
  return out;
}

std::string decision(const Json& record) {
  const std::string verdict = record.value("verdict", "");
  if (verdict == "place") {
    const std::string gpu =
        record.contains("gpu") ? " on " + record.value("gpu", "") : std::string();
    const std::string plan =
        record.contains("tp") ? " with " + record.value("plan", "") : std::string();
    const std::string share = record.contains("utilisation")
                                  ? fmt::format(" at U = {}", record.value("utilisation", 0.0))
                                  : std::string();
    return fmt::format("    {}: placed{}{}{}, at try {}: {}\n{}", at(record), gpu, plan, share,
                       record.value("try", 0), record.value("why", ""), passed_over(record));
  }
  return fmt::format("    {}: {} ({})\n{}", at(record),
                     verdict == "never" ? "turned away for good" : "did not fit, waits",
                     record.value("why", ""), passed_over(record));
}

std::string nodes(const Json& record) {
  std::string out;
  for (const auto& node : record["nodes"]) {
    const auto& devices = node["devices"];
    out += fmt::format("      {}", node.value("node", ""));
    if (!devices.empty()) {
      const bool one = devices.size() == 1;
      out += fmt::format(": device{} {}, {} of {}", one ? "" : "s",
                         fmt::join(devices.get<std::vector<int>>(), ", "),
                         bytes_text(node.value("bytes", std::int64_t{0})), one ? "it" : "each");
    }
    out += "\n";
  }
  return out;
}

std::string refusal(const Json& record) {
  const int attempt = record.value("attempt", 0);
  if (attempt == 1) {
    return fmt::format("    {}: the engine refused to start ({}): {}\n", at(record),
                       record.value("rule", ""), record.value("sentence", ""));
  }
  return fmt::format("    {}: refused again, attempt {}\n", at(record), attempt);
}

std::string ending(const Json& record) {
  std::string out = fmt::format("    {}: ended: {}", at(record), record.value("outcome", ""));
  if (record.contains("reason")) out += fmt::format(" ({})", record.value("reason", ""));
  if (record.value("timeout", false)) out += ", its waiting limit ran out";
  if (const int tries = record.value("tries", 0); tries > 1) {
    out += fmt::format(", after {} tries", tries);
  }
  if (record.value("outcome", "").starts_with("refused")) return out + "\n";
  return out + fmt::format("; waited {} s\n", record.value("waited_s", 0.0));
}

std::string sentence(const Json& record) {
  const std::string event = record.value("event", "");
  if (event == "submitted") {
    return fmt::format("    {}: asked for {}\n", at(record), asked_for(record));
  }
  if (event == "decided") return decision(record);
  if (event == "placed") return nodes(record);
  if (event == "refused") return refusal(record);
  if (event == "lost") {
    return fmt::format("    {}: lost its GPUs: {} ({})\n", at(record), record.value("node", ""),
                       record.value("cause", ""));
  }
  if (event == "ready") return fmt::format("    {}: ready\n", at(record));
  return ending(record);
}

struct Paragraph {
  std::string name;  // of the request
  std::string text;
};

// What one log says of a request, by its name, else by its number; nullopt when it is not in it.
Result<std::optional<Paragraph>> explain_in(const fs::path& log, const std::string& request) {
  HEADROOM_TRY(auto lines, LineReader::open(log, kLogLine));
  const std::string by_name = "\"name\":" + Json(request).dump();
  std::string marker = "\"request\":" + request + ",";  // if it is a number
  bool found = false;
  Paragraph out;
  while (true) {
    HEADROOM_TRY(const auto line, lines.next());
    if (!line) break;
    const std::string_view text(*line);
    const bool names_it = !found && text.find(by_name) != std::string_view::npos;
    if (!names_it && text.find(marker) == std::string_view::npos &&
        text.find(marker.substr(0, marker.size() - 1) + "}") == std::string_view::npos) {
      continue;
    }
    try {
      const Json record = Json::parse(text);
      if (names_it) {
        if (record.value("name", "") != request) continue;
        marker = fmt::format("\"request\":{},", record.value("request", std::int64_t{0}));
        out.text.clear();
        found = true;
      }
      if (record.contains("name")) out.name = record.value("name", "");
      out.text += sentence(record);
    } catch (const Json::exception&) {
      return fail("this line is not a record of a decision log", lines.place(),
                  "the file is damaged: run the scenario again");
    }
  }
  if (out.text.empty()) return std::nullopt;
  return out;
}

}  // namespace

Result<std::string> explain_request(const fs::path& run, const std::string& request) {
  std::error_code code;
  if (!fs::exists(run / kResultFile, code)) {
    return fail("this is not the folder of a run: no result.json in it", {run.string()},
                "give the folder that `headroom run --out` wrote");
  }
  std::vector<fs::path> logs;
  for (fs::directory_iterator entry(run, code), end; !code && entry != end; entry.increment(code)) {
    // Also one that somebody has unpacked.
    const std::string name = entry->path().filename().string();
    if (name.starts_with(kDecisionsFile.prefix)) logs.push_back(entry->path());
  }
  if (code) return fail("this folder cannot be read: " + code.message(), {run.string()});
  std::sort(logs.begin(), logs.end());
  if (logs.empty()) {
    return fail("this run has no decision logs", {run.string()}, "run it again without --no-log");
  }
  std::string out;
  for (const auto& log : logs) {
    HEADROOM_TRY(const auto paragraph, explain_in(log, request));
    if (!paragraph) continue;
    if (out.empty()) {
      const bool by_name = paragraph->name == request;
      out = by_name ? fmt::format("Request {}\n", request)
                    : fmt::format("Request {}, number {}\n", paragraph->name, request);
    }
    std::string name = log.filename().string();
    name = name.substr(10, name.find(".jsonl") - 10);
    out += fmt::format("  under {}\n{}", name, paragraph->text);
  }
  if (out.empty()) {
    return fail(fmt::format("there is no request '{}' in this run", request), {run.string()});
  }
  return out;
}

}  // namespace headroom
