// What of NCCL needs no GPU.

#include "bench/attention/cuda/all_reduce.hpp"

#include "tests/catch.hpp"

#include <cstdio>
#include <string>

namespace headroom::bench {
namespace {

TEST_CASE("NCCL has the functions that are used, and its version is one of version 2") {
  if (!Library::open(toolkit_places("libnccl.so.2"))) {
    std::puts("NCCL is not there: skipped");
    return;
  }
  const auto nccl = Nccl::open();
  REQUIRE(nccl);
  CHECK((*nccl)->version().rfind("2.", 0) == 0);
}

}  // namespace
}  // namespace headroom::bench
