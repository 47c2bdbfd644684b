#include "study/fit/changes.hpp"

#include "sim/engine/kv_cache.hpp"
#include "study/fit/change_hardware.hpp"
#include "study/fit/changer.hpp"
#include "study/fit/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

using Kind = FitChange::Kind;

constexpr std::int64_t kContextStep = 256;
constexpr std::int64_t kLeastContext = 512;
constexpr std::int64_t kLeastPart = 4;  // a quarter of what was asked
constexpr std::int64_t kHighUtilisation = 950'000;

/// The longest context below the one asked, in whole steps, with which one of `plans` starts and
/// holds enough; 0 if there is none worth naming. By the engine alone: the change is tried after.
std::int64_t shorter_context(const Changer& changer, const FitQuestion& question,
                             std::span<const FitPlan> plans) {
  const auto enough = [&](std::int64_t context) {
    FitQuestion changed = question;
    changed.limits.context = context;
    return std::any_of(plans.begin(), plans.end(), [&](const FitPlan& plan) {
      return plan.room && changer.enough(changed, plan);
    });
  };
  std::int64_t low = 0;
  std::int64_t high = (question.limits.context + kContextStep - 1) / kContextStep;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (enough(middle * kContextStep) ? low : high) = middle;
  }
  // What starts at all is worth a lot; to hold more sequences one does not give up most of the
  // length.
  const std::int64_t part = changer.sequences() > 1 ? question.limits.context / kLeastPart : 0;
  const std::int64_t context = low * kContextStep;
  return context >= std::max(kLeastContext, part) ? context : 0;
}

std::string context_words(std::int64_t context) {
  return fmt::format("a context of {} tokens", grouped(context));
}

void try_context_and_cache(Changer& changer, std::span<const FitPlan> plans) {
  const FitQuestion& question = changer.question();
  FitQuestion shorter = question;
  const std::int64_t own = question.model->longest_context;
  if (own > 0 && own < question.limits.context) {
    shorter.limits.context = own;
    const std::string what = context_words(own) + ", the model's own";
    if (changer.offer({Kind::context}, what, shorter)) return;
  }
  const std::int64_t context = shorter_context(changer, question, plans);
  shorter.limits.context = context;
  if (context > 0) changer.offer({Kind::context}, context_words(context), shorter);
  if (effective_cache_type(*question.model, question.limits.kv_cache) == KvCacheType::fp8) return;
  FitQuestion smaller = question;
  smaller.limits.kv_cache = KvCacheType::fp8;
  if (changer.offer({Kind::kv_cache}, "a KV cache in FP8", smaller)) return;
  const std::int64_t longer = shorter_context(changer, smaller, plans);
  if (longer <= context) return;
  smaller.limits.context = longer;
  changer.offer({Kind::kv_cache, Kind::context}, "a KV cache in FP8 and " + context_words(longer),
                smaller);
}

void try_limits(Changer& changer, std::span<const FitPlan> plans) {
  const FitQuestion& question = changer.question();
  for (const std::int64_t tokens : {1024, 512, 256}) {
    if (question.limits.batched_tokens <= tokens) continue;
    FitQuestion changed = question;
    changed.limits.batched_tokens = tokens;
    if (changer.offer({Kind::step}, fmt::format("steps of {} tokens", grouped(tokens)), changed)) {
      break;
    }
  }
  // An engine that chooses its own share knows better than to take nearly all.
  const bool own_choice =
      !plans.empty() && plans.front().utilisation_ppm != question.limits.utilisation_ppm;
  if (question.limits.utilisation_ppm < kHighUtilisation && !own_choice) {
    FitQuestion changed = question;
    changed.limits.utilisation_ppm = kHighUtilisation;
    changed.limits.utilisation_asked = true;
    changer.offer({Kind::utilisation}, "95 % of each GPU's memory for the engine", changed);
  }
  if (!question.allowed_tp.empty() || question.max_tp) {
    FitQuestion changed = question;
    changed.allowed_tp.clear();
    changed.max_tp.reset();
    changer.offer({Kind::allowed_sizes}, "any tensor parallel size", changed);
  }
  constexpr int kAllStages = 16;
  if (question.max_pp < kAllStages) {
    FitQuestion changed = question;
    changed.max_pp = kAllStages;
    changer.offer({Kind::stages}, "more pipeline stages", changed);
  }
  if (question.model->vision && !question.limits.encoder_data_parallel) {
    FitQuestion changed = question;
    changed.limits.encoder_data_parallel = true;
    changer.offer({Kind::vision}, "the whole vision tower on every GPU", changed);
  }
}

/// Other releases of the same engine: an older one runs on older GPUs.
void try_releases(Changer& changer) {
  const std::string& engine = changer.question().engine;
  const std::string prefix = engine.substr(0, engine.find('@')) + "@";
  for (const std::string& choice : engine_choices()) {
    if (!choice.starts_with(prefix) || choice == engine) continue;
    FitQuestion changed = changer.question();
    changed.engine = choice;
    changer.offer({Kind::engine_release}, "release " + choice, changed);
  }
}

bool try_checkpoints(Changer& changer) {
  bool found = false;
  for (const Checkpoint& checkpoint : changer.smaller_checkpoints()) {
    FitQuestion changed = changer.question();
    changed.model = checkpoint.model;
    found = changer.offer({Kind::checkpoint}, checkpoint.what, changed) || found;
  }
  return found;
}

/// Where no single change of command line or checkpoint will do.
void try_together(Changer& changer) {
  const ServingLimits usual;
  FitQuestion modest = changer.question();
  modest.limits.context = std::min(modest.limits.context, usual.context);
  modest.limits.batched_tokens = std::min(modest.limits.batched_tokens, usual.batched_tokens);
  const bool shorter = modest.limits.context < changer.question().limits.context;
  const bool smaller = modest.limits.batched_tokens < changer.question().limits.batched_tokens;
  const std::string steps = "steps of " + grouped(modest.limits.batched_tokens);
  if (shorter && smaller) {
    const std::string what = context_words(modest.limits.context) + " and " + steps;
    if (changer.offer({Kind::context, Kind::step}, what, modest)) return;
  } else if (shorter &&
             changer.offer({Kind::context}, context_words(modest.limits.context), modest)) {
    return;
  }
  for (const Checkpoint& checkpoint : changer.smaller_checkpoints()) {
    FitQuestion changed = changer.question();
    changed.model = checkpoint.model;
    changed.limits.kv_cache = KvCacheType::fp8;
    if (changer.offer({Kind::checkpoint, Kind::kv_cache},
                      checkpoint.what + " and a KV cache in FP8", changed)) {
      return;
    }
    for (const std::int64_t context : {32'768, 16'384, 8'192, 4'096, 2'048}) {
      if (context >= changer.question().limits.context) continue;
      changed.limits.context = context;
      if (changer.offer(
              {Kind::checkpoint, Kind::kv_cache, Kind::context},
              fmt::format("{}, KV cache in FP8, context {}", checkpoint.what, grouped(context)),
              changed)) {
        return;
      }
    }
  }
}

}  // namespace

namespace {

/// The changes that help once the person's own limits on sizes are lifted too.
std::vector<FitChange> without_size_limits(const FitQuestion& question, std::int64_t sequences) {
  if (question.allowed_tp.empty() && !question.max_tp) return {};
  FitQuestion lifted = question;
  lifted.allowed_tp.clear();
  lifted.max_tp.reset();
  const auto ground = FitGround::make(lifted);
  if (!ground) return {};
  const std::vector<FitPlan> plans = fit_plans(lifted, **ground);
  std::vector<FitChange> out = fit_changes(lifted, **ground, plans, sequences);
  for (FitChange& change : out) {
    change.kinds.insert(change.kinds.begin(), Kind::allowed_sizes);
    change.what = "any size and " + change.what;
  }
  return out;
}

}  // namespace

std::vector<FitChange> fit_changes(const FitQuestion& question, FitGround& ground,
                                   std::span<const FitPlan> plans, std::int64_t sequences) {
  Changer changer(question, ground, sequences);
  try_context_and_cache(changer, plans);
  try_limits(changer, plans);
  const bool starts = recommend(plans, 1).has_value();
  if (!starts) try_releases(changer);
  const bool smaller = try_checkpoints(changer);
  if (!smaller && changer.found().empty()) try_together(changer);
  if (!try_hardware(changer)) {
    try_any_hardware(changer, "", question.model);
    if (!smaller) {
      for (const Checkpoint& checkpoint : changer.smaller_checkpoints()) {
        try_any_hardware(changer, checkpoint.what, checkpoint.model);
      }
    }
  }
  if (changer.found().empty()) return without_size_limits(question, sequences);
  return std::move(changer).take();
}

}  // namespace headroom
