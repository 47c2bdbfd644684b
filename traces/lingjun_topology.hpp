#pragma once
// Switches above the hosts of Alibaba's Lingjun data set of 2023: three layers, as published.
//
// Columns ip (hashed), ASW (rack switch), PSW (aggregation), DSW (core). Labels are per layer: a
// switch is known by its label and those above it. Source:
// github.com/alibaba/alibaba-lingjun-dataset-2023, data/topo.csv (Cao et al., "Crux", SIGCOMM
// 2024).

#include "sim/cluster/links_reader.hpp"
#include "sim/core/result.hpp"

#include <filesystem>

namespace headroom {

/// Levels "asw", "psw", "dsw", and "core" above them where there are several DSWs; hosts in the
/// file's order. Error: as CsvReader::open, an empty label, a host named twice, or no host at all.
[[nodiscard]] Result<HostNetwork> read_lingjun_topology(const std::filesystem::path& file);

}  // namespace headroom
