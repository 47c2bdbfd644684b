#include "sim/cost/serving.hpp"

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

constexpr int kMostRounds = 200;
constexpr double kClose = 1e-6;
constexpr double kLeastChunk = 256;  // of tokens: engines do not cut prompts smaller

// One step of a micro-batch through all stages; each waits for the last one, which has the head.
Estimate whole_step(const StepModel& steps, const StepLoad& load) {
  const auto stages = static_cast<double>(steps.plan().pp);
  StepLoad part = load;
  if (load.sequences > 0.0) part.sequences = std::max(1.0, load.sequences / stages);
  double outputs = part.sequences;
  for (const PromptChunk& chunk : part.chunks) outputs += chunk.prompts;
  Estimate one = steps.stage(part).total() + steps.head(outputs).total();
  if (steps.plan().pp > 1) one += steps.hand_over(part);
  return one * stages;
}

std::vector<PromptChunk> chunks_of(double prompts, double tokens, double most) {
  std::vector<PromptChunk> out;
  for (double past = 0.0; past < tokens; past += most) {
    out.push_back({prompts, std::min(most, tokens - past), past});
  }
  return out;
}

/// What one prompt costs: the steps that work on it, and its share of how much longer they are than
/// steps without prompts.
struct PromptCost {
  Estimate steps;
  double extra_us = 0.0;
};

// `waiting`: prompts that are there at a time, which steps of their own take together.
PromptCost prompt_cost(const StepModel& steps, const ClosedLoop& load, const StepLoad& decode,
                       double decode_us, double waiting) {
  const EngineTraits& engine = steps.engine();
  const auto budget = static_cast<double>(engine.step_tokens);
  const auto stages = static_cast<double>(steps.plan().pp);
  double together = 1.0;
  double most = std::max(kLeastChunk, budget - decode.sequences);
  if (engine.prompts_first) {
    together = std::clamp(waiting, 1.0, std::max(1.0, budget / load.input_tokens));
    most = budget;
  }
  PromptCost out;
  for (const PromptChunk& chunk : chunks_of(together, load.input_tokens, most)) {
    StepLoad step = engine.prompts_first ? StepLoad{} : decode;
    step.chunks = {chunk};
    const Estimate time = whole_step(steps, step);
    out.steps += time;
    out.extra_us += (time.us - (engine.prompts_first ? 0.0 : decode_us)) / (stages * together);
  }
  return out;
}

}  // namespace

ServingTimes closed_loop(const StepModel& steps, const ClosedLoop& load) {
  const double outputs = std::max(1.0, load.output_tokens - 1.0);
  StepLoad decode{load.requests, load.input_tokens + load.output_tokens / 2.0, {}};
  Estimate step = whole_step(steps, decode);
  double tpot = step.us;
  double ttft = step.us;
  PromptCost prompt;
  for (int round = 0; round < kMostRounds; ++round) {
    const double cycle = ttft + outputs * tpot;
    // A step that decodes has a sequence at least.
    decode.sequences = std::max(1.0, load.requests * outputs * tpot / cycle);
    step = whole_step(steps, decode);
    // Each other request's prompt costs its extra once a cycle, and this one meets the share of
    // them that falls into its decoding; the others come together with its own.
    const double together = (load.requests - 1.0) * tpot / cycle;
    prompt = prompt_cost(steps, load, decode, step.us, 1.0 + together);
    const double next_tpot = step.us + together * prompt.extra_us;
    const double next_ttft = tpot + prompt.steps.us + together * prompt.extra_us;
    const bool close =
        std::abs(next_tpot - tpot) < kClose * tpot && std::abs(next_ttft - ttft) < kClose * ttft;
    tpot = (tpot + next_tpot) / 2.0;
    ttft = (ttft + next_ttft) / 2.0;
    if (close) break;
  }
  // Errors of decoding and of prompts go into both times in proportion.
  const Estimate both = step + prompt.steps;
  const auto scaled = [&](double us) { return both.us > 0.0 ? both * (us / both.us) : both; };
  return {scaled(tpot), scaled(ttft), decode.sequences};
}

}  // namespace headroom
