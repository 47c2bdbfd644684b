// What a layer of a real model launches on one GPU.

#include "sim/cost/layer_kernels.hpp"

#include "tests/fixtures.hpp"

#include <utility>
#include <vector>

using namespace headroom;
using namespace headroom::test;

namespace {

using Sizes = std::vector<std::pair<std::int64_t, std::int64_t>>;  // n, k

Sizes sizes_of(const std::vector<Product>& products) {
  Sizes out;
  for (const Product& one : products) out.emplace_back(one.n, one.k);
  return out;
}

LayerKernels first_layer(std::string_view model, ParallelPlan plan, const char* gpu = "H200") {
  const auto found = require_value(find_model(model));
  return layer_kernels(*found, found->text.layer(0), plan, require_value(find_gpu_type(gpu)));
}

}  // namespace

TEST_CASE("what reads the same input is one product, and a GPU has its share of it") {
  // 64 query heads and 8 KV heads of 128, hidden 8192, MLP of 28672.
  const auto model = require_value(find_model("meta-llama-3.1-70b"));
  const LayerKernels whole = first_layer(model->name, {1, 1});
  CHECK(sizes_of(whole.products) ==
        Sizes{{8192 + 2 * 1024, 8192}, {8192, 8192}, {2 * 28672, 8192}, {8192, 28672}});
  const LayerKernels quarter = first_layer(model->name, {4, 1});
  CHECK(sizes_of(quarter.products) ==
        Sizes{{2048 + 2 * 256, 8192}, {8192, 2048}, {2 * 7168, 8192}, {8192, 7168}});
  CHECK(quarter.q_heads == 16);
  CHECK(quarter.kv_heads == 2);
  CHECK(quarter.mlp_width == 7168);
}

TEST_CASE("past as many GPUs as KV heads each has a copy: keys and values shrink no more") {
  const auto model = require_value(find_model("meta-llama-3.1-70b"));
  const LayerKernels part = first_layer(model->name, {16, 1});
  CHECK(part.q_heads == 4);
  CHECK(part.kv_heads == 1);
  CHECK(sizes_of(part.products)[0] == std::pair<std::int64_t, std::int64_t>{512 + 2 * 128, 8192});
}

TEST_CASE("an fp8 checkpoint is multiplied in fp8 where the GPU can, else read in 8 bits") {
  const LayerKernels hopper = first_layer("qwen3-32b-fp8", {1, 1});
  CHECK(hopper.products[0].type == ElementType::fp8);
  CHECK(hopper.products[0].weight_bytes == Approx(1.0).epsilon(0.01));
  const LayerKernels ampere = first_layer("qwen3-32b-fp8", {1, 1}, "A100-80GB");
  CHECK(ampere.products[0].type == ElementType::bf16);
  CHECK(ampere.products[0].weight_bytes == Approx(1.0).epsilon(0.01));
}

TEST_CASE("routed experts are cut over the ranks, or spread whole") {
  // 128 experts of 768, 8 of them active, hidden 2048.
  const LayerKernels cut = first_layer("qwen3-30b-a3b", {4, 1});
  REQUIRE(cut.experts != nullptr);
  CHECK(sizes_of(cut.expert_products) == Sizes{{2 * 192, 2048}, {2048, 192}});
  CHECK(cut.expert_products[0].copies == 128);
  ParallelPlan plan{4, 1};
  plan.ep = true;
  const LayerKernels spread = first_layer("qwen3-30b-a3b", plan);
  CHECK(sizes_of(spread.expert_products) == Sizes{{2 * 768, 2048}, {2048, 768}});
  CHECK(spread.expert_products[0].copies == 32);
}

TEST_CASE("the LM head is cut by the padded vocabulary") {
  const auto model = require_value(find_model("meta-llama-3.1-8b"));
  const Product head = head_product(*model, {4, 1});
  CHECK(head.n == 128256 / 4);
  CHECK(head.k == 4096);
}
