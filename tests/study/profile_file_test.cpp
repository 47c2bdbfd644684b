// Profiles as files: what is written reads back, and everything else is refused.

#include "tests/study/profile_samples.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <functional>

using namespace headroom;
using namespace headroom::test;
using Json = nlohmann::ordered_json;

namespace {

std::string error_of(const std::string& text) {
  const TempDir folder;
  const auto found = profile::read_profile(folder.write("p.json", text));
  return found ? "no error" : found.error().text();
}

Json full_json() { return Json::parse(profile::profile_json(full_profile())); }

/// The path that an error names: "/attention/0/hot/n" is "attention[0].hot.n".
std::string named(const Json::json_pointer& path) {
  std::string out;
  for (Json::json_pointer at = path; !at.empty(); at = at.parent_pointer()) {
    const std::string& token = at.back();
    const bool index = token.find_first_not_of("0123456789") == std::string::npos;
    std::string part = index ? "[" + token + "]" : token;
    if (!out.empty() && out.front() != '[') part += ".";
    out.insert(0, part);
  }
  return out;
}

/// Calls it with the path of every key of every object, outermost first.
void for_each_key(const Json& json, const Json::json_pointer& at,
                  const std::function<void(const Json::json_pointer&)>& call) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      call(at / key);
      for_each_key(value, at / key, call);
    }
  } else if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i) for_each_key(json[i], at / i, call);
  }
}

bool is_schema(const Json::json_pointer& path) { return path.to_string() == "/schema"; }

}  // namespace

TEST_CASE("a profile that is written reads back the same, to the byte") {
  const TempDir folder;
  const std::string text = profile::profile_json(full_profile());
  const auto back = require_value(profile::read_profile(folder.write("p.json", text)));
  CHECK(profile::profile_json(back) == text);
  CHECK(back.attention.at(0).hot->launches == 100);
  CHECK(back.attention.at(0).kernels->at(0).grid == std::vector<int>{4, 16, 1});
  CHECK(back.attention.at(1).counters->unavailable == "not permitted");
  CHECK_FALSE(back.attention.at(1).page.has_value());
  CHECK(back.device.mig == false);
  CHECK(back.source.note == "note \"quoted\"");

  // Of few samples no interval is known.
  auto few = full_profile();
  few.attention[0].cold->median_ci95_us.reset();
  const std::string text_of_few = profile::profile_json(few);
  CHECK(Json::parse(text_of_few)["attention"][0]["cold"]["median_ci95_us"].is_null());
  const auto of_few = require_value(profile::read_profile(folder.write("f.json", text_of_few)));
  CHECK_FALSE(of_few.attention[0].cold->median_ci95_us.has_value());
  CHECK(of_few.attention[0].hot->median_ci95_us.has_value());

  const std::string bare = profile::profile_json(profile_of({}));
  const auto empty = require_value(profile::read_profile(folder.write("q.json", bare)));
  CHECK(profile::profile_json(empty) == bare);
}

TEST_CASE("keys that a version added are passed over") {
  Json json = full_json();
  json["new"] = 1;
  json["attention"][0]["hot"]["new"] = {{"a", 2}};
  CHECK(error_of(json.dump()) == "no error");
}

TEST_CASE("each key of a profile has to be there") {
  std::size_t dropped = 0;
  for_each_key(full_json(), Json::json_pointer(), [&](const Json::json_pointer& path) {
    // Without it the figures are asked for.
    if (path.back() == "unavailable") return;
    Json json = full_json();
    json[path.parent_pointer()].erase(path.back());
    const std::string error = error_of(json.dump());
    INFO(path.to_string() << ": " << error);
    const std::string wanted =
        is_schema(path) ? "its schema is not headroom.profile" : "'" + named(path);
    CHECK(error.find(wanted) != std::string::npos);
    ++dropped;
  });
  CHECK(dropped > 100);
}

TEST_CASE("each value of a profile has to be of its type") {
  for_each_key(full_json(), Json::json_pointer(), [&](const Json::json_pointer& path) {
    for (const Json& wrong : {Json(-1), Json("word"), Json({{"a", 1}}), Json({Json({1})})}) {
      Json json = full_json();
      const Json& old = json[path];
      const bool same = old.type() == wrong.type() || (old.is_number() && wrong.is_number());
      if (same && !old.is_number()) continue;  // text may be any
      json[path] = wrong;
      const std::string error = error_of(json.dump());
      INFO(path.to_string() << " = " << wrong.dump() << ": " << error);
      const std::string wanted =
          is_schema(path) ? "its schema is not headroom.profile" : "'" + named(path);
      CHECK(error.find(wanted) != std::string::npos);
    }
  });
}

TEST_CASE("values that cannot be are refused with the key and what it may be") {
  const auto edited = [](const char* path, const Json& value) {
    Json json = full_json();
    json[Json::json_pointer(path)] = value;
    return error_of(json.dump());
  };
  for (const auto& [path, value, message] : std::vector<std::tuple<const char*, Json, std::string>>{
           {"/version", 2, "only version 1 is read"},
           {"/schema", "headroom.shapes", "its schema is not headroom.profile"},
           {"/device/kind", "rocm", "'device.kind' must be one of cuda, cpu, not 'rocm'"},
           {"/device/name", "", "'device.name' must be text that is not empty"},
           {"/attention/0/hot/median_us", 0, "'attention[0].hot.median_us' must be a number from"},
           {"/attention/0/hot/median_us", nullptr, "'attention[0].hot.median_us' must be"},
           {"/attention/0/cold/p25_us", -0.5, "'attention[0].cold.p25_us' must be a number from"},
           {"/attention/0/type", "fp32", "must be one of bf16, fp16, fp8, not 'fp32'"},
           {"/attention/0/kv_heads", 5, "'attention[0].kv_heads' must be a divisor of q_heads, 32"},
           {"/attention/0/q_len", 2, "'attention[0].q_len' must be 1, as op is decode"},
           {"/attention/0/op", "prefill", "'attention[0].q_len' must be kv_len, 1024"},
           {"/attention/0/kv_tokens", 4097, "must be from kv_len to batch x kv_len"},
           {"/attention/0/kv_tokens", 4095, "must be batch x kv_len, as lengths are equal"},
           {"/attention/1/id", "full", "'attention[1].id' must be unique: 'full' stands twice"},
           {"/attention/0/flags", Json::array({"odd"}), "a list of noisy, drift, power_capped"},
           {"/attention/1/hot", nullptr,
            "'attention[1].hot' must be statistics where cold is null"},
           {"/attention/0/hot/median_ci95_us", Json::array({3, 2}), "two numbers"},
           {"/attention/0/kernels/0/grid", Json::array({3, 2}), "three numbers"},
           {"/attention/0/batch", 1.5, "'attention[0].batch' must be a whole number from 1"},
           {"/collectives/0/gpus", 1, "'collectives[0].gpus' must be a whole number from 2"}}) {
    const std::string error = edited(path, value);
    INFO(path << " = " << value.dump() << ": " << error);
    CHECK(error.find(message) != std::string::npos);
    CHECK(error.find("p.json") != std::string::npos);
  }
  CHECK(error_of("[1").find("not JSON, or cut off") != std::string::npos);
  CHECK(error_of("{\"version\": NaN}").find("not JSON") != std::string::npos);
  CHECK(error_of("{\"version\": 1e999}").find("not JSON that can be read") != std::string::npos);
}
