#include "study/fit/table.hpp"

#include "study/fit/refusals.hpp"
#include "study/fit/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace headroom {
namespace {

constexpr std::size_t kRows = 12;       // accepted plans, with one GPU type
constexpr std::size_t kRowsOfMany = 5;  // and of each with several
constexpr std::int64_t kNoLimit = std::int64_t{1} << 38;

std::string gib(Bytes bytes) {
  const double value = to_gib(bytes);
  return fmt::format("{:.{}f}", value, value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);
}

std::string sequences_text(std::int64_t count) {
  return count == std::numeric_limits<std::int64_t>::max() ? "any" : grouped(count);
}

std::string tokens_text(std::int64_t tokens) {
  return tokens >= kNoLimit ? "any" : grouped(tokens);
}

constexpr const char* kPlanLine =
    "{} {:<21}{:>4}{:>6}{:>8}{:>7}{:>8}{:>6}{:>8}{:>8}{:>8}{:>11}{:>8}{:>9}\n";

std::string plan_row(const FitPlan& plan, bool best) {
  const StageMemory& worst = plan.worst();
  return fmt::format(
      kPlanLine, best ? '>' : ' ', plan_name(plan.plan), plan.plan.gpus(), plan.nodes,
      gib(worst.weights), gib(worst.replicated_weights), gib(worst.activations),
      gib(worst.communication), gib(worst.runtime), gib(worst.kv_available),
      gib(worst.kv_per_sequence), tokens_text(plan.verdict.longest_context),
      sequences_text(plan.full_sequences()), grouped((plan.tokens_per_s + 500) / 1000));
}

std::string plan_header() {
  return fmt::format(kPlanLine, ' ', "plan", "GPUs", "nodes", "weights", "copied", "working",
                     "links", "runtime", "KV left", "KV each", "longest", "at once", "tokens/s");
}

/// Whether the same sizes without whole experts are a row that says the same.
bool repeats_plain(const FitAnswer& answer, const FitPlan& plan) {
  if (!plan.plan.ep || &plan == answer.best()) return false;
  ParallelPlan plain = plan.plan;
  plain.ep = false;
  return std::any_of(answer.plans.begin(), answer.plans.end(), [&](const FitPlan& other) {
    return other.gpu == plan.gpu && other.plan == plain && other.starts() &&
           other.worst().weights == plan.worst().weights &&
           other.worst().kv_available == plan.worst().kv_available &&
           other.tokens_per_s == plan.tokens_per_s;
  });
}

/// Up to kRows accepted plans of a type, those of most worth, in the table's order.
std::vector<const FitPlan*> rows_of(const FitAnswer& answer, GpuTypeId type, std::size_t& all) {
  std::vector<const FitPlan*> out;
  for (const FitPlan& plan : answer.plans) {
    if (plan.gpu == type && plan.starts() && !repeats_plain(answer, plan)) out.push_back(&plan);
  }
  all = out.size();
  const bool several = answer.question.gpus->cluster.gpu_types.size() > 1;
  const std::size_t most = several ? kRowsOfMany : kRows;
  if (out.size() <= most) return out;
  const std::int64_t asked = answer.question.limits.sequences;
  std::sort(out.begin(), out.end(), [&](const FitPlan* a, const FitPlan* b) {
    const auto key = [&](const FitPlan* p) {
      return std::tuple(-std::min(p->full_sequences(), asked), p->nodes > 1, -p->worth, p);
    };
    return key(a) < key(b);
  });
  out.resize(most);
  std::sort(out.begin(), out.end());
  return out;
}

std::string type_table(const FitAnswer& answer, GpuTypeId type) {
  std::size_t all = 0;
  const auto rows = rows_of(answer, type, all);
  if (rows.empty()) return "";
  const GpuType& gpu = answer.question.gpus->cluster.gpu_types[index(type)];
  std::string out = fmt::format(
      "\nPlans that start on {} GPUs (GiB of the fullest; the engine takes {} of its {})\n",
      gpu.name, bytes_text(rows.front()->worst().budget), bytes_text(gpu.memory));
  out += plan_header();
  for (const FitPlan* row : rows) out += plan_row(*row, row == answer.best());
  if (all > rows.size()) {
    out += fmt::format("  ... and {} more: --json has them all.\n", all - rows.size());
  }
  out += fmt::format("  tokens/s from {}\n", rows.front()->speed_source);
  return out;
}

// Policies.

/// What the policy itself says of the memory that it wants, from its log.
std::string short_of_gpus(const FitChoice& choice) {
  std::string out;
  for (const PassedOver& item : choice.passed_over) {
    const auto claim = item.why.find("claim: ");
    if (claim != 0) continue;
    out += (out.empty() ? "" : "; ") + item.why.substr(7) + ", there are " + item.what;
  }
  return out.empty() ? "" : ": " + out;
}

std::string reason_words(const FitChoice& choice) {
  const std::string& code = choice.reason;
  if (code == "no_accepted_size")
    return "places nothing: every size that holds its estimate is one that the engine refuses";
  if (code == "no_valid_plan") return "places nothing: no plan at all is accepted";
  if (code == "cluster_too_small")
    return "places nothing, for want of GPUs" + short_of_gpus(choice);
  if (code == "beyond_plan_limits")
    return "places nothing: its estimate asks for more than 64 GPUs";
  if (code == "no_room") return "waits: what it wants has no room";
  return "places nothing: " + code;
}

std::string passed_over_words(const FitChoice& choice) {
  // "vllm.heads: 32 attention heads ..." -> by what is before the colon.
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  std::string told;
  for (const PassedOver& item : choice.passed_over) {
    if (item.rule == kTold) {
      told += (told.empty() ? " Told: " : "; ") + item.why;
      continue;
    }
    const std::string why = item.why.substr(0, item.why.find(':'));
    if (why == "claim") continue;
    const std::string what = item.what.substr(0, item.what.find(" on one node"));
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == why; });
    if (group == groups.end()) group = groups.insert(group, {why, {}});
    auto& plans = group->second;
    if (std::find(plans.begin(), plans.end(), what) == plans.end()) plans.push_back(what);
  }
  std::string out;
  for (const auto& [why, plans] : groups) {
    out += (out.empty() ? " Passed over: " : "; ") + some_of(plans, 6) + " [" + why + "]";
  }
  if (!out.empty()) out += ".";
  return told.empty() ? out : out + told + ".";
}

std::string choice_text(const FitAnswer& answer, const FitChoice& choice) {
  if (!choice.plan) return reason_words(choice) + "." + passed_over_words(choice);
  const FitPlan& plan = *choice.plan;
  std::string text = fmt::format("takes {} ", gpus_words(plan));
  if (answer.question.gpus->cluster.gpu_types.size() > 1) {
    text += "of " + answer.question.gpus->cluster.gpu_types[index(plan.gpu)].name + " ";
  }
  if (plan.plan.gpus() > 1) text += fmt::format("as {} ", plan_name(plan.plan));
  if (!plan.verdict.accepted) {
    return text +
           fmt::format("and the engine refuses: {} [{}].", plan.verdict.refusal.sentence,
                       plan.verdict.refusal.rule) +
           passed_over_words(choice);
  }
  const FitPlan* best = answer.best();
  text += "and the engine starts";
  if (best != nullptr && best->plan == plan.plan && best->gpu == plan.gpu) {
    text += ", as recommended here.";
  } else {
    text += fmt::format(": {} of full length at once, {} tokens/s.",
                        plan.full_sequences() == 1
                            ? "1 sequence"
                            : sequences_text(plan.full_sequences()) + " sequences",
                        grouped((plan.tokens_per_s + 500) / 1000));
  }
  return text + passed_over_words(choice);
}

}  // namespace

std::string longest_words(const FitAnswer&, const FitPlan& plan) {
  return tokens_text(plan.verdict.longest_context);
}

std::string plan_tables(const FitAnswer& answer) {
  std::string out;
  const auto& types = answer.question.gpus->cluster.gpu_types;
  for (std::size_t i = 0; i < types.size(); ++i)
    out += type_table(answer, static_cast<GpuTypeId>(i));
  if (!out.empty()) {
    out +=
        "  copied: weights that every GPU of a stage holds whole. working, links, runtime: "
        "activations, buffers between GPUs,\n"
        "  the engine itself. KV left: for the cache; KV each: of a sequence of full length. "
        "longest: tokens of one sequence\n"
        "  alone. at once: sequences of full length.\n";
    const bool repeated = std::any_of(
        answer.plans.begin(), answer.plans.end(),
        [&](const FitPlan& plan) { return plan.starts() && repeats_plain(answer, plan); });
    if (repeated) {
      out += "  Whole experts on each GPU (EP) take as much memory and, by this estimate, time.\n";
    }
  }
  return out + refused_plans(answer);
}

std::string changes_table(const FitAnswer& answer) {
  if (answer.changes.empty()) return "";
  const FitPlan* best = answer.best();
  std::string out =
      best == nullptr ? "\nWhat would make it fit (each one checked)\n"
      : answer.wanted == 1
          ? fmt::format("\nWhat would hold a sequence of {} tokens (each one checked)\n",
                        grouped(answer.question.limits.context))
          : fmt::format("\nWhat would hold all {} sequences at once (each one checked)\n",
                        grouped(answer.wanted));
  std::size_t widest = 0;
  for (const FitChange& change : answer.changes) widest = std::max(widest, change.what.size());
  out += fmt::format("  {:<{}}  {:<13}{:>4}{:>6}{:>9}{:>9}{:>10}{:>10}\n", "", widest, "plan",
                     "GPUs", "nodes", "KV left", "at once", "context", "tokens/s");
  for (const FitChange& change : answer.changes) {
    const FitPlan& plan = change.plan;
    out += fmt::format("  {:<{}}  {:<13}{:>4}{:>6}{:>9}{:>9}{:>10}{:>10}\n", change.what, widest,
                       plan_name(plan.plan), plan.plan.gpus(), plan.nodes,
                       gib(plan.worst().kv_available), sequences_text(plan.full_sequences()),
                       grouped(change.question.limits.context),
                       grouped((plan.tokens_per_s + 500) / 1000));
  }
  const auto& all = answer.changes;
  const auto other = [](const FitChange& c) { return c.command.empty(); };
  if (std::any_of(all.begin(), all.end(), other)) {
    std::string note =
        "A checkpoint in fewer bits is another download, and its answers differ a little: compare "
        "them on your own tasks.";
    out += "  " + wrapped(note, kFitWidth, 2) + "\n";
  }
  const auto command = std::find_if_not(all.begin(), all.end(), other);
  if (best == nullptr && command != all.end()) {
    out += fmt::format("\n  With {}:\n    {}\n", command->what,
                       wrapped_command(command->command, kFitWidth, 6));
  }
  return out;
}

std::string choices_table(const FitAnswer& answer) {
  if (answer.choices.empty()) return "";
  std::size_t widest = 0;
  for (const FitChoice& choice : answer.choices) widest = std::max(widest, choice.policy.size());
  std::string out = "\nWhat a scheduler would do here, under each placement policy\n";
  for (const FitChoice& choice : answer.choices) {
    out += fmt::format("  {:<{}}  {}\n", choice.policy, widest,
                       wrapped(choice_text(answer, choice), kFitWidth, widest + 4));
  }
  return out;
}

}  // namespace headroom
