#pragma once
// What FGD's published experiment takes and gives: pod lists, orders of arrival, tables of results
// (Weng et al., "Beware of Fragmentation", USENIX ATC 2023; github.com/hkust-adsl/
// kubernetes-scheduler-simulator).

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "study/reproduce/fgd/curves.hpp"
#include "traces/openb_nodes.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace headroom::fgd {

struct Pod {
  std::string name;
  std::int64_t cpu_milli = 0;
  Bytes ram = 0;
  int gpus = 0;
  int milli = 0;         // of each GPU
  std::string gpu_spec;  // as written: "A|B" is not "B|A" where pods are counted by it; "" = any

  [[nodiscard]] std::int64_t gpu_milli() const { return std::int64_t{gpus} * milli; }
};

/// A pod list, sorted by name. Error: as CsvReader::open, a bad value with its place, a name that
/// stands twice, no pod at all.
[[nodiscard]] Result<std::vector<Pod>> read_pods(const std::filesystem::path& file);

/// Indices of pods as they arrive, and of nodes from first to last where scores are equal.
struct Order {
  std::vector<std::size_t> pods;
  std::vector<std::size_t> nodes;
};

/// An order file: a line `pods`, names of pods (any number of times each), a line `nodes`, every
/// node once. Error: no such file, a name that is not there, a node missing or twice.
[[nodiscard]] Result<Order> read_order(const std::filesystem::path& file,
                                       const std::vector<Pod>& pods,
                                       const std::vector<OpenbNode>& nodes);

/// Published curves by pod list, policy as published ("06-FGD") and seed.
using Published = std::map<std::tuple<std::string, std::string, int>, Curves>;

/// From the folder's analysis_{allo,frag,frag_ratio}_discrete.csv, each plain or gzipped.
/// Error: a file or column is missing, a bad value with its place, a row that not all files have.
[[nodiscard]] Result<Published> read_published(const std::filesystem::path& folder);

/// The file or, where only that is there, its .gz form. Error: neither is there.
[[nodiscard]] Result<std::filesystem::path> plain_or_gzipped(const std::filesystem::path& file);

}  // namespace headroom::fgd
