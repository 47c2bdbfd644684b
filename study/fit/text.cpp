#include "study/fit/text.hpp"

#include "study/fit/table.hpp"
#include "study/fit/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

namespace headroom {
namespace {

constexpr std::size_t kWidth = 116;
constexpr std::int64_t kMostGpusOfPlan = PlanLimits{}.max_gpus;
constexpr std::size_t kIndent = 12;  // of what follows a key such as "Context"

std::string entry(std::string_view key, std::string_view text) {
  return fmt::format("  {:<10}{}\n", key, wrapped(text, kWidth, kIndent));
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

std::string sentence(std::string text) {
  if (!text.empty() && text.back() != '.') text += '.';
  return text;
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
  const std::string quantization = describe(model.quantization);
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
    out += entry("",
                 "headroom knows these figures by heart, not from the model's config.json: give "
                 "that to be sure.");
  }
  return out;
}

// What will not start.

/// What the engine may use at most for one plan.
Bytes usable_memory(const FitQuestion& question) {
  Bytes usable = 0;
  const ClusterSpec& cluster = question.gpus->cluster;
  for (std::size_t t = 0; t < cluster.gpu_types.size(); ++t) {
    const Bytes budget =
        requested_bytes(cluster.gpu_types[t].memory, question.limits.utilisation_ppm);
    const std::int64_t gpus = cluster.gpu_count(static_cast<GpuTypeId>(t));
    usable = std::max(usable, std::min(gpus, kMostGpusOfPlan) * budget);
  }
  return usable;
}

std::string nearest_plan(const FitAnswer& answer) {
  // The plan that comes nearest says it best.
  const FitPlan* nearest = nullptr;
  for (const FitPlan& plan : answer.plans) {
    if (plan.verdict.accepted || plan.verdict.stages.empty()) continue;
    const auto slack = [](const FitPlan& p) {
      return p.worst().kv_available - p.worst().kv_per_sequence;
    };
    if (nearest == nullptr || slack(plan) > slack(*nearest)) nearest = &plan;
  }
  if (nearest == nullptr) return "No plan is accepted.";
  return fmt::format("Nearest is {}: {}", plan_name(nearest->plan),
                     sentence(nearest->verdict.refusal.sentence));
}

/// The size that one takes without thinking: all GPUs of a node. Empty where the engine takes it.
std::string obvious_refusal(const FitAnswer& answer) {
  const ClusterSpec& cluster = answer.question.gpus->cluster;
  for (const FitPlan& plan : answer.plans) {
    const bool whole_node = plan.plan.pp == 1 && !plan.plan.ep && plan.plan.tp > 1 &&
                            plan.plan.tp == cluster.largest_node(plan.gpu);
    if (!whole_node || plan.verdict.accepted || !plan.verdict.stages.empty()) continue;
    return fmt::format("{} will not start: {} [{}]", plan_name(plan.plan),
                       sentence(plan.verdict.refusal.sentence), plan.verdict.refusal.rule);
  }
  return "";
}

// The recommended plan.

std::string memory_line(const FitAnswer& answer, const FitPlan& best) {
  const StageMemory& worst = best.worst();
  const GpuType& type = answer.question.gpus->cluster.gpu_types[index(best.gpu)];
  const std::string which = best.plan.gpus() == 1 ? "the engine takes"
                            : best.plan.pp == 1   ? "of each GPU the engine takes"
                                                  : "of the fullest GPU the engine takes";
  return fmt::format(
      "{} {} ({} of {}): weights {}, working memory {}, and {} left for the KV cache.", which,
      bytes_text(best.budget), percent(answer.question.limits.utilisation_ppm),
      bytes_text(type.memory), bytes_text(worst.weights),
      bytes_text(worst.activations + worst.communication + worst.runtime),
      bytes_text(worst.kv_available));
}

std::string context_line(const FitAnswer& answer, const FitPlan& best) {
  const ServingLimits& limits = answer.question.limits;
  const std::int64_t held = best.verdict.full_sequences;
  const std::string tokens = grouped(limits.context);
  std::string out;
  if (held >= limits.sequences) {
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

std::string margin_line(const FitAnswer& answer, const FitPlan& best) {
  const Bytes runtime = answer.question.overheads.runtime;
  if (runtime >= kLargeOverhead) return "";
  const StageMemory& worst = best.worst();
  if (answer.starts_with_more) {
    return fmt::format(
        "it starts even if the engine needs {} per GPU beside all this, not the {} counted here.",
        bytes_text(kLargeOverhead), bytes_text(runtime));
  }
  return fmt::format(
      "{} per GPU to spare. What the engine needs beside all this ({} counted) is the uncertain "
      "figure: at {}, the larger published guess, it would not start. Try it before you rely on "
      "it.",
      bytes_text(worst.kv_available - worst.kv_per_sequence), bytes_text(runtime),
      bytes_text(kLargeOverhead));
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
  if (!one_kind || best.nodes > 1) return out + ".";
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
  if (answer.question.engine == "vllm") {
    out += fmt::format(
        " For vLLM, start Ray on them (ray start --head on the first, ray start "
        "--address=FIRST:6379 on the other{}), then run the command on the first with "
        "--distributed-executor-backend ray.",
        best.nodes > 2 ? "s" : "");
  }
  return "  " + wrapped(out, kWidth, 2) + "\n";
}

std::string recommendation(const FitAnswer& answer, const FitPlan& best) {
  std::string out = fmt::format("\n    {}\n\n", wrapped_command(answer.command, kWidth, 6));
  const std::string hint = several_nodes_hint(answer, best);
  if (!hint.empty()) out += hint + "\n";
  out += model_lines(*answer.question.model);
  out += entry("Memory", memory_line(answer, best));
  out += entry("Context", context_line(answer, best));
  out += entry(
      "Speed",
      fmt::format(
          "about {} with {} sequences of {} tokens in and {} out ({}: an estimate, not measured).",
          per_second(best.tokens_per_s), grouped(answer.question.limits.sequences),
          grouped(kLoadInputTokens), grouped(kLoadOutputTokens), answer.cost_source));
  const std::string margin = margin_line(answer, best);
  if (!margin.empty()) out += entry("Margin", margin);
  const std::string left = left_line(answer, best);
  if (!left.empty()) out += entry("Left", left);
  return out;
}

std::string headline(const FitAnswer& answer) {
  const FitQuestion& question = answer.question;
  const FitPlan* best = answer.best();
  const std::string refusal = obvious_refusal(answer);
  std::string out;
  if (best != nullptr) {
    out = fmt::format("{} fits on {}", question.model->name, question.gpus->words);
    if (question.gpus->cluster.gpu_count() > 1) out += ", " + plan_words(best->plan);
    if (question.gpus->cluster.gpu_types.size() > 1) {
      out += fmt::format(" of type {}", name_of_gpu(question, best->gpu));
    }
    out += ".";
    if (!refusal.empty()) out += " " + refusal;
  } else {
    out = fmt::format("{} does not fit on {}", question.model->name, question.gpus->words);
    if (question.limits.context > 0)
      out += fmt::format(" with a context of {} tokens", grouped(question.limits.context));
    out += ". ";
    const Bytes weights = weight_bytes(*question.model);
    const Bytes usable = usable_memory(question);
    if (weights > usable) {
      out += fmt::format("Its weights are {}, and the engine may use {} of these GPUs.",
                         bytes_text(weights), bytes_text(usable));
    } else {
      if (!refusal.empty()) out += refusal + " ";
      out += nearest_plan(answer);
    }
    if (answer.changes.empty()) out += " No change that was tried makes it fit.";
    if (!answer.changes.empty()) {
      const FitChange& change = answer.changes.front();
      out += fmt::format(" The cheapest change is {}: then it starts {}.", change.what,
                         plan_words(change.plan.plan));
    }
  }
  return wrapped(out, kWidth, 0) + "\n";
}

// Remarks, and what was assumed.

std::string_view kind_words(Remark::Kind kind) {
  switch (kind) {
    case Remark::Kind::unknown:
      return "not known";
    case Remark::Kind::fallback:
      return "changed";
    case Remark::Kind::unverified:
      return "untried";
  }
  return "";
}

std::string notes(const FitAnswer& answer) {
  std::string out;
  const auto item = [&](const std::string& text) {
    out += "  - " + wrapped(text, kWidth, 4) + "\n";
  };
  std::set<std::string> said;
  const auto remark = [&](const Remark& r, const std::string& where) {
    if (!said.insert(r.rule + r.sentence).second) return;
    item(fmt::format("{}: {} [{}]{}", kind_words(r.kind), sentence(r.sentence), r.rule, where));
  };
  for (const FitPlan& plan : answer.plans) {
    if (!plan.verdict.accepted) continue;
    for (const Remark& r : plan.verdict.remarks)
      remark(r, fmt::format(" ({})", plan_name(plan.plan)));
  }
  if (answer.plans.empty()) {
    for (const Remark& r : answer.shapes.remarks) remark(r, "");
  }
  const FitQuestion& question = answer.question;
  if (question.gpus) {
    for (const std::string& assumption : question.gpus->cluster.assumptions)
      item("assumed: " + sentence(assumption));
  }
  const std::int64_t own = question.model->longest_context;
  if (own > 0 && question.limits.context > own) {
    item(
        fmt::format("a context of {} tokens is more than the {} that the model is made for: the "
                    "engine may refuse it.",
                    grouped(question.limits.context), grouped(own)));
  }
  return out.empty() ? "" : "\nNotes\n" + out;
}

std::string shape_only(const FitAnswer& answer) {
  const FitQuestion& question = answer.question;
  std::vector<std::string> sizes;
  for (const int tp : answer.shapes.accepted) sizes.push_back(fmt::format("{}", tp));
  std::string out =
      wrapped(fmt::format("{} can be split over {} GPUs by tensor parallelism (TP up to {}, by its "
                          "shape alone; memory is not looked at).",
                          question.model->name, sizes.empty() ? "no number of" : listed(sizes),
                          question.max_tp.value_or(kShapeTp)),
              kWidth, 0) +
      "\n\n";
  out += model_lines(*question.model);
  if (!answer.shapes.refused.empty()) out += "\nSizes that " + question.engine + " refuses\n";
  for (const auto& refused : answer.shapes.refused) {
    out += fmt::format(
        "  TP {:<4}{}\n", refused.size,
        wrapped(fmt::format("{} [{}]", sentence(refused.reason), refused.rule), kWidth, 9));
  }
  return out + notes(answer) +
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
    out += "\n" + model_lines(*answer.question.model) + changes_table(answer) + plan_tables(answer);
  }
  return out + choices_table(answer) + notes(answer);
}

}  // namespace headroom
