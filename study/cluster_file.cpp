#include "study/cluster_file.hpp"

#include "sim/cluster/links_reader.hpp"
#include "study/scenario.hpp"
#include "traces/lingjun_topology.hpp"

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

Status read_topology(const ConfigTable& cluster, const std::filesystem::path& base,
                     ClusterSpec& spec) {
  const ConfigTable network = cluster.table("network");
  if (!network.has("topology")) return {};
  HEADROOM_TRY(const std::filesystem::path file, path_at(network, "topology", base));
  HEADROOM_TRY(const HostNetwork hosts, read_lingjun_topology(file));
  return read_network(network, spec, &hosts);
}

Result<ClusterSpec> read_cluster_file(const std::filesystem::path& file,
                                      const GpuAliases& aliases) {
  HEADROOM_TRY(const auto content, ConfigTable::read(file));
  return read_cluster_config(content, file.parent_path(), aliases);
}

Result<ClusterSpec> read_cluster_config(const ConfigTable& content,
                                        const std::filesystem::path& base,
                                        const GpuAliases& aliases) {
  check_schema(content, "headroom.cluster");
  (void)content.text_or("name", "");
  (void)content.text_or("description", "");
  HEADROOM_TRY(ClusterSpec spec, read_cluster(content, aliases));
  HEADROOM_CHECK(read_topology(content, base, spec));
  HEADROOM_CHECK(content.finish());
  return spec;
}

}  // namespace headroom
