#include "kernels/attention/cpu/cpu_attention.hpp"

#include "kernels/attention/element.hpp"
#include "kernels/attention/layout.hpp"
#include "kernels/attention/reference.hpp"
#include "tests/catch.hpp"
#include "tests/kernels/attention_case.hpp"
#include "tests/kernels/attention_runs.hpp"

#include <cmath>
#include <vector>

namespace headroom::test {
namespace {

using kernels::AttentionProblem;
using kernels::CpuAttention;
using kernels::CpuFeatures;
using kernels::CpuThreads;
using kernels::ElementType;

// Weights stay in 32 bits here; outputs are rounded to 8 and 11 bits, 2^-9 and 2^-12 of each at
// most.
double rounding(ElementType type) { return type == ElementType::bf16 ? 2e-3 : 2.5e-4; }

// Both, where the processor has both.
std::vector<CpuFeatures> all_features() {
  if (kernels::cpu_features() == CpuFeatures::avx2) return {CpuFeatures::scalar, CpuFeatures::avx2};
  return {CpuFeatures::scalar};
}

TEST_CASE("the reference is softmax(q k^T) v, by hand") {
  // One head of 16: q = (1, 0 ...), keys (0 ...) and (ln 3, 0 ...): weights 1/4 and 3/4.
  AttentionCase data({ElementType::fp16, 1, 1, 16, 0, false, {1}, {2}}, 1);
  AttentionProblem problem = data.problem;
  std::vector<std::uint16_t> q(16, 0), k(32, 0), v(32, 0);
  q[0] = kernels::from_float(problem.type, 1.0F);
  k[16] = kernels::from_float(problem.type, 1.0F);
  v[0] = kernels::from_float(problem.type, 8.0F);
  v[17] = kernels::from_float(problem.type, 4.0F);
  problem.q = q.data();
  problem.k = k.data();
  problem.v = v.data();
  problem.scale = std::log(3.0F);
  const auto row = kernels::reference_row(problem, 0, 0, 0);
  CHECK(row[0] == Approx(2.0));
  CHECK(row[1] == Approx(3.0));
  CHECK(row[2] == 0.0);
}

TEST_CASE("causal queries see the keys up to their own place from the end") {
  const AttentionCase data({ElementType::bf16, 4, 2, 64, 0, true, {3, 3}, {5, 2}}, 1);
  CHECK(kernels::visible_keys(data.problem, 0, 0) == 3);
  CHECK(kernels::visible_keys(data.problem, 0, 2) == 5);
  CHECK(kernels::visible_keys(data.problem, 1, 0) == 0);
  CHECK(kernels::visible_keys(data.problem, 1, 2) == 2);
  for (const double value : kernels::reference_row(data.problem, 1, 0, 0)) CHECK(value == 0.0);
}

TEST_CASE("the CPU's attention agrees with double precision") {
  std::vector<AttentionShape> shapes = decode_shapes(200);
  for (const auto& shape : prefill_shapes()) shapes.push_back(shape);
  std::uint32_t seed = 0;
  for (const CpuFeatures features : all_features()) {
    for (const AttentionShape& shape : shapes) {
      AttentionCase data(shape, ++seed);
      CpuThreads threads(1 + static_cast<int>(seed % 3));
      CpuAttention attention(threads, features);
      attention.run(data.problem);
      INFO(shape_text(shape) << " threads " << threads.count());
      CHECK(data.relative_error() < rounding(shape.type));
    }
  }
}

}  // namespace
}  // namespace headroom::test
