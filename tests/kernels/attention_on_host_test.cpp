// The GPU's kernels, run on the host: see kernels/device/host_simt.hpp.

#include "kernels/attention/gpu/decode.cuh"
#include "kernels/attention/gpu/dispatch.hpp"
#include "kernels/attention/gpu/plain.cuh"
#include "kernels/attention/gpu/prefill_mma.cuh"
#include "tests/catch.hpp"
#include "tests/kernels/attention_case.hpp"
#include "tests/kernels/attention_runs.hpp"

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

}  // namespace

TEST_CASE("The plain kernel agrees with the definition, on the host") {
  // Every third: it hands numbers from lane to lane for each key, which is slow here.
  std::uint32_t seed = 0;
  for (const auto& shapes : {decode_shapes(50), prefill_shapes()}) {
    for (std::size_t i = 0; i < shapes.size(); i += 3) run_and_compare(shapes[i], seed++, plain);
  }
}

TEST_CASE("Split-KV decoding agrees with the definition, on the host") {
  std::uint32_t seed = 0;
  for (const int multiprocessors : {1, 132}) {  // splits nothing, and all it can
    for (const auto& shape : decode_shapes(300)) {
      run_and_compare(shape, seed++,
                      [&](const auto& problem) { return decode(problem, multiprocessors); });
    }
  }
}

TEST_CASE("Prefill by mma agrees with the definition, on the host") {
  std::uint32_t seed = 0;
  for (const auto& shape : prefill_shapes()) run_and_compare(shape, seed++, prefill);
}

}  // namespace headroom::test
