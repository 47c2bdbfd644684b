// Every key that a reader asks for is in its document, between backticks.

#include "tests/catch.hpp"
#include "tests/support.hpp"

#include <regex>
#include <set>

using namespace headroom::test;

namespace {

// The keys in calls such as table.integer_or("count", ...), has("x"), step("backoff_first_s", ...).
std::set<std::string> keys_asked_for(const std::string& source) {
  static const std::regex call(
      R"re((?:integer|number|numbers|text|choice|bytes|seconds|link_rate|texts|integers|flag|table|tables|)re"
      R"re(has|step|weights_of|)re"
      R"re(optional_count|path_at|seconds_up_to)(?:_or)?\s*\(\s*(?:[a-z]+,\s*)?"([a-z_0-9]+)")re");
  std::set<std::string> out;
  for (std::sregex_iterator it(source.begin(), source.end(), call), end; it != end; ++it) {
    out.insert((*it)[1]);
  }
  return out;
}

}  // namespace

TEST_CASE("every key of a scenario and a cluster is documented", "[cli]") {
  const std::string documents = read_file(source_path("docs/scenario.md")) +
                                read_file(source_path("docs/cluster.md")) +
                                read_file(source_path("docs/cluster-events.md"));
  REQUIRE_FALSE(documents.empty());
  std::size_t keys = 0;
  for (const char* file :
       {"study/scenario.cpp", "study/queue_reader.cpp", "study/cluster_file.cpp",
        "study/listed_requests.cpp", "study/dynamics_reader.cpp", "study/generator_workload.cpp",
        "sim/cluster/spec.cpp", "sim/cluster/links_reader.cpp", "sim/cluster/network_reader.cpp"}) {
    for (const auto& key : keys_asked_for(read_file(source_path(file)))) {
      INFO(file << ": " << key);
      CHECK(documents.find("`" + key + "`") != std::string::npos);
      ++keys;
    }
  }
  CHECK(keys > 60);  // or the search for them has gone blind
}

TEST_CASE("every key of a generator file is documented", "[cli]") {
  const std::string document = read_file(source_path("docs/generator.md"));
  std::size_t keys = 0;
  for (const auto& key :
       keys_asked_for(read_file(source_path("traces/generate/spec_reader.cpp")))) {
    INFO(key);
    CHECK(document.find("`" + key + "`") != std::string::npos);
    ++keys;
  }
  CHECK(keys > 30);
}

TEST_CASE("every key of a result and a decision log is documented", "[cli]") {
  static const std::regex key(R"re(\{"([a-z_0-9]+)",|\["([a-z_0-9]+)"\])re");
  const auto check = [](const std::string& source, const std::string& document, std::size_t least) {
    const std::string text = read_file(source_path(document));
    const std::string code = read_file(source_path(source));
    std::size_t keys = 0;
    for (std::sregex_iterator it(code.begin(), code.end(), key), end; it != end; ++it) {
      const std::string name = (*it)[1].matched ? (*it)[1] : (*it)[2];
      INFO(source << ": " << name);
      CHECK(text.find("`" + name + "`") != std::string::npos);
      ++keys;
    }
    CHECK(keys > least);
  };
  check("study/result_json.cpp", "docs/result.md", 30);
  check("study/decision_log.cpp", "docs/decision-log.md", 20);
  check("study/saved_state_writer.cpp", "docs/state.md", 30);
}
