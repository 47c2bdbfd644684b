#include "study/fit/text.hpp"

#include "study/fit/notes.hpp"
#include "study/fit/plans.hpp"
#include "study/fit/refusals.hpp"
#include "study/fit/table.hpp"
#include "study/fit/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace headroom {
namespace {

constexpr std::int64_t kMostGpusOfPlan = PlanLimits{}.max_gpus;
constexpr std::size_t kIndent = 12;  // of what follows a key such as "Context"

std::string entry(std::string_view key, std::string_view text) {
  return fmt::format("  {:<10}{}\n", key, wrapped(text, kFitWidth, kIndent));
}

std::string name_of_gpu(const FitQuestion& question, GpuTypeId gpu) {
  return question.gpus->cluster.gpu_types[index(gpu)].name;
}

std::string per_second(std::int64_t thousandths) {
  return grouped((thousandths + 500) / 1000) + " tokens/s";
}

std::string percent(std::int64_t ppm) {
  return fmt::format("{:g} %", static_cast<double>(ppm) / 1e4);
}

// The model.

std::string attention_words(const TextArch& text) {
  const Attention* attention = text.main_attention();
  if (attention == nullptr) return "no attention";
  if (attention->latent) {
    return fmt::format("{} attention heads over one latent of {} values a token (MLA)",
                       text.heads(), text.head_dim());
  }
  return fmt::format("{} attention heads and {} KV heads of {}", text.heads(), text.kv_heads(),
                     text.head_dim());
}

std::string weights_words(const Model& model) {
  std::string out = bytes_text(weight_bytes(model)) + " of weights";
  const std::string quantization = describe_quantization(model);
  return out + (quantization.empty() ? " in " + model.dtype : " (" + quantization + ")");
}

std::string model_lines(const Model& model) {
  std::string text =
      fmt::format("{} parameters, {}; {} layers, {}", count_words(total_parameters(model)),
                  weights_words(model), model.text.layers(), attention_words(model.text));
  if (model.text.has_experts()) text += ", experts";
  if (model.vision) text += fmt::format("; a vision tower with {} heads", model.vision->heads);
  std::string out = entry("Model", sentence(text));
  if (model.source == "recalled") {
    out +=
        entry("",
              "These figures are recalled, not read from the model's config.json: give that to be "
              "sure.");
  }
  return out;
}

/// What the engine does otherwise than the checkpoint says, on the plan that is looked at.
std::string fallback_lines(const FitAnswer& answer) {
  const FitPlan* plan = looked_at(answer);
  std::string out;
  if (plan == nullptr) return out;
  for (const Remark& remark : plan->verdict.remarks) {
    if (remark.kind != Remark::Kind::fallback) continue;
    out += entry("Changed", fmt::format("{} [{}]", sentence(remark.sentence), remark.rule));
  }
  return out;
}

// What will not start.

/// What the engine may use at most for one plan; 0 where no plan's memory was counted.
Bytes usable_memory(const FitAnswer& answer) {
  Bytes usable = 0;
  for (const FitPlan& plan : answer.plans) {
    if (!plan.counted()) continue;
    const std::int64_t gpus = answer.question.gpus->cluster.gpu_count(plan.gpu);
    usable = std::max(usable, std::min(gpus, kMostGpusOfPlan) * plan.worst().budget);
  }
  return usable;
}

std::string nearest_words(const FitAnswer& answer) {
  const FitPlan* nearest = nearest_refused(answer);
  if (nearest == nullptr) return "";
  return fmt::format("Nearest is {}: {}", plan_name(nearest->plan),
                     sentence(nearest->verdict.refusal.sentence));
}

/// The size that one takes without thinking: all GPUs of a node. Empty where the engine takes it.
std::string obvious_refusal(const FitAnswer& answer) {
  constexpr int kCommonNode = 16;
  const ClusterSpec& cluster = answer.question.gpus->cluster;
  for (const FitPlan& plan : answer.plans) {
    const bool whole_node = plan.plan.pp == 1 && !plan.plan.ep && plan.plan.tp > 1 &&
                            plan.plan.tp <= kCommonNode &&
                            plan.plan.tp == cluster.largest_node(plan.gpu);
    if (!whole_node || plan.verdict.accepted || plan.counted()) continue;
    return fmt::format("{} will not start: {} [{}]", plan_name(plan.plan),
                       sentence(plan.verdict.refusal.sentence), plan.verdict.refusal.rule);
  }
  return "";
}

// The recommended plan.

std::string cache_name(const FitAnswer& answer) {
  return answer.question.model->text.main_attention() == nullptr ? "states of sequences"
                                                                 : "KV cache";
}

std::string memory_line(const FitAnswer& answer, const FitPlan& best) {
  const StageMemory& worst = best.worst();
  const GpuType& type = answer.question.gpus->cluster.gpu_types[index(best.gpu)];
  const std::string which = best.plan.gpus() == 1 ? "the engine takes"
                            : best.plan.pp == 1   ? "of each GPU the engine takes"
                                                  : "of the fullest GPU the engine takes";
  const std::string budget = fmt::format("{} {} ({} of {})", which, bytes_text(worst.budget),
                                         percent(best.utilisation_ppm), bytes_text(type.memory));
  const std::string working = bytes_text(worst.working());
  if (worst.outside > 0) {
    return fmt::format("{}: weights {}, and {} left for the {}. Working memory, {}, is beside it.",
                       budget, bytes_text(worst.weights), bytes_text(worst.kv_available),
                       cache_name(answer), working);
  }
  return fmt::format("{}: weights {}, working memory {}, and {} left for the {}.", budget,
                     bytes_text(worst.weights), working, bytes_text(worst.kv_available),
                     cache_name(answer));
}

std::string context_line(const FitAnswer& answer, const FitPlan& best) {
  const ServingLimits& limits = answer.question.limits;
  const std::int64_t held = best.full_sequences();
  const std::string tokens = grouped(limits.context);
  std::string out;
  if (held == 0) {
    out = fmt::format("does not hold one sequence of {} tokens", tokens);
  } else if (held >= limits.sequences) {
    out = fmt::format("holds all {} sequences of {} tokens at once", grouped(limits.sequences),
                      tokens);
    if (held < std::numeric_limits<std::int64_t>::max()) {
      out += fmt::format(", up to {}", grouped(held));
    }
  } else {
    out = fmt::format(
        "holds {} sequence{} of {} tokens at once; of the {} asked for, the others wait unless "
        "they are shorter",
        grouped(held), held == 1 ? "" : "s", tokens, grouped(limits.sequences));
  }
  const std::string longest = longest_words(answer, best);
  if (longest == "any") return out + ". Length is not limited by memory.";
  const std::int64_t own = answer.question.model->longest_context;
  out += fmt::format(". Memory allows a single sequence of {} tokens", longest);
  if (own <= 0) return out + ", if the model is made for so many.";
  if (best.verdict.longest_context >= own) return out + ", all that the model is made for.";
  out += fmt::format(" (the model is made for {})", grouped(own));
  return out + ".";
}

std::string speed_line(const FitAnswer& answer, const FitPlan& best) {
  const std::int64_t sequences = best.load_sequences;
  const bool all = sequences >= answer.question.limits.sequences;
  return fmt::format("about {} with {}{} sequence{} of {} tokens in and {} out{} ({}).",
                     per_second(best.tokens_per_s), all ? "" : "the ", grouped(sequences),
                     sequences == 1 ? "" : "s", grouped(kLoadInputTokens),
                     grouped(kLoadOutputTokens), all ? "" : " that it holds at once",
                     best.speed_source);
}

std::string margin_line(const FitAnswer& answer, const FitPlan& best) {
  const Bytes runtime = answer.question.overheads.runtime;
  if (runtime >= kLargeOverhead) return "";
  // Without a sequence there is no margin to speak of.
  if (!answer.starts_with_more || slack(best) < 0) return "";
  if (*answer.starts_with_more) {
    return fmt::format(
        "it starts even if the engine needs {} per GPU beside all this, not the {} counted here.",
        bytes_text(kLargeOverhead), bytes_text(runtime));
  }
  return fmt::format(
      "{} per GPU to spare. What the engine needs beside all this ({} counted) is the uncertain "
      "figure: at {}, the larger published guess, it would not start. Try it before you rely on "
      "it.",
      bytes_text(slack(best)), bytes_text(runtime), bytes_text(kLargeOverhead));
}

/// What is left of the node, or of the cluster.
std::string left_line(const FitAnswer& answer, const FitPlan& best) {
  const ClusterSpec& cluster = answer.question.gpus->cluster;
  const std::int64_t all = cluster.gpu_count();
  const int used = best.plan.gpus();
  if (used == all) return "";
  std::string out = fmt::format("{} of {} GPUs", grouped(all - used), grouped(all));
  const int largest = cluster.largest_node(best.gpu);
  const bool one_kind = cluster.shapes.size() == 1 && cluster.gpu_types.size() == 1;
  const bool shared = std::any_of(cluster.nodes.begin(), cluster.nodes.end(),
                                  [](const NodeSpec& node) { return !node.used.empty(); });
  if (!one_kind || shared || best.nodes > 1) return out + ".";
  const std::int64_t copies = (largest / used) * static_cast<std::int64_t>(cluster.nodes.size());
  if (copies > 1) out += fmt::format("; {} copies of the model fit side by side", grouped(copies));
  return out + ".";
}

std::string several_nodes_hint(const FitAnswer& answer, const FitPlan& best) {
  if (best.nodes == 1) return "";
  std::string out = fmt::format(
      "The plan spans {} nodes: all need the same software and the weights, and a fast network "
      "between them.",
      best.nodes);
  if (!answer.preparation.empty()) out += " " + answer.preparation;
  return "  " + wrapped(out, kFitWidth, 2) + "\n";
}

std::string recommendation(const FitAnswer& answer, const FitPlan& best) {
  std::string out = fmt::format("\n    {}\n\n", wrapped_command(answer.command, kFitWidth, 6));
  const std::string hint = several_nodes_hint(answer, best);
  if (!hint.empty()) out += hint + "\n";
  out += model_lines(*answer.question.model) + fallback_lines(answer);
  out += entry("Memory", memory_line(answer, best));
  out += entry("Context", context_line(answer, best));
  out += entry("Speed", speed_line(answer, best));
  const std::string margin = margin_line(answer, best);
  if (!margin.empty()) out += entry("Margin", margin);
  const std::string left = left_line(answer, best);
  if (!left.empty()) out += entry("Left", left);
  return out;
}

std::string fits_words(const FitAnswer& answer, const FitPlan& best) {
  const FitQuestion& question = answer.question;
  const bool holds = best.full_sequences() > 0;
  std::string out = fmt::format("{} {} on {}", question.model->name, holds ? "fits" : "may start",
                                question.gpus->words);
  if (question.gpus->cluster.gpu_count() > 1) out += ", " + plan_words(best.plan);
  if (question.gpus->cluster.gpu_types.size() > 1) {
    out += fmt::format(" of type {}", name_of_gpu(question, best.gpu));
  }
  if (!holds) {
    out += fmt::format(", but does not hold one sequence of {} tokens",
                       grouped(question.limits.context));
  }
  out += ".";
  const std::string refusal = obvious_refusal(answer);
  return refusal.empty() ? out : out + " " + refusal;
}

/// Why none of the plans starts, in a sentence or two.
std::string obstacle(const FitAnswer& answer) {
  const FitQuestion& question = answer.question;
  if (answer.plans.empty()) return "The sizes that are allowed leave no plan on these GPUs.";
  const bool room = std::none_of(answer.plans.begin(), answer.plans.end(),
                                 [](const FitPlan& p) { return p.verdict.accepted; });
  if (!room) return "Others hold the memory of the GPUs that it needs.";
  if (const Refusal* refusal = refusal_of_gpus(answer)) {
    return fmt::format("{} [{}]", sentence("No plan starts: " + refusal->sentence), refusal->rule);
  }
  const Bytes weights = weight_bytes(*question.model);
  const Bytes usable = usable_memory(answer);
  if (usable > 0 && weights > usable) {
    return fmt::format("Its weights are {}, and the engine may use {} of these GPUs.",
                       bytes_text(weights), bytes_text(usable));
  }
  std::string out = obvious_refusal(answer);
  const std::string nearest = nearest_words(answer);
  if (!out.empty() && !nearest.empty()) out += " ";
  out += nearest;
  return out.empty() ? "No plan is accepted." : out;
}

std::string fits_not_words(const FitAnswer& answer) {
  const FitQuestion& question = answer.question;
  std::string out =
      fmt::format("{} does not fit on {}", question.model->name, question.gpus->words);
  if (refusal_of_gpus(answer) == nullptr)
    out += fmt::format(" with a context of {} tokens", grouped(question.limits.context));
  out += ". " + obstacle(answer);
  if (answer.changes.empty()) return out + " No change that was tried makes it fit.";
  const FitChange& change = answer.changes.front();
  return out + fmt::format(" The first change to try is {}: then it starts {}.", change.what,
                           plan_words(change.plan.plan));
}

std::string headline(const FitAnswer& answer) {
  const FitPlan* best = answer.best();
  return wrapped(best != nullptr ? fits_words(answer, *best) : fits_not_words(answer), kFitWidth,
                 0) +
         "\n";
}

std::string shape_only(const FitAnswer& answer) {
  const FitQuestion& question = answer.question;
  const std::vector<int> allowed = allowed_sizes(question);
  std::vector<std::string> sizes;
  for (const int tp : answer.shapes.accepted) {
    if (allowed.empty() || std::binary_search(allowed.begin(), allowed.end(), tp))
      sizes.push_back(fmt::format("{}", tp));
  }
  std::string out =
      wrapped(
          fmt::format("{} can be split over {} GPUs by tensor parallelism ({}TP up to {}, by its "
                      "shape alone; memory is not looked at).",
                      question.model->name, sizes.empty() ? "no number of" : listed(sizes),
                      question.allowed_tp.empty() ? "" : "of the allowed sizes; ",
                      question.max_tp.value_or(kShapeTp)),
          kFitWidth, 0) +
      "\n\n";
  out += model_lines(*question.model);
  if (!answer.shapes.refused.empty()) out += "\nSizes that " + question.engine + " refuses\n";
  for (const auto& refused : answer.shapes.refused) {
    out += fmt::format(
        "  TP {:<4}{}\n", refused.size,
        wrapped(fmt::format("{} [{}]", sentence(refused.reason), refused.rule), kFitWidth, 9));
  }
  return out + fit_notes(answer) +
         "\nName GPUs to see what fits on them and how to start it: --gpus 8xH100-80GB, --gpus "
         "3x24GiB or "
         "--cluster FILE.\n";
}

}  // namespace

std::string fit_text(const FitAnswer& answer) {
  if (answer.question.gpus == nullptr) return shape_only(answer);
  std::string out = headline(answer);
  if (const FitPlan* best = answer.best()) {
    out += recommendation(answer, *best) + plan_tables(answer) + changes_table(answer);
  } else {
    out += "\n" + model_lines(*answer.question.model) + fallback_lines(answer) +
           changes_table(answer) + plan_tables(answer);
  }
  return out + choices_table(answer) + fit_notes(answer);
}

}  // namespace headroom
