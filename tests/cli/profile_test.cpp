// headroom profile shapes, import, show and compare, as a user runs them.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

using namespace headroom::test;

namespace {

const std::string kHeader =
    "kernel,attn_dtype,kv_dtype,q_heads,kv_heads,head_dim,window_size,batch_size,kv_len,"
    "latency_ms\n";
// One GPU and two of gemma-3-27b-it: 64 us, and 40 us on each of two, 80 %.
const std::string kTable = kHeader +
                           "fa3,bfloat16,bfloat16,32,16,128,0,16,4096,0.064\n"
                           "fa3,bfloat16,bfloat16,16,8,128,0,16,4096,0.040\n";
const std::string kFaster = kHeader + "fa3,bfloat16,bfloat16,32,16,128,0,16,4096,0.032\n";

std::string import_of(const TempDir& folder, const std::string& gpu, const std::string& table) {
  const std::string csv = folder.write(gpu + ".csv", table).string();
  std::string out = (folder.path() / (gpu + ".json")).string();
  const auto done = run_headroom({"profile", "import", "--from", csv, "--out", out});
  INFO(done.err);
  REQUIRE(done.exit_code == 0);
  return out;
}

}  // namespace

TEST_CASE("the shapes of a model are printed as JSON, of a config.json too", "[cli]") {
  const auto shapes =
      run_headroom({"profile", "shapes", "--model", "gemma-3-27b-it", "--tp", "1,3,32"});
  CHECK(shapes.exit_code == 0);
  const auto json = nlohmann::json::parse(shapes.out);
  CHECK(json["schema"] == "headroom.shapes");
  CHECK(json["version"] == 1);
  REQUIRE(json["shapes"].size() == 2);
  CHECK(json["shapes"][0]["q_heads"] == 1);
  CHECK(json["shapes"][0]["from"][0]["kv_replication"] == 2);
  CHECK(json["refused"][0]["tensor_parallel"] == 3);

  const auto config = source_path("tests/fuzz/corpus/quantized-llama.json").string();
  // Its layers have 1, 2 and 8 KV heads.
  const auto own = run_headroom({"profile", "shapes", "--model", config, "--tp", "1"});
  CHECK(own.exit_code == 0);
  CHECK(nlohmann::json::parse(own.out)["shapes"].size() == 3);

  const auto all = run_headroom({"profile", "shapes", "--model", "all"});
  CHECK(all.exit_code == 0);
  CHECK(nlohmann::json::parse(all.out)["shapes"].size() > 50);
}

TEST_CASE("a list without any shape is printed, and the command says that it failed", "[cli]") {
  const auto refused =
      run_headroom({"profile", "shapes", "--model", "gemma-3-27b-it,deepseek-v3", "--tp", "3"});
  CHECK(refused.exit_code == 1);
  const auto json = nlohmann::json::parse(refused.out);
  CHECK(json["shapes"].empty());
  CHECK(json["refused"].size() == 2);
  CHECK(refused.err.find("headroom: gemma-3-27b-it, tensor parallel size 3: 32 attention heads") !=
        std::string::npos);
  CHECK(refused.err.find("headroom: deepseek-v3: multi-head latent attention") !=
        std::string::npos);
  // One shape is enough.
  const auto some =
      run_headroom({"profile", "shapes", "--model", "gemma-3-27b-it,deepseek-v3", "--tp", "1,3"});
  CHECK(some.exit_code == 0);
  CHECK(some.err.empty());
}

TEST_CASE("a table becomes a profile that is shown and compared", "[cli]") {
  const TempDir folder;
  const std::string h200 = import_of(folder, "h200", kTable);
  const std::string h100 = import_of(folder, "h100", kFaster);

  const auto show = run_headroom({"profile", "show", h200});
  CHECK(show.exit_code == 0);
  CHECK(show.out.find("H200 (CUDA)") == 0);
  CHECK(show.out.find("imported: name not given, license not given") != std::string::npos);
  CHECK(show.out.find("decode on H200 (CUDA): 2 points of 2 shapes") != std::string::npos);

  const auto model =
      run_headroom({"profile", "show", h200, "--model", "gemma-3-27b-it", "--tp", "1,2,3"});
  CHECK(model.exit_code == 0);
  CHECK(one_line(model.out).find("16 1 4096 250k 100 % 200k 80 %") != std::string::npos);
  CHECK(model.out.find("TP 3    refused: ") != std::string::npos);
  const auto json = nlohmann::json::parse(
      run_headroom({"profile", "show", h200, "--model", "gemma-3-27b-it", "--json"}).out);
  CHECK(json["models"][0]["rows"][0]["sizes"][1]["efficiency"] == 0.8);

  const auto compare = run_headroom({"profile", "compare", h200, h100});
  CHECK(compare.exit_code == 0);
  CHECK(compare.out.find("only in A: 1; only in B: 0") != std::string::npos);
  CHECK(one_line(compare.out).find("64.00 32.00 0.500 fa3") != std::string::npos);

  const auto again = run_headroom(
      {"profile", "import", "--from", (folder.path() / "h200.csv").string(), "--out", h200});
  CHECK(again.exit_code == 2);
  CHECK(again.err.find("this file exists already") != std::string::npos);
}

TEST_CASE("tables of several kinds become one profile, and what is left out is counted", "[cli]") {
  const TempDir folder;
  const std::string matmuls =
      folder
          .write("h200_gemm.csv",
                 "kernel,gemm_dtype,m,n,k,latency_ms\nlinear,bfloat16,64,512,256,0.004\n")
          .string();
  const std::string tries =
      folder
          .write(
              "served.csv",
              "model,hardware,prompt_size,batch_size,token_size,prompt_time,token_time,e2e_time,"
              "tensor_parallel\nllama,h200,512,1,2,100,50,150,2\nllama,h200,512,1,2,100,50,10,2\n"
              "llama,h100,512,1,2,100,50,150,2\n")
          .string();
  const std::string out = (folder.path() / "h200.json").string();
  const auto done =
      run_headroom({"profile", "import", "--from", matmuls, "--from", tries, "--out", out});
  INFO(done.err);
  CHECK(done.exit_code == 0);
  CHECK(done.out.find("0 of attention, 0 of collectives, 1 of matrix products, 1 of deployments on "
                      "H200") != std::string::npos);
  CHECK(done.err.find("headroom: 1 rows are about other GPUs than H200") != std::string::npos);
  CHECK(done.err.find("headroom: left out: 1 row of requests that ended early") !=
        std::string::npos);
  const auto show = run_headroom({"profile", "show", out});
  CHECK(show.exit_code == 0);
  CHECK(one_line(show.out).find("bf16 64 512 256 4.00 4.194 90.11 linear") != std::string::npos);
  CHECK(one_line(show.out).find("llama vllm - 512 2 1 2/1/1/1 100.00 50.00") != std::string::npos);
}

TEST_CASE("fits are added, shipped without points, shown and judged", "[cli]") {
  const TempDir folder;
  std::string table = kHeader;
  for (const int heads : {1, 2, 4, 8}) {
    for (int length = 64; length <= 16384; length *= 2) {
      table += "fa3,bfloat16,bfloat16," + std::to_string(4 * heads) + "," + std::to_string(heads) +
               ",128,0,16," + std::to_string(length) + "," +
               std::to_string(0.01 + 1e-7 * heads * length * 16) + "\n";
    }
  }
  const std::string h200 = import_of(folder, "h200", table);
  const std::string out = (folder.path() / "fits.json").string();
  const auto fit = run_headroom({"profile", "fit", h200, "--fits-only", "--out", out});
  INFO(fit.err);
  CHECK(fit.exit_code == 0);
  CHECK(fit.out.find("1 fit of H200") != std::string::npos);
  const std::string text = read_file(out);
  const auto json = nlohmann::json::parse(text);
  CHECK(json["attention"].empty());
  REQUIRE(json["fits"].size() == 1);
  CHECK(json["fits"][0]["errors"]["points"] == 36);
  CHECK(run_headroom({"profile", "fit", h200, "--fits-only", "--out", out}).exit_code == 2);
  CHECK(run_headroom({"profile", "fit", h200, "--fits-only", "--out", out, "--force"}).exit_code ==
        0);
  CHECK(read_file(out) == text);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    CHECK(end - at < 400);
    at = end + 1;
  }

  const auto show = run_headroom({"profile", "show", out});
  CHECK(show.out.find("fits on H200 (CUDA): 1 with") != std::string::npos);
  const auto judged = run_headroom({"profile", "validate", h200});
  CHECK(judged.exit_code == 0);
  CHECK(judged.out.find("Kernels of H200, fitted to imported tables") != std::string::npos);
  CHECK(judged.out.find("2/8   yes fa3") != std::string::npos);
  const auto against = run_headroom({"profile", "validate", out, "--against", h200, "--json"});
  CHECK(against.exit_code == 0);
  const auto found = nlohmann::json::parse(against.out);
  CHECK(found["schema"] == "headroom.profile_validation");
  CHECK(found["from_points"] == false);
  CHECK(found["moved"][0]["median_percent"] < 5.0);

  std::string broken = text;
  const std::string key = "\"p90_percent\":";
  broken.insert(broken.find(key) + key.size(), "9");
  const auto not_held =
      run_headroom({"profile", "validate", folder.write("b.json", broken).string()});
  CHECK(not_held.exit_code == 1);
  CHECK(not_held.out.find("NO") != std::string::npos);
}

TEST_CASE("bad profiles and questions are refused with what is wanted", "[cli]") {
  const TempDir folder;
  const std::string gpu = read_file(import_of(folder, "h200", kTable));
  std::string cpu = gpu;
  cpu.replace(cpu.find("\"cuda\""), 6, "\"cpu\"");
  auto none = nlohmann::json::parse(gpu);
  none["attention"] = nlohmann::json::array();
  const std::string empty = none.dump();
  std::string later = gpu;
  later.replace(later.find("\"version\": 1"), 12, "\"version\": 2");
  const auto import = [](const std::string& what, const std::string& name, const std::string& text,
                         std::vector<std::string> pieces) {
    return BadInput{
        what, {{name, text}}, std::move(pieces), {"profile", "import", "--from", "@/" + name}};
  };
  check_refused({
      BadInput{"a CPU with a GPU",
               {{"a", gpu}, {"b", cpu}},
               {"H200 (CUDA) and H200 (cpu: not a GPU) are not compared"},
               {"profile", "compare", "@/a", "@/b"}},
      BadInput{"another version",
               {{"a", later}},
               {"/a", "only version 1 is read"},
               {"profile", "show", "@/a"}},
      BadInput{"no file", {}, {"no such file"}, {"profile", "show", "@/none"}},
      BadInput{"cut off",
               {{"a", gpu.substr(0, 900)}},
               {"/a:", "not JSON, or cut off"},
               {"profile", "show", "@/a"}},
      BadInput{"no shape",
               {{"a", gpu}},
               {"--shape", "'16/8' is no shape", "16/8/128"},
               {"profile", "show", "@/a", "--shape", "16/8"}},
      BadInput{"no such model",
               {{"a", gpu}},
               {"--model", "gemma-3"},
               {"profile", "show", "@/a", "--model", "gemma-3"}},
      BadInput{"no plain attention",
               {{"a", gpu}},
               {"--model", "no layer of deepseek-v3 has plain attention"},
               {"profile", "show", "@/a", "--model", "deepseek-v3"}},
      BadInput{"no model", {}, {"--model is required"}, {"profile", "shapes"}},
      BadInput{"fewer than none",
               {{"a", gpu}},
               {"--top"},
               {"profile", "compare", "@/a", "@/a", "--top", "-1"}},
      BadInput{"no size",
               {},
               {"--tp", "'0' is not a tensor parallel size"},
               {"profile", "shapes", "--model", "phi-4", "--tp", "1,0"}},
      BadInput{"no command", {}, {"subcommand is required"}, {"profile"}},
      BadInput{"a fit of a CPU",
               {{"a", cpu}},
               {"/a: the profile is of 'H200', a CPU"},
               {"profile", "fit", "@/a", "--out", "@/out"}},
      BadInput{"a judgement of a CPU",
               {{"a", gpu}, {"b", cpu}},
               {"/b: the profile is of 'H200', a CPU"},
               {"profile", "validate", "@/a", "--against", "@/b"}},
      BadInput{"nothing to judge",
               {{"a", empty}},
               {"/a: the profile has neither points nor fits"},
               {"profile", "validate", "@/a"}},
      BadInput{"too few points for a fit",
               {{"a", gpu}},
               {"not fitted: decode, bf16, head size 128, fa3: 2 points", "nothing to fit"},
               {"profile", "fit", "@/a", "--out", "@/out"}},
      BadInput{"a fit without a place", {{"a", gpu}}, {"--out"}, {"profile", "fit", "@/a"}},
      import("a GEMM table", "h200.csv", "gemm_dtype,m,n,k,latency_ms\nfp8,1,2,3,4\n",
             {"h200.csv:1", "of no table that is taken", "generation attention ("}),
      import("a bad row", "h200.csv", kHeader + "fa3,bf16,bf16,32,16,128,0,16,4096,x\n",
             {"h200.csv:2:", "latency_ms is 'x'"}),
      BadInput{"no table",
               {},
               {"/none.csv: there is no such file"},
               {"profile", "import", "--from", "@/none.csv"}},
      import("no GPU", "x.csv", kTable, {"--gpu H200"}),
      import("empty", "h200.csv", "\n", {"h200.csv"}),
  });
}
