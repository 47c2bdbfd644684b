// The GPU's kernels, run on the host: see kernels/device/host_simt.hpp.

#include "kernels/attention/gpu/decode.cuh"
#include "kernels/attention/gpu/dispatch.hpp"
#include "kernels/attention/gpu/plain.cuh"
#include "kernels/attention/gpu/prefill_mma.cuh"
#include "kernels/attention/gpu/prefill_wgmma.cuh"
#include "tests/catch.hpp"
#include "tests/kernels/attention_case.hpp"
#include "tests/kernels/attention_runs.hpp"
#include "tests/sanitized.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace headroom::test {
namespace {

using kernels::AttentionProblem;
using kernels::ElementType;
using kernels::Status;
namespace simt = kernels::simt;

constexpr simt::Schedule kSchedules[] = {simt::Schedule::in_step, simt::Schedule::adrift,
                                         simt::Schedule::backward};

// Runs a launch of a case and compares; the schedule changes from case to case.
template <class Launch>
void run_and_compare(const AttentionShape& shape, std::uint32_t seed, Launch launch) {
  AttentionCase data(shape, seed);
  simt::set_schedule(kSchedules[seed % 3]);
  const Status status = launch(data.problem);
  INFO(shape_text(shape) << " seed " << seed << ": " << simt::failure());
  CHECK(status == Status::ok);
  CHECK(data.relative_error() < allowed_error(shape.type));
}

Status plain(const AttentionProblem& problem) {
  return kernels::dispatch(problem, kernels::plain_supports(problem), [&](auto shape) {
    using Shape = decltype(shape);
    return kernels::launch_plain<Shape::kType, Shape::kHeadDim>(problem, nullptr, 0, nullptr);
  });
}

Status prefill(const AttentionProblem& problem) {
  return kernels::dispatch(problem, kernels::prefill_supports(problem), [&](auto shape) {
    using Shape = decltype(shape);
    return kernels::launch_prefill<Shape::kType, Shape::kHeadDim>(problem, nullptr, 0, nullptr);
  });
}

Status prefill_wgmma(const AttentionProblem& problem) {
  return kernels::dispatch(problem, kernels::prefill_supports(problem), [&](auto shape) {
    using Shape = decltype(shape);
    return kernels::launch_prefill_wgmma<Shape::kType, Shape::kHeadDim>(problem, nullptr, 0,
                                                                        nullptr);
  });
}

// The workspace is not numbers before.
Status decode(const AttentionProblem& problem, int multiprocessors) {
  simt::set_multiprocessors(multiprocessors);
  const std::size_t bytes = kernels::decode_workspace_bytes(problem, multiprocessors);
  std::vector<simt::Float4> workspace(bytes / 16 + 1, {NAN, NAN, NAN, NAN});
  return kernels::dispatch(problem, kernels::decode_supports(problem), [&](auto shape) {
    using Shape = decltype(shape);
    return kernels::launch_decode<Shape::kType, Shape::kHeadDim>(problem, workspace.data(), bytes,
                                                                 nullptr);
  });
}

// All shapes, or each `every`th: under sanitizers fewer.
template <class Launch>
void run_shapes(const std::vector<AttentionShape>& shapes, std::size_t every, std::uint32_t seed,
                Launch launch) {
#if defined(__SANITIZE_THREAD__)
  WARN("ThreadSanitizer does not know fibers: skipped");
  return;
#endif
  if (kSanitized) every *= 4;
  for (std::size_t i = 0; i < shapes.size(); i += every) {
    run_and_compare(shapes[i], seed + static_cast<std::uint32_t>(i), launch);
  }
}

}  // namespace

TEST_CASE("The plain kernel agrees with the definition, on the host") {
  // Every third: it hands numbers from lane to lane for each key, which is slow here.
  run_shapes(decode_shapes(50), 3, 0, plain);
  run_shapes(prefill_shapes(), 3, 100, plain);
}

TEST_CASE("Split-KV decoding agrees with the definition, on the host") {
  for (const int multiprocessors : {1, 132}) {  // splits nothing, and all it can
    run_shapes(decode_shapes(300), 1, static_cast<std::uint32_t>(multiprocessors),
               [&](const auto& problem) { return decode(problem, multiprocessors); });
  }
}

TEST_CASE("Decoding agrees however many splits it is given, on the host") {
#if !defined(__SANITIZE_THREAD__)
  AttentionShape shape;
  shape.q_lengths = {1, 1, 0, 1};
  shape.kv_lengths = {40 * 64, 9 * 64 + 1, 100, 0};
  for (const int splits : {1, 2, 5, 33, 40}) {
    run_and_compare(shape, static_cast<std::uint32_t>(splits),
                    [&](const AttentionProblem& problem) {
                      const auto plan = kernels::decode_plan_of_splits(problem, splits);
                      const std::size_t bytes = kernels::decode_workspace_bytes(problem, plan);
                      std::vector<simt::Float4> workspace(bytes / 16 + 1, {NAN, NAN, NAN, NAN});
                      return kernels::launch_decode_as<ElementType::bf16, 64>(
                          problem, plan, workspace.data(), nullptr);
                    });
  }
#endif
}

namespace {

// What the blocks of split-KV decoding leave behind for the second kernel: sequence i of 0 to 128
// has i splits of 64 keys. Random sums and weights; no numbers where a sequence has no split.
struct SplitSums {
  static constexpr std::int32_t kSequences = kernels::kMostSplits + 1;
  static constexpr std::int32_t kWithoutQuery = 50;

  SplitSums(ElementType type, std::int32_t head_dim) {
    problem.type = type;
    problem.q_heads = 2;
    problem.kv_heads = 1;
    problem.head_dim = head_dim;
    problem.batch = kSequences;
    problem.scale = 0.5F;
    for (std::int32_t i = 0; i < kSequences; ++i) {
      q_starts.push_back(q_starts.back() + (i == kWithoutQuery ? 0 : 1));
      kv_lengths.push_back(i == 0 ? 0 : 64 * (i - 1) + 1 + i % 64);
    }
    std::mt19937 random(static_cast<std::uint32_t>(head_dim));
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> weight(1.0F, 2.0F);
    const std::size_t rows = std::size_t{2} * kSequences * kernels::kMostSplits;
    for (std::size_t row = 0; row < rows; ++row) {
      const bool is_there = row % kernels::kMostSplits < row / kernels::kMostSplits / 2;
      // Weights of scores of some 400 overflow unless they are taken relative to the largest.
      states.push_back({is_there ? 400.0F + 2.0F * normal(random) : NAN, weight(random)});
      for (std::int32_t i = 0; i < head_dim; ++i) sums.push_back(is_there ? normal(random) : NAN);
    }
    out.assign(static_cast<std::size_t>(q_starts.back()) * 2 * static_cast<std::size_t>(head_dim),
               0xFFFF);
    problem.q_tokens = q_starts.back();
    problem.q_starts = q_starts.data();
    problem.kv_lengths = kv_lengths.data();
    problem.kv_starts = q_starts.data();  // not looked at
    problem.out = out.data();
  }

  // Norm of what is wrong in a sequence and head, over that of what is right.
  [[nodiscard]] double relative_error(std::size_t sequence, std::size_t head) const {
    const auto dim = static_cast<std::size_t>(problem.head_dim);
    const std::size_t first = (sequence * 2 + head) * kernels::kMostSplits;
    std::vector<double> expected(dim, 0.0);
    double weights = 0.0;
    for (std::size_t row = first; row < first + sequence; ++row) {
      const double weight = std::exp(static_cast<double>(states[row].x - 400.0F) *
                                     static_cast<double>(problem.scale));
      weights += weight * static_cast<double>(states[row].y);
      for (std::size_t i = 0; i < dim; ++i)
        expected[i] += weight * static_cast<double>(sums[row * dim + i]);
    }
    const std::size_t at = (static_cast<std::size_t>(q_starts[sequence]) * 2 + head) * dim;
    double difference = 0.0;
    double norm = 0.0;
    for (std::size_t i = 0; i < dim; ++i) {
      const double right = expected[i] / weights;
      const double wrong =
          static_cast<double>(kernels::to_float(problem.type, out[at + i])) - right;
      difference += wrong * wrong;
      norm += right * right;
    }
    return std::sqrt(difference / norm);
  }

  AttentionProblem problem;
  std::vector<std::int32_t> q_starts{0}, kv_lengths;
  std::vector<simt::Float2> states;
  std::vector<float> sums;
  std::vector<std::uint16_t> out;
};

template <ElementType kType, int kHeadDim>
void merge_and_compare() {
  SplitSums data(kType, kHeadDim);
  const kernels::DecodePlan plan{64, kernels::kMostSplits, 1};
  for (const simt::Schedule schedule : kSchedules) {
    simt::set_schedule(schedule);
    data.out.assign(data.out.size(), 0xFFFF);
    REQUIRE(kernels::launch_merge<kType, kHeadDim>(
                {data.problem, plan, 0, data.sums.data(), data.states.data()}, nullptr) ==
            Status::ok);
    for (std::int32_t i = 2; i < SplitSums::kSequences; ++i) {
      if (i == SplitSums::kWithoutQuery) continue;
      INFO(i << " splits, dim " << kHeadDim);
      const auto sequence = static_cast<std::size_t>(i);
      CHECK(data.relative_error(sequence, 0) < allowed_error(kType));
      CHECK(data.relative_error(sequence, 1) < allowed_error(kType));
    }
    // Without keys, or with one split, the output is what the first kernel wrote.
    const auto written = data.out.begin() + 2 * 2 * kHeadDim;
    CHECK(std::all_of(data.out.begin(), written, [](auto value) { return value == 0xFFFF; }));
  }
}

}  // namespace

TEST_CASE("Splits are merged whatever their number, on the host") {
#if !defined(__SANITIZE_THREAD__)
  merge_and_compare<ElementType::bf16, 64>();
  merge_and_compare<ElementType::fp16, 128>();
  merge_and_compare<ElementType::fp16, 256>();
#endif
}

TEST_CASE("Prefill by mma agrees with the definition, on the host") {
  run_shapes(prefill_shapes(), 1, 0, prefill);
}

TEST_CASE("Prefill by wgmma agrees with the definition, on the host, in each order of threads") {
  for (std::uint32_t seed = 0; seed < 3; ++seed) {
    run_shapes(prefill_shapes(), 1, seed, prefill_wgmma);
  }
}

TEST_CASE("The ring of keys and values goes round several times, on the host") {
  std::vector<AttentionShape> shapes;
  for (const std::int32_t head_dim : {64, 128, 256}) {
    for (const std::int32_t page : {0, 16}) {
      // In each order of threads.
      shapes.insert(shapes.end(), 3, {ElementType::bf16, 1, 1, head_dim, page, true, {70}, {1100}});
    }
  }
  run_shapes(shapes, 1, 0, prefill_wgmma);
}

TEST_CASE("A workspace that is too small or misaligned is refused") {
  AttentionShape shape;
  shape.q_lengths = {1};
  shape.kv_lengths = {4096};
  AttentionCase data(shape, 0);
  simt::set_multiprocessors(132);
  const std::size_t bytes = kernels::decode_workspace_bytes(data.problem, 132);
  REQUIRE(bytes > 0);
  std::vector<simt::Float4> workspace(bytes / 16 + 2);
  const auto launch = [&](void* at, std::size_t given) {
    return kernels::launch_decode<ElementType::bf16, 64>(data.problem, at, given, nullptr);
  };
  CHECK(launch(workspace.data(), bytes - 1) == Status::workspace_too_small);
  CHECK(launch(nullptr, bytes) == Status::misaligned);
  CHECK(launch(reinterpret_cast<char*>(workspace.data()) + 8, bytes) == Status::misaligned);
}

namespace {

struct NoArguments {};

void half_reaches_the_barrier(NoArguments /*arguments*/) {
  if (simt::thread() < 32) simt::sync_block();
}
void copies_beyond_the_end(NoArguments /*arguments*/) {
  alignas(16) static const unsigned char from[16] = {};
  simt::copy_async_16(simt::shared_address(simt::shared_memory()) + 64, from, true);
}
void loads_from_a_wrong_address(NoArguments /*arguments*/) {
  std::uint32_t words[4];
  simt::load_matrices(words, simt::shared_address(simt::shared_memory()) + 8);
}

}  // namespace

TEST_CASE("On the host, faults of a kernel fail its launch and are named") {
#if !defined(__SANITIZE_THREAD__)
  kernels::LaunchShape shape;
  shape.threads = 64;
  shape.shared_bytes = 64;
  const auto fault_of = [&](void (*kernel)(NoArguments)) {
    CHECK(simt::launch(kernel, shape, nullptr, NoArguments{}) == Status::launch_failed);
    return simt::failure();
  };
  CHECK(fault_of(half_reaches_the_barrier) == "threads wait at a barrier that others never reach");
  CHECK(fault_of(copies_beyond_the_end) == "beyond the shared memory");
  CHECK(fault_of(loads_from_a_wrong_address) == "a shared address that is no multiple of 16");
#endif
}

}  // namespace headroom::test
