// Comparisons of profiles, and throughput against tensor parallel size, worked out by hand.

#include "study/profile/compare.hpp"
#include "study/profile/scaling.hpp"
#include "study/profile/show.hpp"
#include "study/profile/words.hpp"
#include "tests/study/profile_samples.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

using namespace headroom;
using namespace headroom::test;
using namespace headroom::profile;

namespace {

Point decode_of(const ShardShape& shape, double us) {
  Point out = decode_point("d" + shape.text(), us);
  out.shape = shape;
  return out;
}

/// The text with every run of blanks as one.
std::string single_blanks(std::string text) {
  text.erase(
      std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; }),
      text.end());
  return text;
}

}  // namespace

TEST_CASE("ratios are of hot medians where both have them, else of cold ones") {
  Profile a =
      profile_of({decode_point("0", 10.0), decode_point("1", 20.0), decode_point("2", 5.0)});
  a.attention[1].batch = 8;
  a.attention[1].kv_tokens = 8192;
  a.attention[2].kv_len = 2048;
  a.attention[2].kv_tokens = 8192;
  a.attention[2].cold = a.attention[2].hot;
  Profile b = a;
  b.attention[0].hot->median_us = 5.0;   // 0.5
  b.attention[1].hot->median_us = 80.0;  // 4
  b.attention[2].hot.reset();
  b.attention[2].cold->median_us = 10.0;  // 2, cold
  const Comparison c = require_value(compare(a, b));
  REQUIRE(c.pairs.size() == 3);
  CHECK(c.pairs[0].ratio == 4.0);
  CHECK(c.pairs[0].hot);
  // As far from 1 as 0.5 is: in the order of shapes, by batch and keys.
  CHECK(c.pairs[1].ratio == 0.5);
  CHECK(c.pairs[2].ratio == 2.0);
  CHECK_FALSE(c.pairs[2].hot);
  REQUIRE(c.attention_summary.size() == 2);
  CHECK(c.attention_summary[0].what == "decode, cold");
  CHECK(c.attention_summary[0].geometric_mean == Approx(2.0));
  CHECK(c.attention_summary[1].what == "decode, hot");
  // sqrt(0.5 x 4); quartiles between 0.5 and 4.
  CHECK(c.attention_summary[1].geometric_mean == Approx(1.41421356));
  CHECK(c.attention_summary[1].p25 == Approx(1.375));
  CHECK(c.attention_summary[1].median == Approx(2.25));
  CHECK(c.attention_summary[1].p75 == Approx(3.125));
  CHECK(compare_text(c, 2).find("and 1 more that differ less") != std::string::npos);
}

TEST_CASE("equal implementations are compared, else the fastest ones") {
  Profile a = profile_of({decode_point("0", 10.0), decode_point("1", 8.0)});
  a.attention[1].implementation = "other";
  Profile b = profile_of({decode_point("0", 30.0)});
  Comparison c = require_value(compare(a, b));
  REQUIRE(c.pairs.size() == 1);
  CHECK(c.pairs[0].ratio == 3.0);
  CHECK(c.only_a == 1);
  CHECK(c.only_b == 0);
  b.attention[0].implementation = "third";
  b.attention[0].page = 16;
  c = require_value(compare(a, b));
  REQUIRE(c.pairs.size() == 1);
  CHECK(c.pairs[0].ratio == 30.0 / 8.0);
  CHECK(compare_text(c, 10).find("other -> third page 16") != std::string::npos);
  b.attention[0].type = Type::fp16;
  c = require_value(compare(a, b));
  CHECK(c.pairs.empty());
  CHECK(c.only_a == 2);
  CHECK(c.only_b == 1);
  CHECK(compare_text(c, 10).find("no point is in both") != std::string::npos);
}

TEST_CASE("a mask changes nothing for one query; times of two kinds are not compared") {
  Profile a = profile_of({decode_point("0", 10.0)});
  Profile b = profile_of({decode_point("0", 20.0)});
  b.attention[0].causal = false;
  CHECK(require_value(compare(a, b)).pairs.size() == 1);
  b.attention[0].cold = b.attention[0].hot;
  b.attention[0].hot.reset();
  const Comparison c = require_value(compare(a, b));
  CHECK(c.pairs.empty());
  CHECK(c.incomparable == 1);
}

TEST_CASE("collectives are compared by operation, type, GPUs and bytes") {
  Profile a = profile_of({});
  a.collectives = {{CollectiveOp::all_reduce, "nccl", Type::bf16, 8, 1024, 10.0},
                   {CollectiveOp::all_gather, "nccl", Type::bf16, 8, 1024, 10.0}};
  Profile b = a;
  b.collectives[0].median_us = 15.0;
  b.collectives[1].gpus = 4;
  const Comparison c = require_value(compare(a, b));
  REQUIRE(c.collectives.pairs.size() == 1);
  CHECK(c.collectives.pairs[0].ratio == 1.5);
  CHECK(c.collectives.only_a == 1);
  const auto json = nlohmann::json::parse(compare_json(c));
  CHECK(json["collectives"]["pairs"][0]["ratio"] == 1.5);
  CHECK(json["collectives"]["only_b"] == 1);
}

TEST_CASE("collectives of another topology or across nodes are other ones") {
  Profile a = profile_of({});
  a.collectives = {
      {CollectiveOp::all_reduce, "nccl", Type::bf16, 4, 1024, 10.0, Topology::nvswitch, 4},
      {CollectiveOp::all_reduce, "nccl", Type::bf16, 8, 1024, 10.0, Topology::nvswitch, 8}};
  Profile b = a;
  b.collectives[0].topology = Topology::nvlink_pairs;
  b.collectives[1].gpus_per_node = 4;
  const Comparison c = require_value(compare(a, b));
  CHECK(c.collectives.pairs.empty());
  CHECK(c.collectives.only_a == 2);
  CHECK(compare_text(c, 10).find("none is in both") != std::string::npos);
}

TEST_CASE("matrix products and latent attention are compared by size") {
  Profile a = profile_of({});
  a.matmuls = {{"linear", Type::bf16, 1, 512, 256, 4.0}, {"linear", Type::fp8, 1, 512, 256, 4.0}};
  a.latent_attention = {{Op::decode, "default", Type::bf16, Type::fp8, 16, 4, 1024, 10.0}};
  Profile b = a;
  b.matmuls[0].median_us = 2.0;
  b.matmuls[0].implementation = "other";
  b.matmuls[1].k = 512;
  b.latent_attention[0].median_us = 15.0;
  const Comparison c = require_value(compare(a, b));
  REQUIRE(c.matmuls.pairs.size() == 1);
  CHECK(c.matmuls.pairs[0].ratio == 0.5);
  CHECK(c.matmuls.only_a == 1);
  CHECK(c.matmuls.only_b == 1);
  CHECK(c.matmuls.summary.at(0).what == "bf16");
  REQUIRE(c.latent_attention.pairs.size() == 1);
  CHECK(c.latent_attention.pairs[0].ratio == 1.5);
  CHECK(c.latent_attention.summary.at(0).what == "decode");
  const std::string text = single_blanks(compare_text(c, 10));
  CHECK(text.find("bf16 1 512 256 4.00 2.00 0.500 linear -> other") != std::string::npos);
  CHECK(text.find("decode bf16/fp8 16 4 1024 10.00 15.00 1.500 default") != std::string::npos);
  const auto json = nlohmann::json::parse(compare_json(c));
  CHECK(json["matmuls"]["pairs"][0]["n"] == 512);
  CHECK(json["matmuls"]["pairs"][0]["b_implementation"] == "other");
  CHECK(json["latent_attention"]["pairs"][0]["ratio"] == 1.5);
}

TEST_CASE("matrix products, latent attention and deployments are shown") {
  const Profile profile = full_profile();
  CHECK(header_text(profile).find("2 of attention, 1 of collectives, 1 of matrix products, 1 of "
                                  "latent attention, 1 of deployments") != std::string::npos);
  const std::string text = single_blanks(tables_text(profile, {}));
  CHECK(text.find("all_reduce bf16 8 4 nvlink_pairs 1,024 9.50 0.1078 nccl 2.29") !=
        std::string::npos);
  // 2 x 16 x 4,096 x 1,024 operations in 5.5 us; 16 x 1,024 + 1,024 x 4,096 bytes and 16 x 4,096
  // values of 2.
  CHECK(text.find("fp8: 1, up to 24.4 TFLOP/s and 789.4 GB/s") != std::string::npos);
  CHECK(text.find("fp8 16 4096 1024 5.50 24.4 789.4 linear") != std::string::npos);
  CHECK(text.find("prefill bf16/fp8 16 4 1024 70.50 - mla") != std::string::npos);
  CHECK(text.find("llama vllm 0.24.0 fp8 1024 128 32 4/1/2/8 90.50 12.25") != std::string::npos);
  const auto json = nlohmann::json::parse(show_json(profile, {}, {}));
  CHECK(json["collectives"][0]["topology"] == "nvlink_pairs");
  CHECK(json["matmuls"][0]["flop_per_s"] == Approx(2.0 * 16 * 4096 * 1024 / 5.5e-6));
  CHECK(json["latent_attention"][0]["cache_bytes_per_s"].is_null());
  CHECK(json["served"][0]["tpot_ms"] == 12.25);
  // One shape of attention alone.
  const ShowOptions one{false, ShardShape{1, 1, 64}};
  CHECK(lists_text(profile, one).empty());
  CHECK(nlohmann::json::parse(show_json(profile, {}, one))["matmuls"].empty());
}

TEST_CASE("a CPU is not compared with a GPU") {
  Profile a = profile_of({});
  Profile b = a;
  b.device.kind = DeviceKind::cpu;
  b.device.name = "EPYC";
  const auto found = compare(a, b);
  REQUIRE_FALSE(found);
  CHECK(found.error().message.find("EPYC (cpu: not a GPU)") != std::string::npos);
  CHECK(require_value(compare(b, b)).pairs.empty());
}

TEST_CASE("throughput of a GPU and efficiency are as by hand") {
  // gemma-3-27b-it: 32/16 heads. 4 sequences decode in 40 us on one GPU, in 25 us on two and in 5
  // us on 32, where each KV head is on two.
  const Profile profile = profile_of({decode_of({16, 8, 128}, 25.0), decode_of({32, 16, 128}, 40.0),
                                      decode_of({1, 1, 128}, 5.0), decode_of({7, 7, 64}, 5.0)});
  const auto model = require_value(find_model("gemma-3-27b-it"));
  const std::vector<int> sizes = {1, 2, 3, 4, 32};
  const auto found = require_value(scaling_of(profile, *model, sizes));
  REQUIRE(found.size() == 1);
  const Scaling& s = found[0];
  REQUIRE(s.sizes.size() == 4);
  CHECK(s.sizes[1].measured);
  CHECK_FALSE(s.sizes[2].measured);
  CHECK(s.sizes[3].kv_replication == 2);
  REQUIRE(s.refused.size() == 1);
  CHECK(s.refused[0].first == 3);
  REQUIRE(s.rows.size() == 1);
  const auto& cells = s.rows[0].cells;
  CHECK(cells[0]->efficiency == 1.0);
  CHECK(cells[0]->tokens_per_s == Approx(4 / 40e-6));
  CHECK(cells[1]->efficiency == Approx(0.8));
  CHECK(cells[1]->tokens_per_s == Approx(4 / (2 * 25e-6)));
  CHECK_FALSE(cells[2].has_value());
  CHECK(cells[3]->efficiency == Approx(0.25));
  const std::string text = scaling_text(profile, s, false);
  CHECK(text.find("TP 32*") != std::string::npos);
  CHECK(text.find("each KV head is on 2 GPUs") != std::string::npos);
  CHECK(text.find("TP 3    refused: ") != std::string::npos);
  CHECK(text.find("TP 4    8/4/128        not in this profile") != std::string::npos);
  CHECK(text.find("100k") != std::string::npos);
  CHECK(text.find("in doubt") == std::string::npos);
  const auto latent = require_value(find_model("deepseek-v3"));
  CHECK_FALSE(scaling_of(profile, *latent, sizes));
}

TEST_CASE("figures in doubt are marked, and the marks explained") {
  Profile profile = profile_of({decode_of({32, 16, 128}, 40.0), decode_of({16, 8, 128}, 25.0),
                                decode_of({8, 4, 128}, 12.5)});
  profile.attention[0].verified = true;
  profile.attention[1].verified = false;
  profile.attention[1].flags = {"thermal", "noisy"};
  profile.attention[2].flags = {"drift", "power_capped", "unsettled"};
  const auto model = require_value(find_model("gemma-3-27b-it"));
  const std::vector<int> sizes = {1, 2, 4};
  const auto found = require_value(scaling_of(profile, *model, sizes));
  const std::string text = scaling_text(profile, found.at(0), false);
  CHECK(single_blanks(text).find("4 1 1024 100k 100 % 80.0k 80 %!nt 80.0k 80 %dpu") !=
        std::string::npos);
  CHECK(text.find("Figures in doubt: ! implementation not verified, n noisy, d drift, "
                  "p power_capped, t thermal, u unsettled.") != std::string::npos);
  const auto json = nlohmann::json::parse(show_json(profile, found, {}));
  const auto& cells = json["models"][0]["rows"][0]["sizes"];
  CHECK(cells[0]["verified"] == true);
  CHECK(cells[0]["flags"].empty());
  CHECK(cells[1]["verified"] == false);
  CHECK(cells[1]["flags"] == nlohmann::json({"thermal", "noisy"}));
  CHECK(cells[2]["verified"].is_null());

  profile.attention[1] = decode_of({16, 8, 128}, 25.0);
  profile.attention[2].flags = {"drift"};
  const auto fewer = require_value(scaling_of(profile, *model, sizes));
  CHECK(scaling_text(profile, fewer.at(0), false).find("Figures in doubt: d drift. ") !=
        std::string::npos);
}

TEST_CASE("layers that see a window only are counted above the figures") {
  const Profile profile = profile_of({decode_of({32, 16, 128}, 40.0)});
  const std::vector<int> sizes = {1};
  // Every sixth of 62 layers of gemma-3-27b-it is full.
  const auto gemma = require_value(find_model("gemma-3-27b-it"));
  const auto found = require_value(scaling_of(profile, *gemma, sizes));
  REQUIRE(found.size() == 1);
  CHECK(found[0].layers == 62);
  REQUIRE(found[0].windowed.size() == 1);
  CHECK(found[0].windowed[0].layers == 52);
  CHECK(found[0].windowed[0].window == 1024);
  CHECK(
      scaling_text(profile, found[0], false)
          .find("Figures are of full attention: 52 of 62 layers see the last 1,024 tokens only.") !=
      std::string::npos);
  const auto json = nlohmann::json::parse(show_json(profile, found, {}))["models"][0];
  CHECK(json["layers"] == 62);
  CHECK(json["windowed"] ==
        nlohmann::json::parse(R"([{"reach": "sliding", "window": 1024, "layers": 52}])"));

  Model chunked = *gemma;
  for (LayerKind& kind : chunked.text.kinds) {
    if (kind.attention()->window > 0) kind.attention()->reach = Attention::Reach::chunked;
  }
  const auto own = require_value(scaling_of(profile, chunked, sizes));
  CHECK(scaling_text(profile, own[0], false).find("their own chunk of 1,024 tokens only") !=
        std::string::npos);

  const auto full = require_value(find_model("meta-llama-3.1-70b"));
  const auto plain = require_value(scaling_of(profile, *full, sizes));
  CHECK(plain.at(0).layers == 80);
  CHECK(plain.at(0).windowed.empty());
  CHECK(scaling_text(profile, plain[0], false).find("full attention") == std::string::npos);
}

TEST_CASE("text of a profile neither drives a terminal nor forges lines of tables") {
  const std::string evil =
      "\x1b[2J\ra\nceilings   read 9 GB/s\x7f\xc2\x9b"
      "1m\r\t";
  Profile profile = full_profile();
  Text* const texts[] = {&profile.source.name,     &profile.source.license,
                         &profile.source.location, &profile.source.note,
                         &profile.created,         &profile.tool.version,
                         &profile.tool.revision,   &profile.tool.build,
                         &profile.tool.compiler,   &profile.tool.cuda_compiler,
                         &profile.device.driver,   &profile.device.compute_capability,
                         &profile.device.features, &profile.device.cuda_runtime,
                         &profile.libraries.nvml,  &profile.libraries.cupti,
                         &profile.libraries.cudnn, &profile.libraries.nccl};
  for (Text* text : texts) *text = evil;
  profile.source.imported = true;
  profile.device.name = evil;
  profile.tool.cuda_architectures = {evil};
  profile.skipped = {{evil, evil}};
  for (Point& point : profile.attention) point.implementation = evil;
  for (Collective& collective : profile.collectives) collective.implementation = evil;
  for (Matmul& matmul : profile.matmuls) matmul.implementation = evil;
  for (LatentPoint& point : profile.latent_attention) point.implementation = evil;
  for (Served& served : profile.served) {
    served.id = served.engine = served.model = evil;
    served.engine_version = served.precision = evil;
  }
  const auto model = require_value(find_model("gemma-3-27b-it"));
  const std::vector<int> sizes = {1};
  const auto scaling = require_value(scaling_of(profile, *model, sizes));
  Profile other = profile;
  for (Point& point : other.attention) point.implementation = evil + "b";
  for (Collective& collective : other.collectives) collective.implementation = evil + "b";
  const std::string all = header_text(profile) + tables_text(profile, {}) +
                          scaling_text(profile, scaling[0], false) +
                          compare_text(require_value(compare(profile, other)), 10);
  for (const char c : all) {
    const auto byte = static_cast<unsigned char>(c);
    INFO("byte " << int{byte});
    CHECK((c == '\n' || (byte >= 0x20 && byte < 0x7F)));
  }
  CHECK(all.find("\nceilings") == std::string::npos);
  CHECK(all.find("?[2J?a?ceilings   read 9 GB/s??1m??") != std::string::npos);
}

TEST_CASE("long texts are cut between characters, and long values stay apart") {
  CHECK(plain_text("abc", 3) == "abc");
  CHECK(plain_text("abcdefgh", 6) == "abc...");
  // Two bytes a character: the cut at three would halve the second.
  CHECK(plain_text("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 6) == "\xc3\xa4...");
  CHECK(plain_text("\xc3\xa4") == "\xc3\xa4");
  Point p = decode_point("0", 1e15);
  p.shape = {123'456'789'012, 123'456'789'012, 123'456'789'012};
  p.batch = 123'456'789'012;
  p.kv_len = 123'456'789'012;
  const Profile profile = profile_of({p});
  CHECK(single_blanks(tables_text(profile, {})).find(" 123456789012 1 123456789012 equal ") !=
        std::string::npos);
  CHECK(single_blanks(compare_text(require_value(compare(profile, profile)), 10))
            .find("decode 123456789012/123456789012/123456789012 bf16 123456789012 1 123456789012 "
                  "equal hot 1e+15 1e+15 1.000 split") != std::string::npos);
}

TEST_CASE("every table of a CPU says that it is none of a GPU") {
  Profile profile = full_profile();
  profile.device.kind = DeviceKind::cpu;
  const std::string label = "H200 (cpu: not a GPU)";
  CHECK(header_text(profile).find(label + ": INCOMPLETE") == 0);
  const std::string tables = tables_text(profile, {});
  CHECK(tables.find("decode on " + label + ": 2 points") != std::string::npos);
  CHECK(tables.find("collectives on " + label) != std::string::npos);
}

TEST_CASE("shares are of the ceilings, and long tables say what they leave out") {
  Point p = decode_point("0", 10.0);
  p.bytes = 10'000'000;     // 1 TB/s
  p.flops = 1'000'000'000;  // 100 TFLOP/s
  Profile profile = profile_of({p});
  profile.ceilings.read_bytes_per_s = 4e12;
  const std::string row = tables_text(profile, {});
  CHECK(row.find("1000   25.0 %       100        -\n") != std::string::npos);
  for (int i = 1; i < 50; ++i) {
    p.id = std::to_string(i);
    p.batch = 4 + i;
    p.kv_tokens = 1024 * p.batch;
    profile.attention.push_back(p);
  }
  CHECK(tables_text(profile, {}).find("... and 10 more points: --all") != std::string::npos);
  // The first and the last are among them.
  CHECK(tables_text(profile, {}).find("\n         4        1     1024") != std::string::npos);
  CHECK(tables_text(profile, {}).find("\n        53        1     1024") != std::string::npos);
  CHECK(tables_text(profile, {true, {}}).find("more points") == std::string::npos);
  CHECK(tables_text(profile, {false, ShardShape{1, 1, 64}}).empty());
}
