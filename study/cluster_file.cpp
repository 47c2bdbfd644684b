#include "study/cluster_file.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace headroom {
namespace {

constexpr std::int64_t kVersion = 1;

}  // namespace

void check_schema(const ConfigTable& config, std::string_view wanted) {
  const std::string schema = config.text_or("schema", wanted);
  if (schema != wanted) {
    config.reject("schema", fmt::format("this is a '{}', but a '{}' is wanted", schema, wanted));
  }
  const auto version = config.integer_or("version", {0, 1'000'000}, kVersion);
  if (version != kVersion) {
    config.reject("version", fmt::format("this is version {} of '{}', but version {} is wanted",
                                         version, wanted, kVersion));
  }
}

Result<ClusterSpec> read_cluster_file(const std::filesystem::path& file,
                                      const GpuAliases& aliases) {
  HEADROOM_TRY(const auto content, ConfigTable::read(file));
  return read_cluster_config(content, aliases);
}

Result<ClusterSpec> read_cluster_config(const ConfigTable& content, const GpuAliases& aliases) {
  check_schema(content, "headroom.cluster");
  (void)content.text_or("name", "");
  (void)content.text_or("description", "");
  HEADROOM_TRY(ClusterSpec spec, read_cluster(content, aliases));
  HEADROOM_CHECK(content.finish());
  return spec;
}

}  // namespace headroom
