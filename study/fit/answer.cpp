#include "study/fit/changes.hpp"
#include "study/fit/choices.hpp"
#include "study/fit/fit.hpp"
#include "study/fit/plans.hpp"

namespace headroom {
namespace {

std::optional<bool> starts_with_more(const FitQuestion& question, const FitPlan& best) {
  if (best.worst().outside > 0) return std::nullopt;
  FitQuestion larger = question;
  if (larger.overheads.runtime >= kLargeOverhead) return true;
  larger.overheads.runtime = kLargeOverhead;
  const auto engine = make_engine(larger.engine, larger.overheads);
  if (!engine) return false;
  const GpuType& type = question.gpus->cluster.gpu_types[index(best.gpu)];
  return (*engine)->check(*question.model, best.plan, type, question.limits).accepted;
}

}  // namespace

Result<FitAnswer> answer_fit(const FitQuestion& question) {
  FitAnswer answer;
  answer.question = question;
  HEADROOM_TRY(const auto engine, make_engine(question.engine, question.overheads));
  answer.shapes = fit_shapes(question, *engine);
  if (question.gpus == nullptr) return answer;

  HEADROOM_TRY(const auto ground, FitGround::make(question));
  answer.cost_model = ground->cost().name();
  answer.plans = fit_plans(question, *ground);
  answer.recommended = recommend(answer.plans, question.limits.sequences);
  HEADROOM_TRY(answer.choices, fit_choices(question, *ground));
  if (const FitPlan* best = answer.best()) {
    const Start start = start_of(question, *best);
    answer.command = ground->engine().command(*question.model, start);
    answer.preparation = ground->engine().preparation(start);
    answer.starts_with_more = starts_with_more(question, *best);
    if (best->full_sequences() >= question.limits.sequences) return answer;
    if (best->full_sequences() > 0) answer.wanted = question.limits.sequences;
  }
  answer.changes = fit_changes(question, *ground, answer.plans, answer.wanted);
  return answer;
}

}  // namespace headroom
