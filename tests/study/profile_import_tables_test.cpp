// Profiles from published tables of matrix products, latent attention, networks and deployments:
// made-up rows for each rule, and the shared tables where they are.

#include "study/profile/import.hpp"
#include "study/profile/words.hpp"
#include "tests/support.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;
using namespace headroom::profile;

namespace {

const std::string kMatmuls = "kernel,gemm_dtype,m,n,k,latency_ms\n";
const std::string kLatent =
    "kernel,mla_dtype,kv_dtype,q_heads,tp_size,batch_size,kv_len,latency_ms\n";
const std::string kNetwork = "network,op,num_workers,devices_per_node,bytes,median_ms,min_ms\n";
const std::string kDeployments =
    "backend,backend_version,model_path,system,precision,mode,isl,osl,batch_size,tp_size,pp_size,"
    "attention_dp_size,moe_ep_size,silicon_ttft_ms,silicon_tpot_ms,id\n";
const std::string kTries =
    "model,hardware,prompt_size,batch_size,token_size,prompt_time,token_time,e2e_time,"
    "tensor_parallel\n";

Result<Imported> imported(const std::string& text, const std::string& gpu = "H200") {
  const TempDir folder;
  ImportOptions options;
  options.files = {folder.write("t.csv", text)};
  options.gpu = gpu;
  return import_tables(options);
}

std::string error_of(const std::string& text) {
  const auto found = imported(text);
  return found ? "no error" : found.error().text();
}

/// Reads back what is written, the same to the byte.
void check_round_trip(const Profile& profile) {
  const TempDir folder;
  const std::string text = profile_json(profile);
  CHECK(profile_json(require_value(read_profile(folder.write("p.json", text)))) == text);
}

std::optional<Imported> shared_tables(const std::vector<std::string>& names,
                                      const std::string& gpu) {
  ImportOptions options;
  options.gpu = gpu;
  for (const std::string& name : names) {
    const auto file = shared_path("silicon/" + name + ".csv.gz");
    if (!file) return std::nullopt;
    options.files.push_back(*file);
  }
  return require_value(import_tables(options));
}

}  // namespace

TEST_CASE("a table of matrix products is read, and rates are as by hand") {
  const auto found = require_value(
      imported(kMatmuls + "linear,bfloat16,64,512,256,0.004\nscaled,fp8,64,512,256,0.002\n"));
  REQUIRE(found.profile.matmuls.size() == 2);
  const Matmul& first = found.profile.matmuls[0];
  CHECK(first.implementation == "linear");
  CHECK(first.type == Type::bf16);
  CHECK(first.m == 64);
  CHECK(first.n == 512);
  CHECK(first.k == 256);
  CHECK(first.median_us == 4.0);
  // 2 x 64 x 512 x 256 operations; 64 x 256 + 256 x 512 + 64 x 512 values of 2 bytes.
  CHECK(rates_of(first).flop_per_s == Approx(16'777'216 / 4e-6));
  CHECK(rates_of(first).bytes_per_s == Approx(360'448 / 4e-6));
  // Factors of 1 byte, and a product of 2.
  CHECK(rates_of(found.profile.matmuls[1]).bytes_per_s == Approx(212'992 / 2e-6));
  check_round_trip(found.profile);
}

TEST_CASE(
    "tables of latent attention are read; the size they were collected under is passed over") {
  const auto found = require_value(imported(kLatent + "default,bfloat16,fp8,16,8,4,1024,0.017\n"));
  REQUIRE(found.profile.latent_attention.size() == 1);
  const LatentPoint& p = found.profile.latent_attention[0];
  CHECK(p.op == Op::decode);
  CHECK(p.kv_type == Type::fp8);
  CHECK(p.q_heads == 16);
  CHECK(p.batch == 4);
  CHECK(p.length == 1024);
  CHECK(p.median_us == 17.0);
  // 4 x 1,024 tokens of 512 + 64 values of 1 byte.
  CHECK(cache_bytes_per_s(p) == Approx(2'359'296 / 17e-6));
  check_round_trip(found.profile);
  const auto prompt =
      require_value(imported("kernel,mla_dtype,kv_dtype,q_heads,batch_size,seq_len,latency_ms\n"
                             "default,bfloat16,bfloat16,16,4,1024,0.5\n"));
  CHECK(prompt.profile.latent_attention.at(0).op == Op::prefill);
  CHECK_FALSE(cache_bytes_per_s(prompt.profile.latent_attention[0]).has_value());
}

TEST_CASE("of a table of networks the rows of one GPU are read, with what joins it") {
  const std::string table = kNetwork +
                            "h100_dgx,all_reduce,4,2,2048,0.056,0.04\n"
                            "h100_pairwise_nvlink,send_recv,2,2,2048,0.004,0.003\n"
                            "a40_pairwise_nvlink,send_recv,2,2,2048,0.005,0.003\n";
  const auto found = require_value(imported(table, "NVIDIA H100"));
  CHECK(found.other_gpus == 1);
  REQUIRE(found.profile.collectives.size() == 2);
  const Collective& first = found.profile.collectives[0];
  CHECK(first.op == CollectiveOp::all_reduce);
  CHECK(first.implementation == "nccl (vidur h100_dgx)");
  CHECK(first.type == Type::fp16);
  CHECK(first.topology == Topology::nvswitch);
  CHECK(first.gpus == 4);
  CHECK(first.gpus_per_node == 2);
  CHECK(first.median_us == 56.0);
  CHECK(found.profile.collectives[1].topology == Topology::nvlink_pairs);
  check_round_trip(found.profile);
}

TEST_CASE("deployments are read, but those on separate GPUs and those that contradict their id") {
  const auto found = require_value(
      imported(kDeployments +
               "trtllm,1.2,ds/"
               "R1,h200_sxm,fp8,agg,8192,1024,16,1,1,8,8,1061.5,27.4673,r1_c128_tp8_0_ep8_0_12\n"
               "vllm,,llama,h200_sxm,,agg,1024,128,4,2,,,0,90.5,10.25,llama_c4_tp2_epnone_1\n"
               "sglang,0.5,q,h200_sxm,fp8,agg,1024,128,4,64,1,1,8,90.5,10.25,q_c4_tp8_ep8_1\n"
               "sglang,0.5,q,h200_sxm,fp8,disagg,1024,128,,,,,,90.5,10.25,q_disagg\n"
               "vllm,0.1,llama,h100_sxm,fp8,agg,1024,128,4,2,1,1,1,90.5,10.25,other\n"));
  CHECK(found.other_gpus == 1);
  CHECK(found.left_out == std::map<std::string, std::size_t>{
                              {"of deployments whose id names other sizes than their columns", 1},
                              {"of prefill and decoding on separate GPUs", 1}});
  REQUIRE(found.profile.served.size() == 2);
  const Served& first = found.profile.served[0];
  CHECK(first.id == "r1_c128_tp8_0_ep8_0_12");
  CHECK(first.engine == "trtllm");
  CHECK(first.engine_version == "1.2");
  CHECK(first.model == "ds/R1");
  CHECK(first.input_tokens == 8192);
  CHECK(first.output_tokens == 1024);
  CHECK(first.concurrency == 128);  // 16 on each of 8 ranks
  CHECK(first.tp == 1);
  CHECK(first.dp == 8);
  CHECK(first.ep == 8);
  CHECK(first.ttft_ms == 1061.5);
  CHECK(first.tpot_ms == 27.4673);
  const Served& second = found.profile.served[1];
  CHECK_FALSE(second.engine_version.has_value());
  CHECK_FALSE(second.precision.has_value());
  CHECK(second.pp == 1);
  CHECK(second.dp == 1);
  CHECK(second.ep == 1);
  check_round_trip(found.profile);
}

TEST_CASE("tries of one deployment are its medians, without those that ended early") {
  const std::string table = kTries +
                            "llama2-70b,a100-80gb,512,1,3,100,50.5,201,2\n"
                            "llama2-70b,a100-80gb,512,2,3,200,60,320,2\n"
                            "llama2-70b,a100-80gb,512,1,3,120,40,200,2\n"
                            "llama2-70b,a100-80gb,512,1,3,110,70,250,2\n"
                            "llama2-70b,a100-80gb,512,1,3,10,70,100,2\n"
                            "llama2-70b,a100-80gb-pcap,512,1,3,110,70,250,2\n"
                            "llama2-70b,h100-80gb,512,1,3,110,70,250,2\n";
  const auto found = require_value(imported(table, "A100-80GB"));
  CHECK(found.other_gpus == 1);
  CHECK(found.left_out == std::map<std::string, std::size_t>{{"of GPUs under a power cap", 1},
                                                             {"of requests that ended early", 1}});
  REQUIRE(found.profile.served.size() == 2);
  const Served& first = found.profile.served[0];
  CHECK(first.id == "llama2-70b_a100-80gb_512x3_c1_tp2");
  CHECK(first.engine == "vllm");
  CHECK(first.ttft_ms == 110.0);
  CHECK(first.tpot_ms == 50.5);
  CHECK(found.profile.served[1].concurrency == 2);
  check_round_trip(found.profile);
  // Of another size there are none.
  CHECK_FALSE(imported(table, "A100-40GB"));
  CHECK(require_value(imported(table, "A100")).profile.served.size() == 2);
}

TEST_CASE("GPUs are told by the first word of a table's name, and by memory where both name it") {
  CHECK(names_gpu("NVIDIA H200", "h200_sxm"));
  CHECK(names_gpu("A100-80GB", "a100_dgx"));
  CHECK(names_gpu("H100", "h100-80gb-pcap"));
  CHECK(names_gpu("NVIDIA A100-SXM4-80GB", "a100-80gb"));
  CHECK_FALSE(names_gpu("A100-40GB", "a100-80gb"));
  CHECK_FALSE(names_gpu("A100-80GB", "a10"));
  CHECK_FALSE(names_gpu("H200", ""));
}

TEST_CASE("bad rows of these tables are refused with file, line and what is wrong") {
  const std::string deployment = "vllm,,llama,h200_sxm,,agg,1024,128,4,2,,,0,90.5,10.25,a\n";
  std::string twice = kDeployments;
  twice.append(deployment).append(deployment);
  for (const auto& [table, pieces] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {kMatmuls + "a,int4,1,2,3,0.1\n", {"t.csv:2:3", "the type 'int4' is not known"}},
           {kMatmuls + "a,fp8,0,2,3,0.1\n", {"t.csv:2:7", "m is 0, but must be from 1"}},
           {kMatmuls + "a,fp8,1,2,3,0\n", {"t.csv:2", "is not above 0"}},
           {kMatmuls + "a,fp8,1,2,3,0.1\na,fp8,1,2,3,0.1\n", {"t.csv:3", "stands twice"}},
           {kLatent + "a,fp8,fp8,0,8,4,1024,0.1\n", {"t.csv:2", "q_heads is 0"}},
           // Collected under two sizes: which is meant cannot be told.
           {kLatent + "a,fp8,fp8,8,8,4,9,0.1\na,fp8,fp8,8,16,4,9,0.2\n",
            {"t.csv:3", "stands twice"}},
           {kNetwork + "h200_ring,all_reduce,4,2,2048,0.05,0.04\n",
            {"t.csv:2:1", "the network 'h200_ring' is not known", "_pairwise_nvlink"}},
           {kNetwork + "h200_dgx,broadcast,4,2,2048,0.05,0.04\n",
            {"t.csv:2", "the operation 'broadcast' is not known", "send_recv"}},
           {kNetwork + "h200_dgx,all_reduce,4,8,2048,0.05,0.04\n",
            {"t.csv:2", "devices_per_node is 8, but must be from 1 to 4"}},
           {kNetwork + "a100_dgx,all_reduce,4,4,2048,0.05,0.04\n",
            {"there is no row for H200", "there are rows for a100_dgx"}},
           {kDeployments + "vllm,,llama,h200_sxm,,split,1024,128,4,2,,,0,90.5,10.25,a\n",
            {"t.csv:2", "the mode 'split' is not known", "agg and disagg"}},
           {kDeployments + "vllm,,llama,h200_sxm,,agg,1024,128,,2,,,0,90.5,10.25,a\n",
            {"t.csv:2", "batch_size is ''"}},
           {kDeployments + "vllm,,llama,h200_sxm,,agg,1024,128,4,2,,,0,,10.25,a\n",
            {"t.csv:2", "silicon_ttft_ms is ''"}},
           {twice, {"t.csv:3", "'served-a' stands twice"}},
           {kTries + "m,h200,512,1,3,-1,50,200,2\n", {"t.csv:2", "must not be negative"}}}) {
    const std::string error = error_of(table);
    INFO(error);
    for (const auto& piece : pieces) CHECK(error.find(piece) != std::string::npos);
  }
}

TEST_CASE("the shared tables of one GPU are read into one profile") {
  const auto h200 =
      shared_tables({"h200_gemm_vllm-0.24.0_subset", "h200_context_mla_trtllm-1.3.0rc20",
                     "h200_generation_mla_trtllm-1.3.0rc20", "e2e_silicon_sample_h100_h200"},
                    "");
  if (!h200) return;
  const Profile& p = h200->profile;
  CHECK(p.device.name == "H200");
  CHECK(p.matmuls.size() == 6912);
  CHECK(p.latent_attention.size() == 1336 + 2048);
  // 364 of one kind of GPU for all, 65 of which state other sizes than their ids.
  CHECK(p.served.size() == 299);
  CHECK(h200->other_gpus == 397);
  CHECK(h200->left_out.at("of prefill and decoding on separate GPUs") == 156);
  check_round_trip(p);
  const auto first = std::find_if(p.matmuls.begin(), p.matmuls.end(),
                                  [](const Matmul& m) { return m.type == Type::bf16; });
  REQUIRE(first != p.matmuls.end());
  CHECK(first->median_us == 2.898);  // 1 x 256 x 256
}

TEST_CASE("the shared tables of networks and of repeated deployments are read") {
  for (const auto& [gpu, rows, others, served] :
       std::vector<std::tuple<std::string, std::size_t, std::size_t, std::size_t>>{
           {"H100", 3990 + 1567, 13'937 + 315, 65}, {"A100-80GB", 7156 + 5169, 7169 + 840, 47}}) {
    const auto found = shared_tables({"vidur_network_median", "splitwise_perf_model"}, gpu);
    if (!found) return;
    INFO(gpu);
    CHECK(found->profile.collectives.size() == rows);
    CHECK(found->other_gpus == others);
    CHECK(found->profile.served.size() == served);
    check_round_trip(found->profile);
  }
}
