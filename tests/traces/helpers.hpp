#pragma once
// What the tests of trace readers share.

#include "sim/workload/request.hpp"
#include "tests/support.hpp"
#include "traces/mix.hpp"
#include "traces/task.hpp"

#include <zlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headroom::test {

/// Tasks from a list.
class ListReader final : public TaskReader {
 public:
  explicit ListReader(std::vector<TraceTask> tasks) : tasks_(std::move(tasks)) {}
  Result<std::optional<TraceTask>> next() override {
    if (at_ == tasks_.size()) return std::nullopt;
    return tasks_[at_++];
  }

 private:
  std::vector<TraceTask> tasks_;
  std::size_t at_ = 0;
};

inline std::unique_ptr<TaskReader> list_reader(std::vector<TraceTask> tasks) {
  return std::make_unique<ListReader>(std::move(tasks));
}

inline TraceTask task(std::string name, std::int64_t arrival_s, std::int64_t lifetime_s, int gpus,
                      int milli = 1000) {
  TraceTask out;
  out.name = std::move(name);
  out.arrival = SimTime(std::chrono::seconds(arrival_s));
  out.lifetime = std::chrono::seconds(lifetime_s);
  out.gpus = gpus;
  out.milli = milli;
  return out;
}

/// All that a reader or source gives; an error fails the test.
template <class Source>
auto collect(Source& source) {
  auto item = require_value(source.next());
  std::vector<typename decltype(item)::value_type> out;
  for (; item; item = require_value(source.next())) out.push_back(*item);
  return out;
}

/// The first error that a reader or source gives, or "" if it reaches its end.
template <class Source>
std::string first_error(Source& source) {
  while (true) {
    auto item = source.next();
    if (!item) return item.error().text();
    if (!*item) return "";
  }
}

/// The text of an error, or a failed test.
template <class T>
std::string require_error(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().text();
}

/// The invented traces of traces/samples, one a format, and their formats.
inline const std::vector<std::pair<std::string, std::string>>& samples() {
  static const std::vector<std::pair<std::string, std::string>> all{
      {"native.jsonl", "native"},
      {"tasks.csv", "csv"},
      {"openb-pods.csv", "openb-pods"},
      {"itp-jobs.csv", "itp"},
      {"philly-jobs.csv", "philly"},
      {"crux-jobs.csv", "crux"},
      {"dlrm-instances.csv", "dlrm"},
      {"muri-jobs.csv", "muri"},
      {"elasticflow-jobs.csv", "elasticflow"},
      {"tiresias-jobs.csv", "tiresias"},
      {"pollux-jobs.csv", "pollux"},
      {"jobs.swf", "swf"},
      {"azure-llm-requests.csv", "azure-llm"},
      {"mooncake-requests.jsonl", "mooncake"},
      {"genai-requests.csv", "genai"},
  };
  return all;
}

inline std::chrono::nanoseconds seconds_of(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

inline std::filesystem::path write_gz(const TempDir& folder, const std::string& name,
                                      std::string_view content) {
  std::filesystem::path file = folder.path() / name;
  const gzFile out = gzopen(file.c_str(), "wb");
  REQUIRE(out != nullptr);
  REQUIRE(gzwrite(out, content.data(), static_cast<unsigned>(content.size())) ==
          static_cast<int>(content.size()));
  REQUIRE(gzclose(out) == Z_OK);
  return file;
}

/// Asserts that `text` holds `part`, showing both if it does not.
inline void check_holds(const std::string& text, const std::string& part) {
  INFO("in: " << text);
  INFO("wanted: " << part);
  CHECK(text.find(part) != std::string::npos);
}

}  // namespace headroom::test
