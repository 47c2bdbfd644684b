#pragma once
// What a launch of split-KV decoding gets, and what one of its blocks works on.

#include "kernels/attention/gpu/decode_plan.hpp"
#include "kernels/attention/gpu/sequence.cuh"
#include "kernels/attention/problem.hpp"
#include "kernels/device/simt.cuh"

#include <cstdint>

namespace headroom::kernels {

struct DecodeArguments {
  AttentionProblem problem;
  DecodePlan plan;
  int page_shift;
  // Of a split of plan.splits, its row is (sequence q_heads + head) splits + split.
  float* partial_sums;          // [rows, head_dim]
  simt::Float2* partial_state;  // [rows]: largest score, unscaled; sum of the weights
};

/// What a block works on.
struct DecodeWork {
  Sequence sequence;
  int index;  // of the sequence
  int kv_head;
  int first_head;  // of the query heads
  int heads;       // 1 to 16
  int split;
  int parts;  // chunks this sequence has; the one of an empty sequence is empty
  int begin;  // its keys
  int end;
};

HEADROOM_DEVICE int decode_parts(const Sequence& sequence, const DecodePlan& plan) {
  return sequence.kv_length > 0 ? ceil_div(sequence.kv_length, plan.chunk) : 1;
}

/// Block (x, y, z): KV head x / row_tiles, row tile x % row_tiles, split y, sequence z. Heads are
/// next to one another, since a token's are next to one another in memory.
HEADROOM_DEVICE DecodeWork decode_work(const DecodeArguments& arguments) {
  const AttentionProblem& problem = arguments.problem;
  const int group = problem.q_heads / problem.kv_heads;
  DecodeWork work{};
  work.index = simt::block_z();
  work.split = simt::block_y();
  work.kv_head = simt::block_x() / arguments.plan.row_tiles;
  const int first = simt::block_x() % arguments.plan.row_tiles * kDecodeRows;
  work.first_head = work.kv_head * group + first;
  work.heads = group - first < kDecodeRows ? group - first : kDecodeRows;
  work.sequence = sequence_of(problem, work.index);
  work.parts = decode_parts(work.sequence, arguments.plan);
  if (work.split < work.parts) {
    work.begin = work.split * arguments.plan.chunk;
    const int left = work.sequence.kv_length - work.begin;
    work.end = work.begin + (left < arguments.plan.chunk ? left : arguments.plan.chunk);
  }
  return work;
}

}  // namespace headroom::kernels
