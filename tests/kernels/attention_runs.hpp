#pragma once
// Problems that every attention kernel is tried on.

#include "tests/kernels/attention_case.hpp"

#include <vector>

namespace headroom::test {

/// One query a sequence, or none: all head dimensions, types and layouts; 1 to 20 query heads a KV
/// head; lengths around 16, 64 and a chunk, up to `longest`; ragged batches and empty sequences.
std::vector<AttentionShape> decode_shapes(std::int32_t longest);

/// Any number of queries: whole prompts, chunks of prompts, more queries than keys, empty
/// sequences.
std::vector<AttentionShape> prefill_shapes();

}  // namespace headroom::test
