#pragma once
// What a client sees of a deployment that always serves the same number of requests: time to first
// token and time per output token. Derivation: docs/cost-model.md.

#include "sim/cost/step_time.hpp"

namespace headroom {

/// A closed loop: whenever a request ends, the next one arrives.
struct ClosedLoop {
  double requests = 1;  // at once
  double input_tokens = 1024;
  double output_tokens = 256;
};

struct ServingTimes {
  Estimate tpot;          // time per output token after the first, us
  Estimate ttft;          // time to first token in the steady state, us
  double decoding = 0.0;  // requests that decode at a time, on average; at least 1
};

/// Of one replica of the attention. With pipeline stages as many micro-batches are under way as
/// there are stages; a prompt goes through all of them and holds up each for its share. The two
/// times depend on each other: how long requests wait for prompts of others says how many decode.
/// Solved by damped iteration.
[[nodiscard]] ServingTimes closed_loop(const StepModel& steps, const ClosedLoop& load);

}  // namespace headroom
