#include "tests/study/fit_cases.hpp"

#include "study/fit/gpus.hpp"
#include "study/fit/json.hpp"
#include "study/fit/text.hpp"
#include "study/fit/words.hpp"
#include "tests/catch.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

namespace headroom::test {
namespace {

EngineVerdict asked_again(const FitQuestion& question, const FitPlan& plan) {
  const auto engine = require_value(make_engine(question.engine, question.overheads));
  const GpuType& type = question.gpus->cluster.gpu_types[index(plan.gpu)];
  return engine->check(*question.model, plan.plan, type, question.limits);
}

// What is wrong with a stage or a plan, in a word; empty: nothing. There are millions of them, and
// an assertion for each would be most of the time that it takes.
std::string fault_of(const FitPlan& plan, const StageMemory& stage) {
  if (stage.accounted() != stage.budget) return "parts";
  if (stage.replicated_weights > stage.weights) return "copies";
  if (plan.verdict.full_sequences > 0 && stage.kv_per_sequence > stage.kv_available) return "cache";
  if (!plan.verdict.accepted || stage.kv_per_sequence == 0) return "";
  // The stage that is shown says how many the plan holds.
  const StageMemory& worst = plan.worst();
  const bool shown = worst.kv_available / std::max<Bytes>(1, worst.kv_per_sequence) <=
                     stage.kv_available / stage.kv_per_sequence;
  return shown ? "" : "worst stage";
}

std::string fault_of(const FitPlan& plan) {
  for (const StageMemory& stage : plan.verdict.stages) {
    if (auto fault = fault_of(plan, stage); !fault.empty()) return fault;
  }
  const EngineVerdict& verdict = plan.verdict;
  if (!verdict.accepted) {
    return verdict.refusal.rule.empty() || verdict.refusal.sentence.empty() ? "no reason" : "";
  }
  if (verdict.stages.empty()) return "no memory";
  // Engines that are not known to refuse a context that is too long say so in a remark.
  if (verdict.full_sequences < 1 && verdict.remarks.empty()) return "no sequence";
  return plan.tokens_per_s < 1 ? "no speed" : "";
}

void check_plans(const FitAnswer& answer) {
  std::string faults;
  for (const FitPlan& plan : answer.plans) {
    const std::string fault = fault_of(plan);
    if (!fault.empty()) faults += plan_name(plan.plan) + ": " + fault + "\n";
  }
  INFO(faults);
  CHECK(faults.empty());
}

bool is_row(const FitAnswer& answer, const FitPlan& plan) {
  return std::any_of(answer.plans.begin(), answer.plans.end(), [&](const FitPlan& row) {
    return row.plan == plan.plan && row.gpu == plan.gpu && row.verdict.accepted;
  });
}

void check_choices(const FitAnswer& answer) {
  CHECK(answer.choices.size() >= 3);
  for (const FitChoice& choice : answer.choices) {
    INFO("policy " << choice.policy);
    CHECK_FALSE(choice.reason.empty());
    if (!choice.plan) continue;
    CHECK(choice.plan->verdict.accepted == asked_again(answer.question, *choice.plan).accepted);
    if (choice.plan->verdict.accepted) CHECK(is_row(answer, *choice.plan));
    const bool search = choice.policy == "fallback-search";
    if (search) CHECK(choice.plan->verdict.accepted);
  }
}

void check_changes(const FitAnswer& answer) {
  const FitPlan* best = answer.best();
  const bool holds = best != nullptr && best->verdict.full_sequences > 0;
  const std::int64_t wanted = holds ? answer.question.limits.sequences : 1;
  for (const FitChange& change : answer.changes) {
    INFO("change " << change.what);
    const EngineVerdict verdict = asked_again(change.question, change.plan);
    CHECK(verdict.accepted);
    FitPlan again;
    again.plan = change.plan.plan;
    again.verdict = verdict;
    CHECK(again.full_sequences() >= wanted);
    CHECK(change.plan.starts());
    CHECK_FALSE(change.kinds.empty());
    CHECK(change.plan.plan.gpus() <= change.question.gpus->cluster.gpu_count());
  }
}

void check_text(const FitAnswer& answer) {
  std::istringstream text(fit_text(answer));
  std::string first;
  std::getline(text, first);
  CHECK(first.find(answer.question.model->name) != std::string::npos);
  std::string too_long;
  for (std::string line; std::getline(text, line);) {
    if (line.size() > 120) too_long += line + "\n";
  }
  INFO(too_long);
  CHECK(too_long.empty());
}

void check_json(const FitAnswer& answer) {
  const auto json = nlohmann::json::parse(fit_json(answer));
  CHECK(json.at("schema") == "headroom.fit/1");
  CHECK(json.at("plans").size() == answer.plans.size());
  CHECK(json.at("changes").size() == answer.changes.size());
  CHECK(json.at("policies").size() == answer.choices.size());
  CHECK(json.at("recommendation").is_null() == (answer.best() == nullptr));
}

}  // namespace

FitQuestion fit_question(const std::string& model, const std::string& gpus) {
  FitQuestion question;
  question.model = require_value(find_model(model));
  if (!gpus.empty()) question.gpus = require_value(parse_gpus(gpus));
  return question;
}

std::vector<std::pair<std::string, std::shared_ptr<const FitGpus>>> fit_clusters() {
  std::vector<std::pair<std::string, std::shared_ptr<const FitGpus>>> out;
  for (const char* gpus : {"3x24GiB", "8xH100-80GB", "1xT4", "2x8xA100-80GB"}) {
    out.emplace_back(gpus, require_value(parse_gpus(gpus)));
  }
  const auto busy = source_path("examples/busy-cluster.toml");
  out.emplace_back("busy-cluster", require_value(read_gpus(busy)));
  return out;
}

FitAnswer checked_answer(const FitQuestion& question) {
  FitAnswer answer = require_value(answer_fit(question));
  check_plans(answer);
  if (const FitPlan* best = answer.best()) {
    CHECK(best->starts());
    CHECK(asked_again(question, *best).accepted);
    CHECK_FALSE(answer.command.empty());
  } else {
    CHECK(starting_plans(answer).empty());
    CHECK_FALSE(answer.changes.empty());
  }
  check_choices(answer);
  check_changes(answer);
  check_text(answer);
  check_json(answer);
  return answer;
}

std::vector<std::string> starting_plans(const FitAnswer& answer) {
  std::vector<std::string> out;
  for (const FitPlan& plan : answer.plans) {
    if (plan.starts()) out.push_back(plan_name(plan.plan));
  }
  return out;
}

}  // namespace headroom::test
