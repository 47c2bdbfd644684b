// States of runs as files.

#include "study/saved_state.hpp"

#include "tests/fixtures.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

ClusterSpec cluster() { return cluster_of({{"L4", 2, 2}}); }

SavedState full_state() {
  RequestRecord request{static_cast<RequestId>(7), "a \"name\"", 3, 1, {"vllm.heads"},
                        std::chrono::seconds(90),  Duration(1)};
  SavedState out{"mine", "naive", 42, {}};
  out.run.at = SimTime(Duration(86'400'000'000'001));
  out.run.submitted = 9;
  out.run.nodes = {{NodeId{1}, {false, true, false, true}, 2, at(100'000), {{"m", 5}, {"n", 6}}}};
  out.run.placed = {{request,
                     PlacementPhase::running,
                     at(90'000),
                     GpuTypeId{0},
                     {2, 1, 1, false},
                     {{NodeId{0}, {0, 1}, {1000, 77}, 500, 8}},
                     at(10),
                     at(20),
                     1,
                     0,
                     450'000}};
  WaitingRecord waiting{
      request, at(99'999), at(50), LossCause::failed, Outcome::rejected_no_capacity, "no_room"};
  waiting.request.request = static_cast<RequestId>(8);
  WaitingRecord plain{request, std::nullopt, std::nullopt, LossCause::down, std::nullopt, ""};
  plain.request.request = static_cast<RequestId>(3);
  out.run.waiting = {waiting, plain};
  out.run.queue.tenants = {{"team \"a\"", Int128{1} << 80}, {"", 0}};
  out.run.queue.bookings = {{static_cast<RequestId>(8), at(90'001), {0, 3}}};
  out.run.queue.gpus = 4;
  out.run.queue.again = true;
  return out;
}

std::string error_of(const std::string& text) {
  const TempDir folder;
  const auto state = read_state(folder.write("s.json", text), cluster());
  return state ? "no error" : state.error().text();
}

std::string edited(const std::string& from, const std::string& to) {
  std::string text = state_json(full_state(), cluster());
  const auto found = text.find(from);
  REQUIRE(found != std::string::npos);
  return text.replace(found, from.size(), to);
}

}  // namespace

TEST_CASE("a state that is written reads back the same, to the nanosecond") {
  const TempDir folder;
  const std::string text = state_json(full_state(), cluster());
  const SavedState back = require_value(read_state(folder.write("s.json", text), cluster()));
  CHECK(state_json(back, cluster()) == text);
  CHECK(back.run.at == full_state().run.at);
  CHECK(back.seed == 42);
  CHECK(back.run.placed.at(0).holdings.at(0).devices == std::vector<int>{0, 1});
  CHECK(back.run.placed.at(0).phase == PlacementPhase::running);
  CHECK(back.run.placed.at(0).utilisation_ppm == 450'000);
  CHECK(back.run.waiting.at(0).cause == LossCause::failed);
  CHECK(back.run.waiting.at(0).last_outcome == Outcome::rejected_no_capacity);
  CHECK_FALSE(back.run.waiting.at(1).limit.has_value());
  CHECK(back.run.nodes.at(0).condition == NodeCondition{false, true, false, true});
  CHECK(back.run.nodes.at(0).disk.at(1).model == "n");
  CHECK(back.run.queue.tenants.at(0).milli_ns == Int128{1} << 80);
  CHECK(back.run.queue.tenants.at(1).milli_ns == 0);
  CHECK(back.run.queue.bookings.at(0).begin == at(90'001));
  CHECK(back.run.queue.bookings.at(0).machines == std::vector<int>{0, 3});
  CHECK(back.run.queue.again);
  CHECK_FALSE(back.run.queue.anew);
}

TEST_CASE("files that are no states are refused with the key that is wrong") {
  CHECK(error_of("{}").find("its schema is not headroom.state") != std::string::npos);
  CHECK(error_of("{}").find("--dump-state") != std::string::npos);
  CHECK(error_of("[1").find("not JSON, or cut off") != std::string::npos);
  for (const auto& [from, to, message] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"\"version\": 3", "\"version\": 2", "only version 3 is read"},
           {"\"seed\": 42", "\"seed\": -1", "'seed' must be a whole number"},
           {"\"seed\": 42", "\"seed\": 18446744073709551615", "'seed' must be a whole number"},
           {"\"at_s\": \"86400.000000001\"", "\"at_s\": 86400", "'at_s' must be text"},
           {"\"at_s\": \"86400.000000001\"", "\"at_s\": \"-1\"", "'at_s' must be decimal seconds"},
           {"\"phase\": \"running\"", "\"phase\": \"going\"", "'placed[0].phase' must be one"},
           {"\"gpu\": \"L4\"", "\"gpu\": \"L5\"", "'placed[0].gpu' must be one"},
           {"\"node\": \"n0\"", "\"node\": \"n9\"", "must be a node of this cluster, not 'n9'"},
           {"\"tp\": 2", "\"tp\": 0", "'placed[0].tp' must be a whole number from 1 to 1024"},
           {"\"utilisation_ppm\": 450000", "\"utilisation_ppm\": 0",
            "'placed[0].utilisation_ppm' must be a whole number from 1 to 1000000"},
           {"\"refused_by\": [", "\"refused_by\": [3, ", "must be a list of text"},
           {"\"waiting\": [", "\"waiting\": [3, ", "must be an object"},
           {"\"nodes\": [", "\"nodes\": 3, \"x\": [", "'nodes' must be a list"},
           {"\"cause\": \"node_failed\"", "\"cause\": null", "'waiting[0].cause' must be text"},
           {"\"milli_ns\": \"0\"", "\"milli_ns\": \"-1\"",
            "'queue.tenants[1].milli_ns' must be a whole number as text"},
           {"\"milli_ns\": \"0\"", "\"milli_ns\": \"1000000000000000000000000000000\"",
            "'queue.tenants[1].milli_ns' must be a whole number as text"},
           {"\"gpus\": 4", "\"gpus\": -4", "'queue.gpus' must be a whole number"},
           {"\"queue\": {", "\"queue\": 3, \"x\": {", "'queue.' must be an object"},
           {"\"ep\": false", "\"ep\": 0", "'placed[0].ep' must be true or false"}}) {
    INFO(from << " -> " << to);
    const std::string error = error_of(edited(from, to));
    INFO(error);
    CHECK(error.find(message) != std::string::npos);
  }
}
