// Every kernel on a GPU, against the definition in double precision. Skipped where there is no GPU.

#include "kernels/attention/gpu/implementations.hpp"
#include "tests/catch.hpp"
#include "tests/kernels/attention_case.hpp"
#include "tests/kernels/attention_runs.hpp"
#include "tests/kernels/gpu/chosen.hpp"
#include "tests/kernels/gpu/device_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace headroom::test {
namespace {

using kernels::GpuImplementation;
using kernels::Status;

void run_and_compare(const GpuImplementation& implementation, const AttentionShape& shape,
                     std::uint32_t seed) {
  AttentionCase data(shape, seed);
  if (!implementation.supports(data.problem)) return;
  DeviceCase device(data);
  const std::size_t bytes = implementation.workspace_bytes(device.problem, gpu_multiprocessors());
  // Not numbers before.
  DeviceVector<std::uint8_t> workspace(std::vector<std::uint8_t>(bytes, 0xFF));
  INFO(implementation.name << ": " << shape_text(shape) << " seed " << seed);
  const Status status = implementation.launch(device.problem, workspace.get(), bytes, nullptr);
  CHECK(std::string(kernels::status_text(status)) == "ok");
  REQUIRE(std::string(wait_for_gpu()).empty());
  device.read_out(data);
  CHECK(data.relative_error() < allowed_error(shape.type));
}

// Not none: a name that is mistyped tests nothing.
std::vector<GpuImplementation> chosen_implementations() {
  std::vector<GpuImplementation> out;
  for (const GpuImplementation& one : kernels::gpu_implementations()) {
    if (is_chosen(one.name)) out.push_back(one);
  }
  REQUIRE_FALSE(out.empty());
  return out;
}

}  // namespace

TEST_CASE("All kernels agree with the definition, on a GPU") {
  if (!has_gpu()) return;
  std::uint32_t seed = 0;
  for (const GpuImplementation& implementation : chosen_implementations()) {
    for (const auto& shape : decode_shapes(1000)) run_and_compare(implementation, shape, seed++);
    for (const auto& shape : prefill_shapes()) run_and_compare(implementation, shape, seed++);
  }
}

// What compute-sanitizer, which makes kernels a hundred times slower, is run on.
TEST_CASE("A few small shapes agree, on a GPU", "[small]") {
  if (!has_gpu()) return;
  std::vector<AttentionShape> shapes;
  for (const std::int32_t head_dim : {64, 128, 256}) {
    shapes.push_back({kernels::ElementType::bf16, 4, 2, head_dim, 16, true, {1, 1}, {70, 33}});
    shapes.push_back({kernels::ElementType::fp16, 2, 1, head_dim, 0, true, {70}, {70}});
  }
  std::uint32_t seed = 2000;
  for (const GpuImplementation& implementation : chosen_implementations()) {
    for (const auto& shape : shapes) run_and_compare(implementation, shape, seed++);
  }
}

TEST_CASE("Large batches and long sequences agree too, on a GPU") {
  if (!has_gpu()) return;
  const auto bf16 = kernels::ElementType::bf16;
  std::vector<AttentionShape> shapes;
  AttentionShape many{bf16, 8, 1, 128, 16, true, {}, {}};
  for (std::int32_t i = 0; i < 300; ++i) many.kv_lengths.push_back(1 + i * 37 % 500);
  many.q_lengths.assign(many.kv_lengths.size(), 1);
  shapes.push_back(many);
  shapes.push_back({bf16, 2, 1, 128, 64, true, {1}, {50000}});
  // Rings of tiles that wrap, under several tiles of queries.
  shapes.push_back({bf16, 1, 1, 128, 16, true, {1000}, {3000}});
  shapes.push_back({kernels::ElementType::fp16, 2, 1, 64, 16, true, {400}, {900}});
  shapes.push_back({bf16, 2, 1, 256, 0, true, {300}, {900}});
  std::uint32_t seed = 1000;
  for (const GpuImplementation& implementation : chosen_implementations()) {
    for (const auto& shape : shapes) run_and_compare(implementation, shape, seed++);
  }
}

}  // namespace headroom::test
