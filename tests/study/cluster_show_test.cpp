// How a cluster's links and network are drawn.

#include "study/cluster_show.hpp"

#include "tests/catch.hpp"
#include "tests/support.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

std::string drawn(const std::filesystem::path& file) {
  return cluster_text(require_value(read_any_cluster(file)), file.filename().string(), false);
}

}  // namespace

TEST_CASE("the network is drawn innermost level first, with how many groups there are") {
  const std::string text = drawn(source_path("examples/linked-nodes.toml"));
  INFO(text);
  CHECK(text.find("\nnetwork  rack 50 GB/s (6), spine 12.5 GB/s, 8 rails\n") != std::string::npos);
  CHECK(text.find("[V100M32 x8]  nvlink-cube") != std::string::npos);
}

TEST_CASE("links given pair by pair are drawn by kind, and no network where there is none") {
  const TempDir folder;
  const auto file = folder.write("c.toml", R"([[nodes]]
gpu = "A100-80GB"
gpus = 4
links = "matrix"
matrix = ["X NV4 SYS PHB", "NV4 X SYS SYS", "SYS SYS X NV4", "PHB SYS NV4 X"]
)");
  const std::string text = drawn(file);
  INFO(text);
  CHECK(text.find("        links NV4 0-1, 2-3; PHB 0-3; the rest SYS\n") != std::string::npos);
  CHECK(text.find("network") == std::string::npos);
}
