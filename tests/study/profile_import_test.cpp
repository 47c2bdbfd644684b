// Profiles from published tables: made-up rows for each rule, and the shared tables where they are.

#include "study/profile/import.hpp"
#include "study/profile/words.hpp"
#include "study/profile/work.hpp"
#include "tests/support.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;
using namespace headroom::profile;

namespace {

const std::string kContext =
    "kernel,attn_dtype,kv_dtype,q_heads,kv_heads,head_dim,window_size,batch_size,seq_len,"
    "latency_ms\n";
const std::string kCollectives =
    "gpu,source,impl,op,dtype,num_gpus,elements,bytes,latency_ms\n"
    "h200,nccl 2.29.2,nccl,all_reduce,half,4,256,512,0.0125\n"
    "h100,nccl 2.29.2,nccl,all_reduce,half,4,256,512,0.0135\n"
    "h200,vllm 0.24.0,vllm_graph,all_reduce,bfloat16,8,256,512,0.0045\n";

Result<Imported> imported(const std::string& name, const std::string& text,
                          const std::string& gpu = "") {
  const TempDir folder;
  ImportOptions options;
  options.files = {folder.write(name, text)};
  options.gpu = gpu;
  return import_tables(options);
}

std::string error_of(const std::string& name, const std::string& text,
                     const std::string& gpu = "") {
  const auto found = imported(name, text, gpu);
  return found ? "no error" : found.error().text();
}

const Point& point_of(const Profile& profile, ShardShape shape, std::int64_t batch,
                      std::int64_t kv_len) {
  const auto found =
      std::find_if(profile.attention.begin(), profile.attention.end(), [&](const Point& p) {
        return p.shape == shape && p.batch == batch && p.kv_len == kv_len &&
               p.kv_type == Type::bf16;
      });
  REQUIRE(found != profile.attention.end());
  return *found;
}

Imported shared_table(const std::filesystem::path& file) {
  ImportOptions options;
  options.files = {file};
  return require_value(import_tables(options));
}

}  // namespace

TEST_CASE("work of attention is counted as by hand") {
  // Three queries of five keys: the first sees 3, the last 5.
  CHECK(visible_pairs(3, 5, true) == 12);
  CHECK(visible_pairs(3, 5, false) == 15);
  CHECK(visible_pairs(4, 4, true) == 10);
  Point p;
  p.op = Op::prefill;
  p.kv_type = Type::fp8;
  p.shape = {4, 2, 64};
  p.batch = 3;
  p.q_len = 4;
  p.kv_len = 4;
  REQUIRE(count_work(p));
  CHECK(p.scores == 4 * 3 * 10);
  CHECK(p.flops == 4 * 64 * 120);
  // Queries and outputs of 2 bytes, keys and values of 1.
  CHECK(p.bytes == 2 * (3 * 4 * 4 * 64 * 2) + 2 * (3 * 4 * 2 * 64));
  p.batch = 1'000'000'000;
  p.q_len = p.kv_len = 1'000'000'000;
  CHECK_FALSE(count_work(p));
}

TEST_CASE("a table of prompts is read") {
  const auto found =
      require_value(imported("h200_x.csv", kContext + "fa3,bfloat16,fp8,4,2,64,0,3,4,0.010085\n"));
  const Profile& profile = found.profile;
  CHECK(profile.device.name == "H200");
  CHECK(profile.source.imported);
  CHECK_FALSE(profile.source.license.has_value());
  REQUIRE(profile.attention.size() == 1);
  const Point& p = profile.attention[0];
  CHECK(p.id == "prefill-fa3-bf16-fp8-4-2-64-b3-q4-k4");
  CHECK(p.op == Op::prefill);
  CHECK(p.implementation == "fa3");
  CHECK(p.kv_type == Type::fp8);
  CHECK(p.kv_tokens == 12);
  CHECK(p.hot->median_us == 10.085);
  CHECK_FALSE(p.cold.has_value());
  CHECK_FALSE(p.page.has_value());
  CHECK_FALSE(p.verified.has_value());
  const TempDir folder;
  const std::string text = profile_json(profile);
  CHECK(profile_json(require_value(read_profile(folder.write("p.json", text)))) == text);
}

TEST_CASE("of a table of collectives the rows of one GPU are read") {
  const auto found = require_value(imported("c.csv", kCollectives, "NVIDIA H200"));
  CHECK(found.other_gpus == 1);
  REQUIRE(found.profile.collectives.size() == 2);
  const Collective& first = found.profile.collectives[0];
  CHECK(first.implementation == "nccl 2.29.2");
  CHECK(first.type == Type::fp16);
  CHECK(first.gpus == 4);
  CHECK(first.bytes == 512);
  CHECK(first.median_us == 12.5);
  CHECK(first.topology == Topology::nvswitch);
  CHECK(first.gpus_per_node == 4);
  CHECK(found.profile.collectives[1].implementation == "vllm_graph (vllm 0.24.0)");
  CHECK(error_of("c.csv", kCollectives, "A100")
            .find("there is no row for A100 — there are rows for h100 and h200") !=
        std::string::npos);
  CHECK(error_of("c.csv", kCollectives).find("say which it is: --gpu H200") != std::string::npos);
}

TEST_CASE("bad tables are refused with file, line and what is wrong") {
  const auto row = [](const std::string& text) { return error_of("h200.csv", kContext + text); };
  for (const auto& [error, pieces] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {row("fa3,int4,fp8,4,2,64,0,3,4,0.01\n"),
            {"h200.csv:2:5", "the type 'int4' is not known", "bfloat16"}},
           {row("fa3,fp8,fp8,4,3,64,0,3,4,0.01\n"), {"h200.csv:2", "do not share 3 KV heads"}},
           {row("fa3,fp8,fp8,0,2,64,0,3,4,0.01\n"), {"h200.csv:2", "q_heads"}},
           {row("fa3,fp8,fp8,4,2,64,128,3,4,0.01\n"), {"h200.csv:2", "a window of 128 tokens"}},
           {row("fa3,fp8,fp8,4,2,64,0,3,4,0\n"), {"h200.csv:2", "is not above 0"}},
           {row("fa3,fp8,fp8,4,2,64,0,3,4,-1\n"), {"h200.csv:2", "must not be negative"}},
           {row("fa3,fp8,fp8,4,2,64,0,3,4,nan\n"), {"h200.csv:2", "must be milliseconds"}},
           {row("fa3,fp8,fp8,4,2,64,0,3,4\n"), {"h200.csv:2", "'latency_ms' is missing"}},
           {row(",fp8,fp8,4,2,64,0,3,4,0.01\n"), {"h200.csv:2", "kernel"}},
           {row("a,fp8,fp8,4,2,64,0,3,4,0.01\na,fp8,fp8,4,2,64,0,3,4,0.02\n"),
            {"h200.csv:3", "stands twice"}},
           {row("a,fp8,fp8,65536,1,65536,0,1000000000,1000000000,0.01\n"),
            {"h200.csv:2", "too many to be counted"}},
           {row(""), {"there is no row for H200"}},
           {error_of("h200.csv", "gemm_dtype,m,n,k,latency_ms\nfp8,1,2,3,4\n"),
            {"h200.csv:1", "of no table that is taken", "context attention (kernel,",
             "generation attention (", "collectives (gpu,", "matrix products (kernel,gemm_dtype,m",
             "deployments (backend,"}},
           // What is no table is told before what names no GPU.
           {error_of("x.csv", "a,b\n1,2\n"), {"x.csv:1", "of no table that is taken"}},
           {error_of("x.csv", kContext), {"--gpu", "say which it is"}}}) {
    INFO(error);
    for (const auto& piece : pieces) CHECK(error.find(piece) != std::string::npos);
  }
}

TEST_CASE("what is no file is told as such, before anything else") {
  const TempDir folder;
  ImportOptions options;
  options.files = {folder.path() / "none.csv"};
  const auto none = import_tables(options);
  REQUIRE_FALSE(none);
  CHECK(none.error().text().find("none.csv: there is no such file") != std::string::npos);
  options.files = {folder.write("h200.csv", kContext + "fa3,fp8,fp8,4,2,64,0,3,4,0.01\n"),
                   folder.path()};
  const auto directory = import_tables(options);
  REQUIRE_FALSE(directory);
  CHECK(directory.error().text().find("this is a folder, not a table") != std::string::npos);
  options.files = {"/dev/null"};
  const auto device = import_tables(options);
  REQUIRE_FALSE(device);
  CHECK(device.error().text().find("but a table is read more than once") != std::string::npos);
}

TEST_CASE("the shared attention tables are read, with figures worked out by hand") {
  const auto decode = shared_path("silicon/h200_generation_attention_vllm-0.24.0.csv.gz");
  const auto prefill = shared_path("silicon/h200_context_attention_vllm-0.24.0.csv.gz");
  if (!decode || !prefill) return;
  const Imported decoded = shared_table(*decode);
  CHECK(decoded.profile.device.name == "H200");
  CHECK(decoded.profile.attention.size() == 26'886);
  // 16 sequences of 4096 keys: 2 x 65,536 x 8 x 128 values of 2 bytes, and 2 x 16 x 32 x 128 of
  // queries and outputs, in 82.256 us.
  const Point& d = point_of(decoded.profile, {32, 8, 128}, 16, 4096);
  CHECK(d.hot->median_us == 82.256);
  CHECK(d.bytes == 268'697'600);
  CHECK(d.scores == 2'097'152);
  CHECK(rates_of(d).bytes_per_s == Approx(3266.6e9).epsilon(1e-4));
  // A prompt of 16,384 tokens: 32 x 16,384 x 16,385 / 2 scores in 3370.832 us.
  const Imported prompts = shared_table(*prefill);
  CHECK(prompts.profile.attention.size() == 21'284);
  const Point& p = point_of(prompts.profile, {32, 8, 128}, 1, 16'384);
  CHECK(p.scores == 4'295'229'440);
  CHECK(p.bytes == 335'544'320);
  CHECK(rates_of(p).flop_per_s == Approx(652.41e12).epsilon(1e-4));
}

TEST_CASE("the shared tables of the other GPU are read") {
  const auto decode = shared_path("silicon/h100_generation_attention_vllm-0.24.0.csv.gz");
  const auto prefill = shared_path("silicon/h100_context_attention_vllm-0.24.0.csv.gz");
  if (!decode || !prefill) return;
  ImportOptions options;
  options.files = {*decode, *prefill};
  const auto found = require_value(import_tables(options));
  CHECK(found.profile.device.name == "H100");
  CHECK(found.profile.attention.size() == 16'340 + 13'073);
  CHECK(point_of(found.profile, {32, 8, 128}, 16, 4096).hot->median_us == 113.435);
}

TEST_CASE("the shared table of collectives is read") {
  const auto file = shared_path("silicon/collectives_h200_h100_a100.csv.gz");
  if (!file) return;
  ImportOptions options;
  options.files = {*file};
  for (const auto& [gpu, rows] : std::vector<std::pair<std::string, std::size_t>>{
           {"A100-80GB", 467}, {"H100", 440}, {"H200", 465}}) {
    options.gpu = gpu;
    const auto found = require_value(import_tables(options));
    CHECK(found.profile.collectives.size() == rows);
    CHECK(found.other_gpus == 1372 - rows);
  }
}
