// Whole models against published deployments that nothing was fitted to.

#include "study/profile_fit/served.hpp"

#include "study/cost/cost_choice.hpp"
#include "study/profile/import.hpp"
#include "tests/support.hpp"

using namespace headroom;
using namespace headroom::test;
using profile_fit::ServedValidation;
using profile_fit::validate_served;

namespace {

const GpuTimes& times_of(const std::string& gpu) {
  for (const GpuTimes& times : shipped_times()) {
    if (times.gpu().name == gpu) return times;
  }
  FAIL("no shipped profile of " << gpu);
  std::abort();
}

ServedValidation validate(const std::filesystem::path& tables, const std::string& gpu) {
  profile::ImportOptions options;
  options.files = {tables};
  options.gpu = gpu;
  const auto imported = require_value(profile::import_tables(options));
  return validate_served(imported.profile.served, times_of(gpu));
}

/// One request at a time on one GPU.
profile::Served served_row(const std::string& model, double tpot_ms) {
  profile::Served row;
  row.id = "a";
  row.engine = "vllm";
  row.model = model;
  row.input_tokens = row.output_tokens = 1024;
  row.concurrency = row.tp = row.pp = row.dp = row.ep = 1;
  row.tpot_ms = tpot_ms;
  return row;
}

}  // namespace

TEST_CASE("TPOT of dense models on an H200 is within 15 % of what was served") {
  const auto tables = shared_path("silicon/e2e_silicon_sample_h100_h200.csv.gz");
  if (!tables) return;
  ServedValidation h200 = validate(*tables, "H200");
  CHECK(h200.dense.tpot.rows == 104);
  CHECK(h200.dense.tpot.median_percent <= 15.0);
  h200.bounded = true;
  CHECK(h200.held() == true);
  h200.dense.tpot.median_percent = 15.001;
  CHECK(h200.held() == false);
  CHECK_FALSE(h200.ok());
  // Reported, not bounded: what else decides is in docs/profile.md.
  CHECK(validate(*tables, "H100-80GB").dense.tpot.rows == 280);
}

TEST_CASE("a bound is held only where there is something to judge") {
  ServedValidation none = validate_served({}, times_of("H200"));
  none.bounded = true;
  CHECK_FALSE(none.held().has_value());
  CHECK(none.ok());
  CHECK(served_text(none).find("not judged: no such deployment") != std::string::npos);
  CHECK(served_text(none).find("held") == std::string::npos);
  CHECK(served_json(none)["ok"].is_null());
}

TEST_CASE("deployments that cannot be predicted are counted with the reason") {
  profile::Served row = served_row("nobody/heard-of-it", 5.0);
  profile::Served replicas = row;
  replicas.model = "meta-llama/Llama-3.1-8B-Instruct";
  replicas.dp = 2;
  profile::Served latent = row;
  latent.model = "deepseek-ai/DeepSeek-V3";
  const ServedValidation found =
      validate_served({row, row, replicas, latent}, times_of("H100-80GB"));
  CHECK(found.groups.empty());
  REQUIRE(found.left_out.size() == 3);
  CHECK(found.left_out[0].why == "no fit is of the attention of deepseek-ai/DeepSeek-V3");
  CHECK(found.left_out[1].why == "nobody/heard-of-it is not in the catalogue");
  CHECK(found.left_out[1].rows == 2);
  CHECK(found.left_out[2].why == "replicas of the attention, or pipeline stages");
}

TEST_CASE("a prediction's error is against the measurement, by engine and model") {
  profile::Served row = served_row("meta-llama/Llama-3.1-8B-Instruct", 1.0);
  const ServedValidation once = validate_served({row}, times_of("H200"));
  REQUIRE(once.groups.size() == 1);
  const double predicted_ms = 1.0 + once.groups[0].tpot.bias_percent / 100.0;
  // 16 GB of weights at 4.8 TB/s take 3.3 ms.
  CHECK(predicted_ms > 3.3);
  CHECK(predicted_ms < 6.6);
  row.tpot_ms = predicted_ms * 2.0;
  const ServedValidation twice = validate_served({row}, times_of("H200"));
  CHECK(twice.dense.tpot.median_percent == Approx(50.0));
  CHECK(twice.dense.tpot.bias_percent == Approx(-50.0));
  CHECK(twice.dense.ttft.rows == 0);
  CHECK(once.dense.tpot.within_percent == 0.0);
  profile::Served near = row;
  near.tpot_ms = predicted_ms;
  profile::Served far = row;
  far.tpot_ms = predicted_ms * 10.0;
  const ServedValidation half = validate_served({near, far}, times_of("H200"));
  CHECK(half.dense.tpot.within_percent == Approx(50.0));
  CHECK(half.groups.at(0).tpot.within_percent == Approx(50.0));
  CHECK(served_json(half)["dense"]["tpot"]["within_percent"] == 50.0);
  row.precision = "fp8";  // of half the bytes
  CHECK(validate_served({row}, times_of("H200")).dense.tpot.bias_percent < -60.0);
}
