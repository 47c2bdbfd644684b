#include "traces/mix.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/config.hpp"
#include "traces/limits.hpp"

#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace headroom {
namespace {

constexpr std::string_view kSchema = "headroom.mix";
constexpr std::int64_t kMaxWeight = 1'000'000'000;
const std::array<std::string, 6> kBandNames{"share", "1", "2", "4", "8", "16"};

int band_of(std::string_view name) {
  const auto found = std::find(kBandNames.begin(), kBandNames.end(), name);
  return kBands[static_cast<std::size_t>(found - kBandNames.begin())];
}

std::int64_t to_ppm(double share) { return std::llround(share * 1e6); }

/// Limits of a table, each as in `usual` where it is not given.
ServingLimits read_limits(const ConfigTable& table, const ServingLimits& usual) {
  ServingLimits limits;
  limits.context = table.integer_or("context", {1, kMaxTokens}, usual.context);
  limits.sequences = table.integer_or("sequences", {1, kMaxSequences}, usual.sequences);
  limits.batched_tokens = table.integer_or("batched_tokens", {1, kMaxTokens}, usual.batched_tokens);
  const double usual_share = static_cast<double>(usual.utilisation_ppm) / 1e6;
  limits.utilisation_ppm = to_ppm(table.number_or("utilisation", {1e-6, 1.0}, usual_share));
  return limits;
}

void read_band(const ConfigTable& table, MixEntry& entry) {
  if (!table.has("band")) table.reject({}, "'band' is missing", "share, 1, 2, 4, 8 or 16, quoted");
  entry.band = band_of(table.choice_or("band", kBandNames, "1"));
  const bool share = entry.band == kShareBand;
  entry.usual_gpus = static_cast<int>(table.integer_or("gpus", {1, 16}, share ? 1 : entry.band));
  const int most = share ? 1 : entry.band;
  if (entry.usual_gpus > most || entry.usual_gpus <= most / 2) {
    table.reject(
        "gpus",
        fmt::format("{} GPUs do not belong in band {}", entry.usual_gpus, band_text(entry.band)),
        "the band is the GPUs rounded up to 1, 2, 4, 8 or 16");
  }
  if (share) {
    entry.min_u_ppm = to_ppm(table.number("min_u", {1e-6, 1.0}));
    entry.limits.utilisation_ppm = entry.min_u_ppm;
  } else if (table.has("min_u")) {
    table.reject("min_u", "'min_u' is for band share", "use 'utilisation' in the other bands");
  }
}

MixEntry read_entry(const ConfigTable& table, const ServingLimits& defaults, Mix& mix) {
  MixEntry entry;
  const std::string name = table.text("model");
  if (auto model = find_model(name)) {
    entry.model = *model;
    for (const MixEntry& other : mix.entries) {
      if (other.model->name == entry.model->name) entry.model = other.model;
    }
  } else {
    table.reject("model", model.error().message, model.error().hint);
  }
  entry.usual_gpu = table.text("on");
  entry.weight = table.integer_or("weight", {1, kMaxWeight}, 1);
  entry.limits = read_limits(table, defaults);
  if (table.has("band") && table.text_or("band", "") == "share" && table.has("utilisation")) {
    table.reject("utilisation", "a shared deployment's U is drawn with its task",
                 "give its least one as 'min_u'");
  }
  read_band(table, entry);
  for (const std::int64_t tp : table.integers_or("allowed_tp", {1, kMaxParallel}, {})) {
    entry.allowed_tp.push_back(static_cast<int>(tp));
  }
  std::sort(entry.allowed_tp.begin(), entry.allowed_tp.end());
  if (entry.model == nullptr) return entry;
  auto degradations =
      parse_degradations(table.texts_or("degradations", {}), *entry.model, entry.limits);
  if (degradations) {
    entry.degradations = std::move(*degradations);
  } else {
    table.reject("degradations", degradations.error().message, degradations.error().hint);
  }
  return entry;
}

Result<Mix> read_mix_table(const ConfigTable& table) {
  Mix mix;
  if (const std::string schema = table.text("schema"); schema != kSchema) {
    table.reject("schema", fmt::format("'schema' is '{}', but must be '{}'", schema, kSchema));
  }
  (void)table.integer("version", {1, 1});
  mix.name = table.text("name");
  mix.description = table.text_or("description", "");
  const ServingLimits defaults = read_limits(table.table("defaults"), ServingLimits{});
  for (const ConfigTable& entry : table.tables("entry")) {
    mix.entries.push_back(read_entry(entry, defaults, mix));
    HEADROOM_CHECK(table.status());
  }
  HEADROOM_CHECK(table.finish());
  if (mix.entries.empty()) {
    return fail("this mix has no [[entry]]", table.place(), "name at least one model");
  }
  return mix;
}

}  // namespace

std::string band_text(int band) {
  return band == kShareBand ? std::string("share") : std::to_string(band);
}

Result<Mix> read_mix(const std::filesystem::path& file) {
  HEADROOM_TRY(const auto table, ConfigTable::read(file));
  return read_mix_table(table);
}

Result<Mix> parse_mix(std::string_view toml, const std::string& where) {
  HEADROOM_TRY(const auto table, ConfigTable::parse(toml, where));
  return read_mix_table(table);
}

void MixDraw::Table::add(const MixEntry& entry) {
  entries.push_back(&entry);
  upto.push_back((upto.empty() ? 0 : upto.back()) + entry.weight);
}

const MixEntry& MixDraw::Table::draw(RandomStream& random) const {
  boost::random::uniform_int_distribution<std::int64_t> ticket(0, upto.back() - 1);
  const auto found = std::upper_bound(upto.begin(), upto.end(), ticket(random));
  return *entries[static_cast<std::size_t>(found - upto.begin())];
}

MixDraw::MixDraw(const Mix& mix) : name_(mix.name) {
  for (const MixEntry& entry : mix.entries) {
    bands_[entry.band].add(entry);
    all_.add(entry);
  }
}

Result<const MixEntry*> MixDraw::draw(int band, RandomStream& random) const {
  const auto found = bands_.find(band);
  if (found == bands_.end()) {
    return fail(fmt::format("mix '{}' has no entry in band {}", name_, band_text(band)), {},
                "the trace has tasks of this size: add an [[entry]] for the band");
  }
  return &found->second.draw(random);
}

const MixEntry& MixDraw::draw_any(RandomStream& random) const {
  HEADROOM_ASSERT(!all_.entries.empty(), "a mix without entries");
  return all_.draw(random);
}

}  // namespace headroom
