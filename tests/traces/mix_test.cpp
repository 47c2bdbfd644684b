#include "traces/mix.hpp"

#include "sim/hardware/gpu_type.hpp"
#include "tests/traces/helpers.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

namespace headroom {

using namespace test;

namespace {

const std::string kHeader = "schema = \"headroom.mix\"\nversion = 1\nname = \"m\"\n";
const std::string kEntry = "[[entry]]\nmodel = \"phi-4\"\non = \"A10\"\n";

std::string error_of(const std::string& toml) {
  const auto mix = parse_mix(toml, "m.toml");
  return mix ? "" : mix.error().text();
}

std::vector<Mix> shipped_mixes() {
  std::vector<Mix> out;
  for (const char* name : {"frontier", "model-zoo", "odd-heads", "small-team"}) {
    const std::string file = std::string("examples/mixes/") + name + ".toml";
    out.push_back(require_value(read_mix(source_path(file))));
    CHECK(out.back().name == name);
    CHECK_FALSE(out.back().description.empty());
  }
  // A mix that is shipped is named here.
  const std::filesystem::directory_iterator files(source_path("examples/mixes"));
  CHECK(out.size() == static_cast<std::size_t>(std::distance(begin(files), end(files))));
  return out;
}

std::vector<const MixEntry*> entries_of(const Mix& mix, int band) {
  std::vector<const MixEntry*> out;
  for (const MixEntry& entry : mix.entries) {
    if (entry.band == band) out.push_back(&entry);
  }
  return out;
}

}  // namespace

TEST_CASE("a mix gives each entry its own limits, or the defaults of the file") {
  const Mix mix = require_value(parse_mix(kHeader + R"(
    [defaults]
    context = 4096
    utilisation = 0.9
    [[entry]]
    model = "phi-4"
    band = "2"
    on = "A10"
    [[entry]]
    model = "qwen2.5-0.5b"
    band = "share"
    on = "T4"
    min_u = 0.15
    weight = 7
    sequences = 64
    [[entry]]
    model = "phi-4"
    band = "4"
    gpus = 3
    on = "T4"
    allowed_tp = [2, 1]
  )",
                                          "m.toml"));
  REQUIRE(mix.entries.size() == 3);
  CHECK(mix.entries[0].limits == ServingLimits{4096, 16, 2048, 900'000});
  CHECK(mix.entries[0].usual_gpus == 2);
  CHECK(mix.entries[0].weight == 1);
  CHECK(mix.entries[1].band == kShareBand);
  CHECK(mix.entries[1].min_u_ppm == 150'000);
  CHECK(mix.entries[1].weight == 7);
  CHECK(mix.entries[1].limits == ServingLimits{4096, 64, 2048, 150'000});
  CHECK(mix.entries[2].usual_gpus == 3);
  CHECK(mix.entries[2].allowed_tp == std::vector<int>{1, 2});
  // Deployments compare models by identity.
  CHECK(mix.entries[0].model == mix.entries[2].model);
  REQUIRE(entries_of(mix, 4).size() == 1);
  CHECK(entries_of(mix, 4)[0] == &mix.entries[2]);
  CHECK(entries_of(mix, 16).empty());
}

TEST_CASE("bad mixes are refused with what is wrong") {
  check_holds(error_of("version = 1\nname = \"m\"\n"), "'schema' is missing");
  check_holds(error_of("schema = \"headroom.trace\"\nversion = 1\nname = \"m\"\n"),
              "must be 'headroom.mix'");
  check_holds(error_of("schema = \"headroom.mix\"\nversion = 2\nname = \"m\"\n"), "'version' is 2");
  check_holds(error_of(kHeader), "this mix has no [[entry]]");
  check_holds(error_of(kHeader + kEntry), "'band' is missing");
  check_holds(error_of(kHeader + kEntry + "band = \"3\"\n"), "not one of: share, 1, 2, 4, 8, 16");
  check_holds(error_of(kHeader + kEntry + "band = 2\n"), "must be text");
  check_holds(error_of(kHeader + kEntry + "band = \"2\"\ngpus = 3\n"),
              "3 GPUs do not belong in band 2");
  check_holds(error_of(kHeader + kEntry + "band = \"8\"\ngpus = 4\n"),
              "4 GPUs do not belong in band 8");
  check_holds(error_of(kHeader + kEntry + "band = \"share\"\n"), "min_u' is missing");
  check_holds(error_of(kHeader + kEntry + "band = \"share\"\nmin_u = 1.5\n"), "must be from");
  check_holds(error_of(kHeader + kEntry + "band = \"share\"\nmin_u = 0.5\nutilisation = 0.9\n"),
              "give its least one as 'min_u'");
  check_holds(error_of(kHeader + kEntry + "band = \"1\"\nmin_u = 0.5\n"), "is for band share");
  check_holds(error_of(kHeader + kEntry + "band = \"1\"\nweight = 0\n"), "weight' is 0");
  check_holds(error_of(kHeader + kEntry + "band = \"1\"\nwieght = 2\n"), "did you mean 'weight'?");
  check_holds(error_of(kHeader + "[[entry]]\nmodel = \"phi-44\"\non = \"A10\"\nband = \"1\"\n"),
              "phi-4");
  check_holds(error_of("schema = "), "m.toml:1");
}

TEST_CASE("entries are drawn by weight from their band alone") {
  const Mix mix = require_value(
      parse_mix(kHeader + kEntry + "band = \"2\"\nweight = 1\n" +
                    "[[entry]]\nmodel = \"qwen2.5-14b\"\non = \"A10\"\nband = \"2\"\nweight = 3\n" +
                    "[[entry]]\nmodel = \"qwen3-8b\"\non = \"A10\"\nband = \"1\"\nweight = 96\n",
                "m.toml"));
  const MixDraw draw(mix);
  RandomStream random = random_stream(1, "test");
  std::map<std::string, int> seen;
  for (int i = 0; i < 8'000; ++i) ++seen[require_value(draw.draw(2, random))->model->name];
  CHECK(seen.size() == 2);
  CHECK(seen["phi-4"] == Approx(2'000).margin(150));
  seen.clear();
  for (int i = 0; i < 10'000; ++i) ++seen[draw.draw_any(random).model->name];
  CHECK(seen["qwen3-8b"] == Approx(9'600).margin(80));
  CHECK(seen["qwen2.5-14b"] == Approx(300).margin(70));
}

TEST_CASE("a band without entries is an error that names mix and band") {
  const Mix mix = require_value(parse_mix(kHeader + kEntry + "band = \"2\"\n", "m.toml"));
  RandomStream random = random_stream(1, "test");
  const auto drawn = MixDraw(mix).draw(kShareBand, random);
  REQUIRE_FALSE(drawn.has_value());
  check_holds(drawn.error().text(), "mix 'm' has no entry in band share");
}

TEST_CASE("the model zoo has every band, bands 1 and 8 for small and for large cards") {
  const Mix mix = require_value(read_mix(source_path("examples/mixes/model-zoo.toml")));
  std::set<std::string> models;
  for (const MixEntry& entry : mix.entries) models.insert(entry.model->name);
  CHECK(models.size() >= 16);
  for (const int band : kBands) {
    INFO(band_text(band));
    CHECK_FALSE(entries_of(mix, band).empty());
  }
  for (const int band : {1, 8}) {
    std::set<Bytes> cards;
    for (const MixEntry* entry : entries_of(mix, band)) {
      cards.insert(require_value(find_gpu_type(entry->usual_gpu)).memory);
    }
    CHECK(cards == std::set<Bytes>{24 * kGiB, 80 * kGiB});
  }
}

TEST_CASE("every entry of every mix starts on its usual GPUs, and every mix has every band") {
  const auto engine = require_value(make_engine("vllm", {}));
  for (const Mix& mix : shipped_mixes()) {
    for (const int band : kBands) {
      INFO(mix.name << ", band " << band_text(band));
      CHECK_FALSE(entries_of(mix, band).empty());
    }
    for (const MixEntry& entry : mix.entries) {
      const GpuType gpu = require_value(find_gpu_type(entry.usual_gpu));
      bool starts = false;
      for (const ParallelPlan plan : engine->accepted_plans(*entry.model, {16, 16})) {
        starts = starts || (plan.gpus() == entry.usual_gpus &&
                            engine->check(*entry.model, plan, gpu, entry.limits).accepted);
      }
      INFO(mix.name << ": " << entry.model->name << " on " << entry.usual_gpus << " x "
                    << entry.usual_gpu);
      CHECK(starts);
    }
  }
}

TEST_CASE("the least shares of the mixes follow from weights and 1.5 GiB on 24 GiB") {
  for (const Mix& mix : shipped_mixes()) {
    for (const MixEntry* entry : entries_of(mix, kShareBand)) {
      const Bytes needed = weight_bytes(*entry->model) + 3 * kGiB / 2;
      const std::int64_t least_ppm = (needed * 1'000'000 + 24 * kGiB - 1) / (24 * kGiB);
      INFO(mix.name << ": " << entry->model->name);
      CHECK(entry->min_u_ppm == (least_ppm + 49'999) / 50'000 * 50'000);
      CHECK(entry->limits.context <= 4096);
    }
  }
}

TEST_CASE("most of the odd-heads mix has head counts that are awkward to split") {
  const Mix mix = require_value(read_mix(source_path("examples/mixes/odd-heads.toml")));
  std::set<std::int64_t> heads;
  for (const MixEntry& entry : mix.entries) {
    const auto count = entry.model->text.heads();
    heads.insert(count);
    INFO(entry.model->name << " has " << count << " heads");
    CHECK(count % 16 != 0);
  }
  for (const std::int64_t count : {12, 14, 28, 40, 56, 71}) CHECK(heads.contains(count));
}

}  // namespace headroom
