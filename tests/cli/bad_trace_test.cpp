// Bad traces: found when they are opened, or in the middle of a run.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <zlib.h>

#include <filesystem>

using namespace headroom::test;

namespace {

namespace fs = std::filesystem;

const std::string kItpHeader = "job_id,submission_time,duration,num_gpu\n";
const std::string kPodHeader =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,creation_time,deletion_time,"
    "scheduled_time\n";

BadInput itp(const std::string& what, const std::string& rows, std::vector<std::string> pieces) {
  return {what,
          {{"s.toml", trace_scenario("t.csv", "format = \"itp\"\n")}, {"t.csv", rows}},
          std::move(pieces)};
}

BadInput native(const std::string& what, const std::string& rows, std::vector<std::string> pieces) {
  return {what, {{"s.toml", trace_scenario("t.jsonl")}, {"t.jsonl", rows}}, std::move(pieces)};
}

// A trace that is good for so many rows.
std::string good_rows(int count) {
  std::string out = kItpHeader;
  for (int i = 0; i < count; ++i) {
    out += "job-" + std::to_string(i) + "," + std::to_string(10 * i) + ",60,1\n";
  }
  return out;
}

std::string gzipped(const std::string& text) {
  const TempDir folder;
  const fs::path file = folder.path() / "x.gz";
  gzFile out = gzopen(file.c_str(), "wb");
  REQUIRE(gzwrite(out, text.data(), static_cast<unsigned>(text.size())) > 0);
  REQUIRE(gzclose(out) == Z_OK);
  return read_file(file);
}

}  // namespace

TEST_CASE("traces that are missing, empty or of no format are refused", "[cli]") {
  check_refused({
      {"missing", {{"s.toml", trace_scenario("t.csv")}}, {"@/t.csv: there is no such file"}},
      {"a folder", {{"s.toml", trace_scenario(".")}}, {"this is a directory"}},
      {"an unknown format",
       {{"s.toml", trace_scenario("t.csv", "format = \"itpp\"\n")}, {"t.csv", kItpHeader}},
       {"s.toml:8:10: 'workload.format' is 'itpp'", "did you mean 'itp'?"}},
      {"no format fits",
       {{"s.toml", trace_scenario("t.csv")}, {"t.csv", "a,b,c\n"}},
       {"@/t.csv:1: the first line, 'a,b,c', is of no trace format", "openb-pods"}},
      {"empty", {{"s.toml", trace_scenario("t.csv")}, {"t.csv", ""}}, {"@/t.csv: ", "empty"}},
      {"a node list",
       {{"s.toml", trace_scenario("t.csv")}, {"t.csv", "sn,cpu_milli,memory_mib,gpu,model\n"}},
       {"@/t.csv:1: this is an openb node list, not a trace"}},
      {"$TRACES is not set",
       {{"s.toml", trace_scenario("$TRACES/t.csv")}},
       {"s.toml:7:9: '$TRACES/t.csv' needs the environment variable TRACES",
        "TRACES=/path/to/them"},
       {},
       {{"TRACES", ""}}},
      {"deployments without a mix",
       {{"s.toml", trace_scenario("t.csv", "format = \"itp\"\nas = \"llm\"\n")},
        {"t.csv", kItpHeader}},
       {"s.toml:9:6: as = \"llm\" needs a mix"}},
      {"--trace beside listed requests",
       {{"s.toml", listed_scenario({})}, {"t.csv", kItpHeader}},
       {"a scenario takes one of", "--trace"},
       {"run", "@/s.toml", "--trace", "@/t.csv"}},
      {"a load without GPU tasks",
       {{"s.toml", trace_scenario("t.csv", "load = 0.5\n")}, {"t.csv", kItpHeader + "a,0,1,0\n"}},
       {"no task of this trace has a GPU"}},
  });
}

TEST_CASE("bad rows of a CSV trace are refused with file, line and column", "[cli]") {
  check_refused({
      itp("a missing column", "job_id,submission_time,duration\n", {"t.csv:1: ", "'num_gpu'"}),
      itp("a row too short", kItpHeader + "a,0,60\n",
          {"t.csv:2:7: this row has 3 fields", "4 columns"}),
      itp("unsorted rows", kItpHeader + "a,100,60,1\nb,99,60,1\n",
          {"t.csv:3:3: arrival 99 is before the previous row's 100", "sort"}),
      itp("a time that is no number", kItpHeader + "a,soon,60,1\n", {"t.csv:2:3: ", "soon"}),
      itp("a NaN", kItpHeader + "a,nan,60,1\n", {"t.csv:2:3: submission_time", "nan"}),
      itp("an infinity", kItpHeader + "a,0,inf,1\n", {"t.csv:2:5: duration", "inf"}),
      itp("a negative duration", kItpHeader + "a,0,-60,1\n",
          {"t.csv:2:5: duration is -60", "negative"}),
      itp("a part of a GPU", kItpHeader + "a,0,60,1.5\n", {"t.csv:2:8: num_gpu is '1.5'"}),
      itp("negative GPUs", kItpHeader + "a,0,60,-1\n", {"t.csv:2:8: num_gpu is -1"}),
      itp("a million million GPUs", kItpHeader + "a,0,60,1000000000000\n",
          {"t.csv:2:8: num_gpu is 1000000000000", "from 0 to 1000000"}),
      itp("no name", kItpHeader + ",0,60,1\n", {"t.csv:2:1: job_id is empty"}),
      itp("an open quote", kItpHeader + "\"a,0,60,1\n", {"t.csv:2:1: a quote opens here"}),
      itp("binary garbage", kItpHeader + std::string("\0\xff\x80\x7f", 4) + "\n", {"t.csv:2:5: "}),
      {"a pod list without times",
       {{"s.toml", trace_scenario("t.csv")},
        {"t.csv", "name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1,1,1,1000\n"}},
       {"t.csv:1: ", "no times", "'creation_time'"}},
      {"a pod that ends before it begins",
       {{"s.toml", trace_scenario("t.csv")}, {"t.csv", kPodHeader + "a,1,1,1,500,,10,5,10\n"}},
       {"t.csv:2:17: deletion_time 5 is before the pod's start at 10"}},
  });
}

TEST_CASE("a bad row deep in a trace ends the run and leaves no result", "[cli]") {
  check_refused(
      itp("row 2001", good_rows(2'000) + "bad,30000,x,1\n", {"t.csv:2002:11: duration", "'x'"}));
  check_refused(BadInput{"row 2001, found while the load is set",
                         {{"s.toml", trace_scenario("t.csv", "load = 0.5\n")},
                          {"t.csv", good_rows(2'000) + "bad,1,60,1\n"}},
                         {"t.csv:2002:5: arrival 1 is before"}});
}

TEST_CASE("bad rows of a native trace are refused with file, line and column", "[cli]") {
  const std::string row = "{\"id\":\"a\",\"arrival\":0,\"lifetime\":60,\"gpus\":1}\n";
  check_refused({
      native("broken JSON", row + "{\"id\":\"b\",\"arrival\":1,,}\n", {"t.jsonl:2:23: "}),
      native("a truncated row", row + "{\"id\":\"b\",", {"t.jsonl:2:"}),
      native("an unknown key", "{\"id\":\"a\",\"arival\":0,\"lifetime\":60}\n",
             {"t.jsonl:1:11: unknown key 'arival'", "did you mean 'arrival'?"}),
      native("a missing key", "{\"id\":\"a\",\"arrival\":0}\n", {"t.jsonl:1:1: ", "'lifetime'"}),
      native("an unknown model",
             "{\"id\":\"a\",\"arrival\":0,\"lifetime\":1,\"model\":\"qwn3-8b\"}\n",
             {"t.jsonl:1:44: 'model': unknown model 'qwn3-8b'", "did you mean 'qwen3-8b'?"}),
      native("a header of the future", "{\"schema\":\"headroom.trace\",\"version\":2}\n",
             {"t.jsonl:1:38: ", "version 2", "version 1"}),
      native("another kind of JSON", "{\"schema\":\"headroom.result\",\"version\":1}\n",
             {"t.jsonl:1:11: the header says 'headroom.result'"}),
      native("a NaN", "{\"id\":\"a\",\"arrival\":NaN,\"lifetime\":60}\n", {"t.jsonl:1:21: "}),
      native("an infinite time", "{\"id\":\"a\",\"arrival\":1e999,\"lifetime\":60}\n",
             {"t.jsonl:1:25: ", "1e999"}),
      native("a nest of arrays", "{\"id\":" + std::string(50'000, '[') + "\n", {"t.jsonl:1:"}),
  });
}

TEST_CASE("broken gzip files are refused", "[cli]") {
  const std::string whole = gzipped(good_rows(5'000));
  std::string corrupt = whole;
  corrupt[corrupt.size() / 2] = static_cast<char>(corrupt[corrupt.size() / 2] ^ 0x55);
  const std::string scenario = trace_scenario("t.csv.gz", "format = \"itp\"\n");
  check_refused({
      {"truncated",
       {{"s.toml", scenario}, {"t.csv.gz", whole.substr(0, whole.size() / 2)}},
       {"@/t.csv.gz:", "the file is truncated"}},
      {"corrupt", {{"s.toml", scenario}, {"t.csv.gz", corrupt}}, {"@/t.csv.gz:"}},
      {"plain text", {{"s.toml", scenario}, {"t.csv.gz", good_rows(3)}}, {"not gzip data"}},
  });
}

TEST_CASE("files of a gigabyte without a line end are refused without reading them", "[cli]") {
  const TempDir folder;
  const fs::path trace = folder.write("t.csv", kItpHeader);
  fs::resize_file(trace, std::uintmax_t{1} << 30);  // sparse
  const fs::path scenario = folder.write("s.toml", trace_scenario("t.csv", "format = \"itp\"\n"));
  const auto of_trace = run_headroom({"run", scenario.string()});
  CHECK(of_trace.exit_code == 2);
  CHECK(of_trace.err.find("t.csv:2: this line is longer than 1048576 bytes") != std::string::npos);
  const auto of_scenario = run_headroom({"run", trace.string()});
  CHECK(of_scenario.exit_code == 2);
  CHECK(of_scenario.err.find("too many for a configuration file") != std::string::npos);
  constexpr long kMostKib = 512L << 10;  // with a sanitizer's own
  CHECK(of_trace.peak_memory_kib < kMostKib);
  CHECK(of_scenario.peak_memory_kib < kMostKib);
}

TEST_CASE("openb node lists that cannot be a cluster are refused", "[cli]") {
  const auto with_nodes = [](const std::string& what, const std::string& rows,
                             const std::string& more, std::vector<std::string> pieces) {
    return BadInput{what,
                    {{"s.toml", "policies = [\"naive\"]\n[cluster]\nopenb_nodes = \"n.csv\"\n" +
                                    more + "[[request]]\nname = \"a\"\ngpus = 1\n"},
                     {"n.csv", "sn,cpu_milli,memory_mib,gpu,model\n" + rows}},
                    std::move(pieces)};
  };
  check_refused({
      with_nodes("an undisclosed type", "n1,96000,1024,8,G2\n", "",
                 {"@/n.csv: unknown GPU type 'G2'", "gpu_alias"}),
      with_nodes("an alias of an unknown type", "n1,96000,1024,8,G2\n",
                 "[gpu_alias]\nG2 = \"A11\"\n", {"s.toml:5:6: unknown GPU type 'A11'", "'A10'"}),
      with_nodes("a node of a thousand GPUs", "n1,96000,1024,1000,T4\n", "",
                 {"@/n.csv: node 'n1' has 1000 GPUs", "64"}),
      with_nodes("no rows", "", "", {"@/n.csv: this node list has no rows"}),
      with_nodes("negative memory", "n1,96000,-1,8,T4\n", "", {"@/n.csv:2:10: memory_mib is -1"}),
  });
}
