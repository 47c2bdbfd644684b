// The GPU's kernels, run on the host: see kernels/device/host_simt.hpp.

#include "kernels/attention/gpu/decode.cuh"
#include "kernels/attention/gpu/dispatch.hpp"
#include "kernels/attention/gpu/plain.cuh"
#include "kernels/attention/gpu/prefill_mma.cuh"
#include "tests/catch.hpp"
#include "tests/kernels/attention_case.hpp"
#include "tests/kernels/attention_runs.hpp"
#include "tests/sanitized.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace headroom::test {
namespace {

using kernels::AttentionProblem;
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

TEST_CASE("Prefill by mma agrees with the definition, on the host") {
  run_shapes(prefill_shapes(), 1, 0, prefill);
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
    return kernels::launch_decode<kernels::ElementType::bf16, 64>(data.problem, at, given, nullptr);
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
