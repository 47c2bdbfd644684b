#pragma once
// One GPU's shard of attention, as plain data: what a launch of any implementation is given.
// Included by host and device code alike, so nothing here needs more than C++17.

#include <cstdint>

namespace headroom::kernels {

/// How queries, keys, values and outputs are stored: 16 bits an element.
enum class ElementType : std::uint8_t { bf16, fp16 };

/// out = softmax(scale q k^T, masked) v for a batch of sequences of any lengths.
///
/// Pointers are to the memory of the device that runs it. A shard has q_heads = H / t query heads
/// and kv_heads = max(1, G / t) KV heads of a model with H and G under tensor parallel size t;
/// query head h reads KV head h / (q_heads / kv_heads).
///
/// Keys and values are contiguous (page == 0) or paged. A page of a sequence may be any of the
/// pool.
struct AttentionProblem {
  ElementType type = ElementType::bf16;
  std::int32_t q_heads = 0;
  std::int32_t kv_heads = 0;  // divides q_heads
  std::int32_t head_dim = 0;  // 64, 128 or 256
  std::int32_t batch = 0;     // sequences
  /// Query i of a sequence sees its keys up to kv_length - q_length + i: the last query sees all. A
  /// query that sees none gives zeros.
  bool causal = false;
  float scale = 0.0F;  // usually 1 / sqrt(head_dim)

  const void* q = nullptr;                   // [q_tokens, q_heads, head_dim]
  const void* k = nullptr;                   // [kv_tokens, kv_heads, head_dim] or
  const void* v = nullptr;                   //   [pages, page, kv_heads, head_dim]
  const std::int32_t* q_starts = nullptr;    // [batch + 1], the first 0, the last q_tokens
  const std::int32_t* kv_starts = nullptr;   // [batch + 1], contiguous only; else null
  const std::int32_t* kv_lengths = nullptr;  // [batch]
  const std::int32_t* page_table = nullptr;  // [batch, pages_per_sequence], paged only; else null
  std::int32_t page = 0;                     // tokens of a page: a power of two, at least 16
  std::int32_t pages_per_sequence = 0;
  void* out = nullptr;  // [q_tokens, q_heads, head_dim]

  // Known on the host, where the lengths themselves need not be.
  std::int32_t q_tokens = 0;
  std::int32_t longest_q = 0;
  std::int32_t longest_kv = 0;
};

}  // namespace headroom::kernels
