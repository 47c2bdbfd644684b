#include "kernels/attention/cpu/cpu_attention.hpp"

#include "kernels/attention/element.hpp"
#include "kernels/attention/layout.hpp"
#include "kernels/attention/reference.hpp"
#include "tests/catch.hpp"
#include "tests/kernels/host_problem.hpp"

#include <cmath>

namespace headroom::kernels::test {
namespace {

// Outputs are rounded to 8 and 11 bits: a relative 2^-9 and 2^-12 at most, a bit less in the norm.
double allowed(ElementType type) { return type == ElementType::kBf16 ? 2.5e-3 : 4e-4; }

void check(const HostSpec& spec, CpuFeatures features, int threads) {
  INFO("heads " << spec.q_heads << "/" << spec.kv_heads << " dim " << spec.head_dim << " page "
                << spec.page << " causal " << spec.causal << " threads " << threads);
  HostProblem host(spec);
  CpuThreads pool(threads);
  CpuAttention attention(pool, features);
  attention.run(host.problem());
  CHECK(relative_error(host.problem(), host.out()) < allowed(spec.type));
}

// Both, where the processor has both.
std::vector<CpuFeatures> all_features() {
  if (cpu_features() == CpuFeatures::kAvx2) return {CpuFeatures::kScalar, CpuFeatures::kAvx2};
  return {CpuFeatures::kScalar};
}

TEST_CASE("the reference is softmax(q k^T) v, by hand") {
  // One head of 16: q = (1, 0 ...), keys (0 ...) and (ln 3, 0 ...): weights 1/4 and 3/4.
  HostSpec spec;
  spec.q_heads = spec.kv_heads = 1;
  spec.head_dim = 16;
  spec.type = ElementType::kFp16;
  spec.sequences = {{1, 2}};
  HostProblem host(spec);
  AttentionProblem problem = host.problem();
  std::vector<std::uint16_t> q(16, 0), k(32, 0), v(32, 0);
  q[0] = from_float(spec.type, 1.0F);
  k[16] = from_float(spec.type, 1.0F);
  v[0] = from_float(spec.type, 8.0F);
  v[17] = from_float(spec.type, 4.0F);
  problem.q = q.data();
  problem.k = k.data();
  problem.v = v.data();
  problem.scale = std::log(3.0F);
  const auto row = reference_row(problem, 0, 0, 0);
  CHECK(row[0] == Approx(2.0));
  CHECK(row[1] == Approx(3.0));
  CHECK(row[2] == 0.0);
}

TEST_CASE("causal queries see the keys up to their own place from the end") {
  HostSpec spec;
  spec.causal = true;
  spec.sequences = {{3, 5}, {3, 2}};
  const HostProblem host(spec);
  CHECK(visible_keys(host.problem(), 0, 0) == 3);
  CHECK(visible_keys(host.problem(), 0, 2) == 5);
  CHECK(visible_keys(host.problem(), 1, 0) == 0);
  CHECK(visible_keys(host.problem(), 1, 2) == 2);
  for (const double value : reference_row(host.problem(), 1, 0, 0)) CHECK(value == 0.0);
}

TEST_CASE("the CPU's attention agrees with double precision") {
  for (const CpuFeatures features : all_features()) {
    for (const std::int32_t dim : {16, 64, 128, 256}) {
      for (const ElementType type : {ElementType::kBf16, ElementType::kFp16}) {
        HostSpec spec;
        spec.type = type;
        spec.head_dim = dim;
        spec.sequences = {{1, 1}, {1, 33}, {1, 64}};
        check(spec, features, 2);
        spec.causal = true;
        spec.page = 16;
        spec.sequences = {{7, 7}, {17, 40}, {3, 2}, {1, 65}};
        check(spec, features, 3);
      }
    }
  }
}

TEST_CASE("any number of query heads may share a KV head") {
  for (const CpuFeatures features : all_features()) {
    for (const std::int32_t group : {1, 2, 3, 5, 7, 8, 12, 16, 20}) {
      HostSpec spec;
      spec.kv_heads = 3;
      spec.q_heads = 3 * group;
      spec.page = group % 2 == 0 ? 64 : 16;
      spec.sequences = {{1, 100}, {2, 31}};
      spec.causal = group % 3 == 0;
      check(spec, features, 1);
    }
  }
}

}  // namespace
}  // namespace headroom::kernels::test
