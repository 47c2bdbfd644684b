#include "traces/native.hpp"

#include "tests/traces/helpers.hpp"
#include "traces/native_writer.hpp"

namespace headroom {

using namespace test;

namespace {

constexpr const char* kTimes = R"("arrival":0,"lifetime":1)";

std::vector<Request> read(std::string_view content) {
  const TempDir folder;
  auto source = require_value(open_native(folder.write("t.jsonl", content)));
  return collect(*source);
}

std::string error_of(std::string_view content) {
  const TempDir folder;
  auto source = open_native(folder.write("t.jsonl", content));
  return source ? first_error(**source) : source.error().text();
}

/// The error of a row with an id, times and these members besides.
std::string row_error(const std::string& members) {
  return error_of(std::string(R"({"id":"x",)") + kTimes + "," + members + "}\n");
}

void check_equal(const Request& got, const Request& wanted) {
  CHECK(got.name == wanted.name);
  CHECK(got.arrival == wanted.arrival);
  CHECK(got.lifetime == wanted.lifetime);
  CHECK(got.declared == wanted.declared);
  CHECK(got.shape == wanted.shape);
  CHECK(got.group == wanted.group);
  CHECK(got.group_size == wanted.group_size);
  CHECK(got.tenant == wanted.tenant);
  CHECK(got.priority == wanted.priority);
}

}  // namespace

TEST_CASE("native rows are deployments and opaque tasks") {
  auto source = require_value(open_native(source_path("traces/samples/native.jsonl")));
  const auto rows = collect(*source);
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].shape.llm().model->name == "meta-llama-3.1-8b");
  CHECK(rows[0].shape.llm().limits.sequences == 32);
  CHECK(rows[0].shape.llm().limits.utilisation_ppm == 920'000);
  CHECK(rows[0].shape.ram == 32 * kGiB);
  CHECK(rows[1].arrival == SimTime(std::chrono::milliseconds(250)));
  CHECK(rows[1].shape.llm().shared);
  CHECK(rows[2].arrival == SimTime(std::chrono::milliseconds(12'500)));
  CHECK(rows[2].shape.opaque() == OpaqueTask{1, 500});
  CHECK(rows[2].shape.allowed_gpus == std::vector<std::string>{"A10", "T4"});
  CHECK(rows[3].group == "large");
  CHECK(rows[3].group_size == 2);
  CHECK(rows[3].declared == std::chrono::seconds(6'000));
  CHECK(rows[3].shape.llm().allowed_tp == std::vector<int>{4, 8});
  CHECK(rows[5].shape.opaque() == OpaqueTask{0, 1000});
}

TEST_CASE("what is left out of a native row has the documented defaults") {
  const auto rows = read(R"({"id":"x","arrival":0,"lifetime":1,"model":"phi-4"})");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].shape.llm().limits == ServingLimits{8192, 16, 2048, 920'000});
  CHECK_FALSE(rows[0].shape.llm().shared);
  CHECK_FALSE(rows[0].declared.has_value());
  CHECK(rows[0].group.empty());
}

TEST_CASE("native times are exact to the nanosecond, as numbers and as text") {
  const auto rows = read(
      "{\"id\":\"a\",\"arrival\":12902960.123456789,\"lifetime\":\"0.000000001\"}\n"
      "{\"id\":\"b\",\"arrival\":1.3e7,\"lifetime\":3e9}\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].arrival.time_since_epoch().count() == 12'902'960'123'456'789);
  CHECK(rows[0].lifetime.count() == 1);
  CHECK(rows[1].lifetime == std::chrono::seconds(3'000'000'000));
}

TEST_CASE("a written request reads back equal") {
  auto source = require_value(open_native(source_path("traces/samples/native.jsonl")));
  auto rows = collect(*source);
  rows[1].name = "quote \" backslash \\ tab \t umlaut \xC3\xBC";
  rows[1].arrival += Duration(1);
  std::get<LlmDeployment>(rows[1].shape.what).limits.utilisation_ppm = 123'457;
  rows[0].tenant = "team \"a\"";
  rows[0].priority = -kMostPriority;
  rows[1].priority = 7;
  std::string content = native_header() + "\n";
  for (const Request& row : rows) content += native_line(row) + "\n";
  const auto again = read(content);
  REQUIRE(again.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) check_equal(again[i], rows[i]);
}

TEST_CASE("every utilisation in millionths survives writing and reading") {
  for (const std::int64_t ppm : {1, 7, 99'999, 333'333, 920'000, 999'999, 1'000'000}) {
    Request request;
    request.name = "x";
    LlmDeployment llm;
    llm.model = require_value(find_model("phi-4"));
    llm.limits.utilisation_ppm = ppm;
    request.shape.what = llm;
    const auto again = read(native_line(request));
    REQUIRE(again.size() == 1);
    CHECK(again[0].shape.llm().limits.utilisation_ppm == ppm);
  }
}

TEST_CASE("a name that is not UTF-8 is written as valid JSON") {
  Request request;
  request.name = "bad \xFF name";
  request.shape.what = OpaqueTask{};
  const auto again = read(native_line(request));
  REQUIRE(again.size() == 1);
  CHECK(again[0].name == "bad \xEF\xBF\xBD name");
}

TEST_CASE("one model is one object in all rows, by short name or hub id") {
  const auto rows = read(
      "{\"id\":\"a\",\"arrival\":0,\"lifetime\":1,\"model\":\"phi-4\"}\n"
      "{\"id\":\"b\",\"arrival\":0,\"lifetime\":1,\"model\":\"microsoft/phi-4\"}\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].shape == rows[1].shape);
}

TEST_CASE("native traces may be gzipped, have CRLF, a BOM, blank lines and no header") {
  const TempDir folder;
  const auto file = write_gz(folder, "t.jsonl.gz",
                             "\xEF\xBB\xBF"
                             "\r\n{\"id\":\"a\",\"arrival\":0,\"lifetime\":1}\r\n"
                             "\r\n{\"id\":\"b\",\"arrival\":0,\"lifetime\":0}");
  auto source = require_value(open_native(file));
  CHECK(collect(*source).size() == 2);
  CHECK(read("").empty());
  CHECK(read(native_header()).empty());
}

TEST_CASE("an unknown key is refused with the nearest known one") {
  check_holds(row_error(R"("gpu":1)"), "t.jsonl:1:36: unknown key 'gpu' — did you mean 'gpus'?");
  check_holds(row_error(R"("model":"phi-4","sequence":4)"), "did you mean 'sequences'?");
  check_holds(row_error(R"("model":"phi-4","gpus":4)"), "unknown key 'gpus'");
  check_holds(row_error(R"("context":4096)"), "unknown key 'context'");
}

TEST_CASE("broken JSON is refused with line and column") {
  check_holds(error_of("{\"id\":\"a\",\"arrival\":0,\"lifetime\":1}\n{\"id\":}\n"),
              "t.jsonl:2:7: not valid JSON");
  check_holds(error_of("{\"id\":\"a\""), "not valid JSON");
  check_holds(error_of("{\"id\":NaN}"), "not valid JSON");
  check_holds(error_of("{\"arrival\":1e999}"), "not valid JSON");
  check_holds(error_of("{\"id\":\"\xFF\"}"), "not valid JSON");
  check_holds(error_of("[1,2]"), "a row must be an object, not an array");
  check_holds(error_of("7"), "a row must be an object");
  check_holds(error_of("{} {}"), "not valid JSON");
  check_holds(error_of(std::string(100'000, '[')), "a row must be an object, not an array");
}

TEST_CASE("values of another kind, out of range or missing are refused by key") {
  check_holds(error_of(R"({"arrival":0,"lifetime":1})"), "'id' is missing");
  check_holds(error_of(R"({"id":"","arrival":0,"lifetime":1})"), "'id' is empty");
  check_holds(error_of(R"({"id":7,"arrival":0,"lifetime":1})"), "'id' is 7, but must be text");
  check_holds(error_of(R"({"id":"x","lifetime":1})"), "'arrival' is missing");
  check_holds(error_of(R"({"id":"x","arrival":-1,"lifetime":1})"), "0 or more seconds");
  check_holds(error_of(R"({"id":"x","arrival":"NaN","lifetime":1})"), "'arrival': 'NaN' is not");
  check_holds(error_of(R"({"id":"x","arrival":null,"lifetime":1})"), "'arrival' is null");
  check_holds(error_of(R"({"id":"x","arrival":0,"arrival":0,"lifetime":1})"),
              "key 'arrival' stands twice");
  check_holds(row_error(R"("gpus":1.5)"), "'gpus' is 1.5, but must be an integer");
  check_holds(row_error(R"("gpus":-1)"), "'gpus' is -1, but must be from 0 to 1000000");
  check_holds(row_error(R"("gpus":18446744073709551616)"), "'gpus' is 18446744073709551616");
  check_holds(row_error(R"("gpus":2,"gpu_milli":500)"), "'gpu_milli' is 500, but 'gpus' is 2");
  check_holds(row_error(R"("gpu_types":"A10")"), "'gpu_types' is A10, but must be an array");
  check_holds(row_error(R"("gpu_types":[["A10"]])"), "'gpu_types' is an array of arrays");
  check_holds(row_error(R"("gpu_types":{"a":1})"), "'gpu_types' is an object, but rows are flat");
  check_holds(row_error(R"("model":"phi-4","utilisation":1.1)"), "'utilisation' is 1.1");
  check_holds(row_error(R"("model":"phi-4","utilisation":0)"), "'utilisation' is 0");
  check_holds(row_error(R"("model":"phi-4","shared":1)"), "'shared' is 1, but must be true or");
  check_holds(row_error(R"("model":"phi-4","allowed_tp":[0])"), "'allowed_tp' is 0");
  check_holds(row_error(R"("model":"phi-44")"), "phi-4");
  check_holds(row_error(R"("group":"g")"), "'group' is 'g', but there is no 'group_size'");
  check_holds(row_error(R"("group_size":2)"), "'group_size' is 2, but there is no 'group'");
}

TEST_CASE("native rows out of order are refused, and nothing follows an error") {
  const TempDir folder;
  auto source = require_value(open_native(folder.write(
      "t.jsonl",
      "{\"id\":\"a\",\"arrival\":15,\"lifetime\":1}\n{\"id\":\"b\",\"arrival\":12,\"lifetime\":1}\n"
      "{\"id\":\"c\",\"arrival\":16,\"lifetime\":1}\n")));
  check_holds(first_error(*source), "t.jsonl:2:21: arrival 12 is before the previous row's 15");
  CHECK_FALSE(require_value(source->next()).has_value());
}

TEST_CASE("a header of another schema or version is refused") {
  check_holds(error_of(R"({"schema":"headroom.mix","version":1})"),
              "this reads 'headroom.trace' version 1");
  check_holds(error_of(R"({"schema":"headroom.trace","version":2})"),
              "t.jsonl:1:38: the header says 'headroom.trace' version 2");
  check_holds(error_of(R"({"schema":"headroom.trace","version":1,"id":"x"})"), "unknown key 'id'");
}

TEST_CASE("native tasks are the opaque rows, and deployments among them are refused") {
  const TempDir folder;
  auto tasks = require_value(open_native_tasks(folder.write(
      "t.jsonl", R"({"id":"x","arrival":2,"lifetime":3,"gpus":1,"gpu_milli":250,"cpu_milli":7})")));
  const auto rows = collect(*tasks);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].milli == 250);
  CHECK(rows[0].cpu_milli == 7);
  auto mixed = require_value(open_native_tasks(source_path("traces/samples/native.jsonl")));
  check_holds(first_error(*mixed), "native.jsonl:2:50: 'chat' has the model");
}

TEST_CASE("a row of more keys than any has is refused before they are looked through") {
  std::string members = "\"k0\":0";
  for (int i = 1; i < 100'000; ++i) {
    members += ",\"k";
    members += std::to_string(i) + "\":0";
  }
  check_holds(error_of("{" + members.substr(0, 900'000) + "\n"), ": a row has at most 64 keys");
}

}  // namespace headroom
