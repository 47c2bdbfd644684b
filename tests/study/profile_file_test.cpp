// Profiles as files: what is written reads back, and everything else is refused.

#include "tests/study/profile_samples.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
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
  const auto all = full_profile();
  REQUIRE(back.fits.size() == all.fits.size());
  for (std::size_t i = 0; i < all.fits.size(); ++i) {
    CHECK(back.fits[i].key == all.fits[i].key);
    CHECK(back.fits[i].form == all.fits[i].form);
    CHECK(back.fits[i].grid.axes() == all.fits[i].grid.axes());
    CHECK(back.fits[i].correction == all.fits[i].correction);
    CHECK(back.fits[i].measured == all.fits[i].measured);
    CHECK(back.fits[i].inside == all.fits[i].inside);
    CHECK(back.fits[i].outside == all.fits[i].outside);
    CHECK(back.fits[i].fitted_to == "n, l");
  }
  CHECK(back.collectives.at(0).topology == profile::Topology::nvlink_pairs);
  CHECK(back.collectives.at(0).gpus_per_node == 4);
  CHECK(back.matmuls.at(0).k == 1024);
  CHECK(back.latent_attention.at(0).op == profile::Op::prefill);
  CHECK(back.latent_attention.at(0).length == 1024);
  CHECK(back.served.at(0).ep == 8);
  CHECK(back.served.at(0).tpot_ms == 12.25);

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
    if (path.to_string() == "/fits") return;  // older profiles have none
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
      if (wrong == -1 && path.back() == "bias_percent") continue;
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
  for (
      const auto& [path, value, message] : std::vector<std::tuple<const char*, Json, std::string>>{
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
          {"/attention/1/hot", nullptr, "'attention[1].hot' must be statistics where cold is null"},
          {"/attention/0/hot/median_ci95_us", Json::array({3, 2}), "two numbers"},
          {"/attention/0/kernels/0/grid", Json::array({3, 2}), "three numbers"},
          {"/attention/0/batch", 1.5, "'attention[0].batch' must be a whole number from 1"},
          {"/collectives/0/gpus", 1, "'collectives[0].gpus' must be a whole number from 2"},
          {"/fits/0/kernel", "conv", "'fits[0].kernel' must be one of those that are known"},
          {"/fits/0/head_dim", nullptr, "'fits[0].head_dim' must be a whole number from 1"},
          {"/fits/1/head_dim", 64, "'fits[1].head_dim' must be null, as"},
          {"/fits/1/kv_type", "bf16", "'fits[1].kv_type' must be null, as"},
          {"/fits/1/topology", "ring", "must be one of nvswitch, nvlink_pairs, not 'ring'"},
          {"/fits/0/form/bytes", -0.5, "'fits[0].form.bytes' must be a number from 0"},
          {"/fits/0/axes/1/name", "heads", "'fits[0].axes' must be those of decode: kv_heads, gr"},
          {"/fits/0/axes/0/knots", Json::array({3, 1}), "the knots of axis 'kv_heads' do not ri"},
          {"/fits/0/axes/0/knots", Json::array({1}), "'fits[0].measured' must be 1 hexadecimal"},
          {"/fits/0/measured", "9g", "'fits[0].measured' must be 2 hexadecimal digits of 8 knots"},
          {"/fits/1/measured", "9d", "'fits[1].measured' must be 2 hexadecimal digits of 6 knots"},
          {"/fits/0/correction", Json::array({1, 2}), "'fits[0].correction' must be 8 numbers"},
          {"/fits/0/correction/3", 10'001, "'fits[0].correction"},
          {"/fits/0/correction/3", -10'001, "'fits[0].correction"},
          {"/fits/0/form/bytes", 1.1e6, "'fits[0].form.bytes' must be a number from 0"},
          {"/fits/0/inside", Json::array({1.5, 1.25}), "'fits[0].inside' must be two factors"},
          {"/fits/0/inside", Json::array({0, 1.25}),
           "'fits[0].inside' must be two factors above 0"},
          {"/fits/0/inside", Json::array({1.125, 1.25}), "'fits[0].inside' must be two factors"},
          {"/fits/0/outside", Json::array({0.5, 0.875}), "'fits[0].outside' must be two factors"},
          {"/fits/0/outside", Json::array({0.9, 1.5}),
           "'fits[0].outside' must be two factors with"},
          {"/fits/0/topology", "nvswitch",
           "'fits[0].topology' must be null, as the kernel runs on"},
          {"/fits/0/gpus_per_node", 8, "'fits[0].gpus_per_node' must be null, as the kernel runs"},
          {"/fits/2", full_json()["fits"][0],
           "'fits[2].implementation' must be unique among fits of decode, bf16/fp8, head size 128: "
           "'split' stands twice"},
          {"/served/0/input_tokens", 10'000'001, "'served[0].input_tokens' must be a whole number"},
          {"/served/0/output_tokens", 10'000'001, "'served[0].output_tokens' must be a whole num"},
          {"/served/0/concurrency", 1'000'001, "'served[0].concurrency' must be a whole number"},
          {"/served/0/tp", 1025, "'served[0].tp' must be a whole number from 1 to 1024"},
          {"/served/0/pp", 1025, "'served[0].pp' must be"},
          {"/served/0/dp", 1025, "'served[0].dp' must be"},
          {"/served/0/ep", 1025, "'served[0].ep' must be"},
          {"/collectives/0/topology", "ring", "must be one of nvswitch, nvlink_pairs, not 'ring'"},
          {"/collectives/0/gpus_per_node", 9,
           "'collectives[0].gpus_per_node' must be at most gpus, 8"},
          {"/matmuls/0/m", 0, "'matmuls[0].m' must be a whole number from 1"},
          {"/matmuls/0/median_us", 0, "'matmuls[0].median_us' must be a number from"},
          {"/latent_attention/0/op", "chunked_prefill",
           "'latent_attention[0].op' must be prefill or decode"},
          {"/latent_attention/0/kv_type", "int8", "must be one of bf16, fp16, fp8, not 'int8'"},
          {"/served/0/tp", 0, "'served[0].tp' must be a whole number from 1"},
          {"/served/0/model", "", "'served[0].model' must be text that is not empty"},
          {"/served/1", full_json()["served"][0], "'served[1].id' must be unique"}}) {
    const std::string error = edited(path, value);
    INFO(path << " = " << value.dump() << ": " << error);
    CHECK(error.find(message) != std::string::npos);
    CHECK(error.find("p.json") != std::string::npos);
  }
  Json neither = full_json();
  neither["served"][0]["ttft_ms"] = neither["served"][0]["tpot_ms"] = nullptr;
  CHECK(
      error_of(neither.dump()).find("'served[0].tpot_ms' must be a number where ttft_ms is null") !=
      std::string::npos);
  CHECK(error_of("[1").find("not JSON, or cut off") != std::string::npos);
  CHECK(error_of("{\"version\": NaN}").find("not JSON") != std::string::npos);
  CHECK(error_of("{\"version\": 1e999}").find("not JSON that can be read") != std::string::npos);
}

TEST_CASE("a fit whose coefficients are of no work of its kernel is refused") {
  const Json none = {{"launch_us", 0}, {"flops", 0},      {"bytes", 0},
                     {"exps", 0},      {"wire_bytes", 0}, {"hop_us", 0}};
  const auto error = [&](std::size_t fit, const char* kernel, const char* coefficient) {
    Json json = full_json();
    Json& at = json["fits"][fit];
    at["form"] = none;
    if (*coefficient != '\0') at["form"][coefficient] = 1.5;
    if (std::string(kernel) == "matmul") {
      at["kernel"] = kernel;
      at["kv_type"] = at["head_dim"] = nullptr;
      at["axes"] = {{{"name", "m"}, {"knots", {1, 2}}},
                    {{"name", "n"}, {"knots", {1, 2}}},
                    {{"name", "k"}, {"knots", {1, 2}}}};
    }
    return error_of(json.dump());
  };
  const std::vector<std::tuple<std::size_t, const char*, std::vector<const char*>>> work = {
      {0, "decode", {"launch_us", "flops", "bytes", "exps"}},
      {0, "matmul", {"launch_us", "flops", "bytes"}},
      {1, "all_reduce", {"launch_us", "wire_bytes", "hop_us"}}};
  for (const auto& [fit, kernel, taken] : work) {
    for (const char* one : {"", "launch_us", "flops", "bytes", "exps", "wire_bytes", "hop_us"}) {
      const bool good = std::find(taken.begin(), taken.end(), std::string(one)) != taken.end();
      const std::string found = error(fit, kernel, one);
      INFO(kernel << ", " << one << ": " << found);
      if (good) {
        CHECK(found == "no error");
      } else {
        CHECK(found.find("p.json") != std::string::npos);
        CHECK(found.find(fit == 0 ? "'fits[0].form' must be" : "'fits[1].form' must be") !=
              std::string::npos);
      }
    }
  }
}
