// wgmma on a GPU, one tile: whether descriptors, fragments and fences are what prefill-wgmma takes
// them for. Skipped where there is no GPU, and passed over where it has no wgmma.

#include "tests/catch.hpp"
#include "tests/kernels/gpu/chosen.hpp"
#include "tests/kernels/gpu/device_memory.hpp"
#include "tests/kernels/gpu/one_tile.hpp"

#include <cstddef>
#include <string>

namespace headroom::test {

TEST_CASE("A tile multiplied by wgmma, on a GPU", "[small]") {
  if (!has_gpu() || !is_chosen("prefill-wgmma")) return;
  if (!has_wgmma()) {
    WARN("this GPU's compute capability is not 9.0: passed over");
    return;
  }
  for (std::uint32_t seed = 0; seed < 3; ++seed) {
    const TileOperands operands(seed);
    TileResults found;
    const DeviceVector<std::uint16_t> a(operands.a);
    const DeviceVector<std::uint16_t> b(operands.b);
    const DeviceVector<float> out(found.out);
    const DeviceVector<float> products(found.products);
    const auto status = launch_one_tile_on_gpu(
        {static_cast<const std::uint16_t*>(a.get()), static_cast<const std::uint16_t*>(b.get()),
         static_cast<float*>(out.get()), static_cast<float*>(products.get())});
    CHECK(std::string(kernels::status_text(status)) == "ok");
    REQUIRE(std::string(wait_for_gpu()).empty());
    out.read(found.out.data(), found.out.size() * sizeof(float));
    products.read(found.products.data(), found.products.size() * sizeof(float));
    const TileErrors errors = errors_of(found, operands);
    INFO("seed " << seed);
    CHECK(errors.out < 1e-3);
    CHECK(errors.products < 1e-2);
  }
}

}  // namespace headroom::test
