#include "study/fit/text.hpp"
#include "study/fit/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

std::string held_line(const PoolAnswer& answer, const PoolEntry& entry, std::size_t widest) {
  const GpuType& type = answer.question.gpus->cluster.gpu_types[index(entry.plan->gpu)];
  return fmt::format("  {:<{}}  {:>9}  {} of {}{}\n", entry.model->name, widest,
                     bytes_text(weight_bytes(*entry.model)), gpus_words(*entry.plan), type.name,
                     entry.plan->plan.gpus() == 1 ? "" : ", " + plan_name(entry.plan->plan));
}

std::string missing_line(const PoolAnswer& answer, const PoolEntry& entry, std::size_t widest) {
  std::vector<std::string> ways;
  for (const PoolChange& change : entry.changes) {
    const GpuType& type = answer.question.gpus->cluster.gpu_types[index(change.gpu)];
    ways.push_back(
        fmt::format("{} {} ({})", change.gpus_per_node, type.name, plan_name(change.plan.plan)));
  }
  std::string what = fmt::format("no node of up to {} GPUs would do", kMostPoolGpusPerNode);
  if (!ways.empty()) {
    what = "would fit with ";
    for (std::size_t i = 0; i < ways.size(); ++i) what += (i > 0 ? " or " : "") + ways[i];
    what += " in each node";
  }
  if (entry.held_by_others) what = "others hold the memory; else it fits";
  return fmt::format("  {:<{}}  {:>9}  {}\n", entry.model->name, widest,
                     bytes_text(weight_bytes(*entry.model)), what);
}

}  // namespace

std::string pool_text(const PoolAnswer& answer) {
  std::size_t widest = 5;
  std::size_t held = 0;
  for (const PoolEntry& entry : answer.entries) {
    widest = std::max(widest, entry.model->name.size());
    if (entry.plan) ++held;
  }
  const std::size_t all = answer.entries.size();
  const std::string& pool = answer.question.gpus->words;
  const std::string load =
      fmt::format("with a context of up to {} tokens", grouped(answer.question.limits.context));
  std::string out;
  if (held == all) {
    out = fmt::format("{} can hold {} {}.\n", pool,
                      all == 1 ? "the model" : fmt::format("all {} models", all), load);
  } else {
    out = fmt::format("{} does not hold {} of {} models {}:\n", pool, all - held, all, load);
  }
  for (const PoolEntry& entry : answer.entries) {
    if (!entry.plan) out += missing_line(answer, entry, widest);
  }
  if (held > 0) out += "\nIt holds each of these, with nothing else placed:\n";
  for (const PoolEntry& entry : answer.entries) {
    if (entry.plan) out += held_line(answer, entry, widest);
  }
  return out;
}

}  // namespace headroom
