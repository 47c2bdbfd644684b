#include "kernels/attention/element.hpp"

#include "tests/catch.hpp"

#include <cmath>
#include <limits>

namespace headroom::kernels {
namespace {

std::uint16_t bf16(float value) { return from_float(ElementType::bf16, value); }
std::uint16_t fp16(float value) { return from_float(ElementType::fp16, value); }

TEST_CASE("all 16-bit numbers become floats and themselves again") {
  for (const ElementType type : {ElementType::bf16, ElementType::fp16}) {
    std::size_t finite = 0;
    for (int bits = 0; bits < 0x10000; ++bits) {
      const float value = to_float(type, static_cast<std::uint16_t>(bits));
      if (std::isnan(value)) {
        CHECK(std::isnan(to_float(type, from_float(type, value))));
        continue;
      }
      if (std::isfinite(value)) ++finite;
      if (from_float(type, value) != bits) FAIL("not the same: " << bits);
    }
    // Of each sign, all but the last exponent.
    CHECK(finite == (type == ElementType::bf16 ? 2U * 255 * 128 : 2U * 31 * 1024));
  }
}

TEST_CASE("numbers of half precision are those of IEEE 754") {
  CHECK(fp16(1.0F) == 0x3C00);
  CHECK(fp16(-2.0F) == 0xC000);
  CHECK(fp16(65504.0F) == 0x7BFF);
  CHECK(fp16(65519.0F) == 0x7BFF);
  CHECK(fp16(65520.0F) == 0x7C00);
  CHECK(fp16(std::ldexp(1.0F, -24)) == 0x0001);
  CHECK(fp16(std::ldexp(1.0F, -25)) == 0x0000);
  CHECK(fp16(std::ldexp(1.5F, -25)) == 0x0001);
  CHECK(fp16(std::ldexp(1.0F, -14)) == 0x0400);
  CHECK(fp16(-0.0F) == 0x8000);
}

TEST_CASE("rounding is to the nearest, ties to even") {
  CHECK(bf16(1.0F) == 0x3F80);
  CHECK(bf16(1.0F + std::ldexp(1.0F, -8)) == 0x3F80);
  CHECK(bf16(1.0F + std::ldexp(3.0F, -8)) == 0x3F82);
  CHECK(bf16(1.0F + std::ldexp(1.5F, -8)) == 0x3F81);
  CHECK(bf16(std::numeric_limits<float>::max()) == 0x7F80);
  CHECK(fp16(1.0F + std::ldexp(1.0F, -11)) == 0x3C00);
  CHECK(fp16(1.0F + std::ldexp(3.0F, -11)) == 0x3C02);
  // A carry into the next exponent.
  CHECK(fp16(2.0F - std::ldexp(1.0F, -11)) == 0x4000);
}

}  // namespace
}  // namespace headroom::kernels
