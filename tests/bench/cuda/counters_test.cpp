// The metrics' names, as CUPTI knows them, which needs no GPU. Counting itself does.

#include "bench/attention/cuda/counters.hpp"

#include "bench/attention/cuda/cupti.hpp"
#include "tests/catch.hpp"

#include <cupti.h>

#include <array>
#include <cstdio>
#include <string>

namespace headroom::bench {
namespace {

bool has_cupti() {
  if (CUPTI_API_VERSION >= 130000 && open_cupti()) return true;
  std::puts("CUPTI 13 is not there: skipped");
  return false;
}

TEST_CASE("CUPTI knows every metric of the GPUs of data centres, and of Ada") {
  if (!has_cupti()) return;
  for (const std::string chip : {"GA100", "GH100", "GB100", "AD102"}) {
    const Status checked = check_metrics(chip);
    INFO(chip << ": " << (checked ? "" : checked.error().message));
    CHECK(checked);
  }
}

TEST_CASE("a metric or a chip that does not exist is refused by its name") {
  if (!has_cupti()) return;
  const std::array<const char*, 2> metrics{"dram__bytes_read.sum", "dram__bytes_dreamt.sum"};
  const Status metric = check_metrics("GH100", metrics);
  REQUIRE_FALSE(metric);
  CHECK(metric.error().message.find("'GH100' has no metric 'dram__bytes_dreamt.sum'") !=
        std::string::npos);
  const Status chip = check_metrics("XX999");
  REQUIRE_FALSE(chip);
  CHECK(chip.error().message.find("'XX999'") != std::string::npos);
}

}  // namespace
}  // namespace headroom::bench
