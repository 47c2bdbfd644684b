// Every reader, a bad value in every column: the error names file, line, column, key and value.

#include "tests/traces/helpers.hpp"
#include "traces/formats.hpp"
#include "traces/native.hpp"
#include "traces/token_formats.hpp"

#include <algorithm>
#include <set>

namespace headroom {

using namespace test;

namespace {

constexpr std::string_view kBad = "?!";

/// The first error of reading a file as this format.
std::string read_error(const std::string& format, const std::filesystem::path& file) {
  if (const TokenFormat* tokens = find_token_format(format)) {
    auto reader = require_value(tokens->open(file, {}));
    return first_error(*reader);
  }
  const auto tasks = find_task_format(format);
  REQUIRE(tasks.has_value());
  if ((*tasks)->open_requests != nullptr) {
    auto source = require_value((*tasks)->open_requests(file, {}));
    return first_error(*source);
  }
  auto reader = require_value((*tasks)->open_tasks(file, {}));
  return first_error(*reader);
}

std::vector<std::string> split(std::string_view line, std::string_view separator) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = std::min(line.find(separator), line.size());
    out.emplace_back(line.substr(0, end));
    if (end == line.size()) return out;
    line.remove_prefix(end + separator.size());
  }
}

struct CsvSample {
  std::string format;
  std::vector<std::string> columns;
  std::vector<std::string> values;  // of the first row
};

CsvSample csv_sample(const std::string& name, const std::string& format) {
  const std::string text = read_file(source_path("traces/samples/" + name));
  auto lines = split(text, "\n");
  for (std::string& line : lines) std::erase(line, '\r');
  std::erase(lines[0], '#');
  return {format, split(lines[0], ","), split(lines[1], ",")};
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + text;
  return out;
}

std::string csv_error(const CsvSample& sample, const std::vector<std::string>& values) {
  const TempDir folder;
  return read_error(sample.format,
                    folder.write("t.csv", joined(sample.columns) + "\n" + joined(values) + "\n"));
}

/// The columns in which this text is refused.
std::set<std::string> refusing(const CsvSample& sample, std::string_view bad) {
  std::set<std::string> out;
  std::size_t column = 1;
  for (std::size_t i = 0; i < sample.columns.size(); ++i) {
    auto values = sample.values;
    values[i] = bad;
    const std::string error = csv_error(sample, values);
    if (!error.empty()) {
      check_holds(error, "t.csv:2:" + std::to_string(column) + ": ");
      check_holds(error, sample.columns[i]);
      check_holds(error, bad.empty() ? "empty" : std::string(bad));
      out.insert(sample.columns[i]);
    }
    column += sample.values[i].size() + 1;
  }
  return out;
}

}  // namespace

TEST_CASE("a bad value in any column that is read is refused with its place, column and value") {
  const std::vector<std::pair<std::string, std::set<std::string>>> read{
      {"csv",
       {"arrival_s", "lifetime_s", "gpus", "gpu_milli", "cpu_milli", "ram_bytes", "declared_s",
        "cut_off"}},
      {"openb-pods",
       {"cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "creation_time", "deletion_time",
        "scheduled_time"}},
      {"itp", {"submission_time", "duration", "num_gpu"}},
      {"philly", {"timestamp", "duration", "num_gpus"}},
      {"crux", {"arrival time (sec)", "size", "duration (sec)"}},
      {"dlrm",
       {"cpu_request", "gpu_request", "memory_request", "creation_time", "scheduled_time",
        "deletion_time"}},
      {"muri", {"num_gpu", "submit_time", "duration"}},
      {"elasticflow", {"submit_time", "num_gpu", "duration"}},
      {"tiresias", {"num_gpu", "submit_time", "duration"}},
      {"pollux", {"time", "num_replicas"}},
      {"azure-llm", {"TIMESTAMP", "ContextTokens", "GeneratedTokens"}},
      {"genai", {"gmt_create", "predict_status", "exec_time_seconds"}},
  };
  std::size_t seen = 0;
  for (const auto& [name, format] : samples()) {
    const std::string& wanted_format = format;
    const auto wanted = std::find_if(
        read.begin(), read.end(), [&](const auto& entry) { return entry.first == wanted_format; });
    if (wanted == read.end()) continue;  // not CSV
    INFO(format);
    ++seen;
    const CsvSample sample = csv_sample(name, format);
    CHECK(csv_error(sample, sample.values).empty());
    CHECK(refusing(sample, kBad) == wanted->second);
  }
  CHECK(seen == read.size());
}

TEST_CASE("a CSV row too short or too long is refused where it goes wrong, with what is missing") {
  const TempDir folder;
  const std::string header = "job_id,submission_time,duration,num_gpu\n";
  check_holds(read_error("itp", folder.write("t.csv", header + "a,0,60\n")),
              "t.csv:2:7: this row has 3 fields, the header has 4 columns: 'num_gpu' is missing");
  check_holds(
      read_error("itp", folder.write("t.csv", header + "a,0,60,1, 7,8\n")),
      "t.csv:2:11: this row has 6 fields, the header has 4 columns: '7' is beyond the last");
}

TEST_CASE("a bad value in any field of an SWF row is refused with its place, name and value") {
  const std::vector<std::string> good = split("1 0 -1 5 4 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 -1", " ");
  const TempDir folder;
  std::size_t column = 1;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string row;
    for (std::size_t k = 0; k < good.size(); ++k) {
      row += (k == 0 ? "" : " ") + (k == i ? std::string(kBad) : good[k]);
    }
    const std::string error = read_error("swf", folder.write("j.swf", "; head\n" + row + "\n"));
    check_holds(error, "j.swf:2:" + std::to_string(column) + ": field " + std::to_string(i + 1));
    check_holds(error, "is '?!', but must be a number");
    column += good[i].size() + 1;
  }
  check_holds(read_error("swf", folder.write("j.swf", "1 0 -1 5\n")),
              "j.swf:1:9: this row has 4 fields, but an SWF row has 18: field 5 (allocated "
              "processors) is missing");
  check_holds(read_error("swf", folder.write("j.swf",
                                             "1 0 -1 5 4 -1 -1 4 5 -1 1 1 1 -1 -1 -1 -1 "
                                             "-1 99 7\n")),
              "j.swf:1:46: this row has 20 fields, but an SWF row has 18: '99' is beyond the last");
}

TEST_CASE("a bad value of any key of a JSON line is refused with its place, key and value") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"native", R"({"id":"a","arrival":0,"lifetime":1,"declared":2,"gpus":1,"gpu_milli":500,)"
                 R"("cpu_milli":1,"ram_bytes":1,"gpu_types":["T4"],"group":"g","group_size":2})"},
      {"native", R"({"id":"a","arrival":0,"lifetime":1,"declared":2,"model":"phi-4",)"
                 R"("context":4096,"sequences":4,"batched_tokens":64,"utilisation":0.9,)"
                 R"("shared":true,"allowed_tp":[1,2],"degradations":["context=2048"]})"},
      {"mooncake", R"({"timestamp": 3, "input_length":6,  "output_length": 5 ,"hash_ids":[0, 1]})"},
  };
  const TempDir folder;
  for (const auto& [format, row] : rows) {
    CHECK(read_error(format, folder.write("t.jsonl", row + "\n")).empty());
    for (std::size_t at = row.find("\":"); at != std::string::npos; at = row.find("\":", at + 1)) {
      const std::size_t open = row.rfind('"', at - 1);
      const std::string key = row.substr(open + 1, at - open - 1);
      const std::size_t begin = row.find_first_not_of(' ', at + 2);
      const bool list = row[begin] == '[';
      const std::size_t end = list ? row.find(']', begin) + 1 : row.find_first_of(",}", begin);
      const std::string bad = row.substr(0, begin) + "null" + row.substr(end);
      const std::string error = read_error(format, folder.write("t.jsonl", "\n" + bad + "\n"));
      check_holds(error, "t.jsonl:2:" + std::to_string(begin + 1) + ": '" + key + "' is null");
    }
  }
}

TEST_CASE("what is wrong with a JSON line besides values has a column too") {
  const TempDir folder;
  const auto error = [&](const std::string& row) {
    return read_error("native", folder.write("t.jsonl", row + "\n"));
  };
  check_holds(error(R"(  {"arrival":0,"lifetime":1})"), "t.jsonl:1:3: 'id' is missing");
  check_holds(error(R"({"id":"a","arrival":0,"lifetime":1, "gpu":1})"), ":1:37: unknown key 'gpu'");
  check_holds(error(R"({"id":"\"\u0041","id" :1})"), ":1:18: key 'id' stands twice");
  check_holds(error(R"({"id":"a","gpus":{}})"), ":1:18: 'gpus' is an object");
  check_holds(error(R"({"id":"a","gpu_types":["T4", [1]]})"), ":1:30: 'gpu_types' is an array of");
  check_holds(error(R"({"id":"a","arrival":0,"lifetime":1,"gpu_types":["T4", 17 ,"A10"]})"),
              ":1:55: an item of 'gpu_types' is 17, but must be text");
  check_holds(error(R"({"id":"a","arrival":0,"lifetime":1,"gpu_types":["T4",""]})"),
              ":1:54: an item of 'gpu_types' is '', but must be text");
  check_holds(error(R"({"id":"a","arrival":0,"lifetime":1,"model":"phi-4","allowed_tp":[1,2, 0]})"),
              ":1:71: 'allowed_tp' is 0, but must be from 1");
  check_holds(error(" 7 "), ":1:2: a row must be an object, not 7");
}

TEST_CASE("a native row that is no bare task is refused at its model or group") {
  const TempDir folder;
  const auto error = [&](const std::string& members) {
    auto reader = require_value(open_native_tasks(
        folder.write("t.jsonl", R"({"id":"a","arrival":0,"lifetime":1,)" + members + "}\n")));
    return first_error(*reader);
  };
  check_holds(error(R"("model":"phi-4")"), ":1:44: 'a' has the model 'phi-4'");
  check_holds(error(R"("group":"g","group_size":2)"), ":1:44: 'a' is of the group 'g'");
}

}  // namespace headroom
