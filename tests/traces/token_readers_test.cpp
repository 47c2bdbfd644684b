// Requests to served models: Azure LLM, Mooncake, GenAI.

#include "tests/traces/helpers.hpp"
#include "traces/azure_llm.hpp"
#include "traces/genai.hpp"
#include "traces/mooncake.hpp"

namespace headroom {

using namespace test;

namespace {

std::string azure_error(const std::string& rows) {
  const TempDir folder;
  auto reader = require_value(
      open_azure_llm(folder.write("a.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\r\n" + rows)));
  return first_error(*reader);
}

std::string mooncake_error(const std::string& rows) {
  const TempDir folder;
  auto reader = require_value(open_mooncake(folder.write("m.jsonl", rows)));
  return first_error(*reader);
}

}  // namespace

TEST_CASE("Azure's seven digits, CRLF and missing last line end are read exactly") {
  const auto file = source_path("traces/samples/azure-llm-requests.csv");
  const std::string text = read_file(file);
  REQUIRE(text.find("\r\n") != std::string::npos);
  REQUIRE(text.back() != '\n');
  auto reader = require_value(open_azure_llm(file));
  const auto requests = collect(*reader);
  REQUIRE(requests.size() == 8);
  CHECK(requests[0].arrival == SimTime{});
  CHECK(requests[1].arrival == SimTime{});
  CHECK(requests[2].arrival == SimTime(Duration(1'876'543'200)));
  CHECK(requests[3].arrival - requests[2].arrival == Duration(200));
  CHECK(requests[5].arrival - requests[4].arrival == Duration(100));
  CHECK(requests[0].input_tokens == 374);
  CHECK(requests[0].output_tokens == 44);
  CHECK(requests[7].output_tokens == 8);
}

TEST_CASE("bad Azure requests are refused with place, value and reason") {
  check_holds(azure_error("2023-11-16 18:17,4,5\r\n"), "a.csv:2:1: TIMESTAMP: '2023-11-16 18:17'");
  check_holds(azure_error("2023-11-16 18:17:00,-4,5\r\n"), "a.csv:2:21: ContextTokens is -4");
  check_holds(azure_error("2023-11-16 18:17:00,4,\r\n"), "GeneratedTokens is ''");
  const std::string unsorted =
      azure_error("2023-11-16 18:17:01,4,5\r\n2023-11-16 18:17:00,4,5\r\n");
  check_holds(unsorted, "a.csv:3:1: arrival -1 is before");
  check_holds(unsorted, "sort the file by arrival first");
  CHECK(unsorted.find("trace convert") == std::string::npos);  // it converts tasks only
}

TEST_CASE("Mooncake's batches of milliseconds are read with their token counts") {
  auto reader = require_value(open_mooncake(source_path("traces/samples/mooncake-requests.jsonl")));
  const auto requests = collect(*reader);
  REQUIRE(requests.size() == 8);
  CHECK(requests[0].arrival == requests[2].arrival);
  CHECK(requests[3].arrival == SimTime(std::chrono::milliseconds(2'999)));
  CHECK(requests[0].input_tokens == 6'758);
  CHECK(requests[7].output_tokens == 343);
}

TEST_CASE("bad Mooncake requests are refused with place, value and reason") {
  const std::string good = R"({"timestamp": 5, "input_length": 1, "output_length": 1})";
  check_holds(mooncake_error(good + "\n{\"timestamp\": 4, \"input_length\": 1, "
                                    "\"output_length\": 1}\n"),
              "m.jsonl:2:15: arrival 0.004 is before the previous row's 0.005");
  check_holds(mooncake_error(R"({"timestamp": 0.5, "input_length": 1, "output_length": 1})"),
              "'timestamp' is 0.5, but must be an integer");
  check_holds(mooncake_error(R"({"timestamp": 0, "input_length": 1})"),
              "'output_length' is missing");
  check_holds(mooncake_error(R"({"timestamp": 0, "input_lenght": 1, "output_length": 1})"),
              "did you mean 'input_length'?");
  check_holds(
      mooncake_error(
          R"({"timestamp": 0, "input_length": 1, "output_length": 1, "hash_ids": [0, "x"]})"),
      "'hash_ids' is x");
  check_holds(mooncake_error(R"({"timestamp": 0,)"), "not valid JSON");
}

TEST_CASE("GenAI's durations are kept where a request finished, and empty fields are passed over") {
  auto reader = require_value(open_genai(source_path("traces/samples/genai-requests.csv")));
  const auto requests = collect(*reader);
  REQUIRE(requests.size() == 8);
  CHECK(requests[0].duration == seconds_of(32));
  CHECK(requests[0].arrival == requests[1].arrival);
  CHECK(requests[2].duration == Duration::zero());  // failed at once
  CHECK_FALSE(requests[3].duration.has_value());    // PENDING
  CHECK_FALSE(requests[4].duration.has_value());    // PROCESSING
  CHECK(requests[3].model.empty());
  CHECK(requests[5].model == "base-a");
  CHECK(requests[5].input_tokens == 0);
}

TEST_CASE("bad GenAI requests are refused with place, value and reason") {
  const TempDir folder;
  const auto error_of = [&](const std::string& rows) {
    auto reader = require_value(open_genai(folder.write(
        "g.csv",
        "gmt_create,predict_status,exec_time_seconds,checkpoint_model_version_id\n" + rows)));
    return first_error(*reader);
  };
  check_holds(error_of("2024-11-15 16:57:50,SUCCEDE,3,m\n"),
              "g.csv:2:21: predict_status is 'SUCCEDE' — did you mean 'SUCCEED'?");
  check_holds(error_of("2024-11-15 16:57:50,SUCCEED,,m\n"), "g.csv:2:29: exec_time_seconds");
}

}  // namespace headroom
