#include "study/reproduce/fgd/inputs.hpp"

#include "traces/csv.hpp"
#include "traces/limits.hpp"
#include "traces/line_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

namespace headroom::fgd {
namespace {

namespace fs = std::filesystem;

const std::array<std::string, 5> kPodColumns{"name", "cpu_milli", "memory_mib", "num_gpu",
                                             "gpu_milli"};
constexpr int kMostSeed = 1'000'000'000;
constexpr std::size_t kShown = 60;

using Names = std::unordered_map<std::string, std::size_t>;

template <class Values, class Name>
Names names_of(const Values& values, Name name) {
  Names out;
  for (std::size_t i = 0; i < values.size(); ++i) out.emplace(name(values[i]), i);
  return out;
}

Result<Pod> read_pod(const CsvReader& rows, std::optional<std::size_t> spec) {
  Pod pod;
  HEADROOM_TRY(pod.name, rows.name(rows.column("name")));
  HEADROOM_TRY(pod.cpu_milli, rows.integer(rows.column("cpu_milli"), {0, kMaxCpuMilli}));
  HEADROOM_TRY(const std::int64_t mib,
               rows.integer(rows.column("memory_mib"), {0, kMaxRam / kMiB}));
  pod.ram = mib * kMiB;
  HEADROOM_TRY(const std::int64_t gpus, rows.integer(rows.column("num_gpu"), {0, kMaxTaskGpus}));
  pod.gpus = static_cast<int>(gpus);
  const std::size_t milli = rows.column("gpu_milli");
  HEADROOM_TRY(const std::int64_t share, rows.integer(milli, {0, 1000}));
  const bool whole = gpus > 1 && share != 1000;
  if ((gpus == 0) != (share == 0) || whole) {
    return fail(fmt::format("gpu_milli is {}, but num_gpu is {}", share, gpus), rows.place(milli));
  }
  pod.milli = static_cast<int>(share);
  if (spec && gpus > 0) pod.gpu_spec = rows.field(*spec);
  return pod;
}

Result<double> read_percent(const CsvReader& rows, std::size_t column) {
  const std::string& text = rows.field(column);
  double value = 0.0;
  const char* last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, value);
  if (code == std::errc() && end == last && value >= 0.0 && value <= 1000.0) return value;
  return fail(fmt::format("'{}' is not a percentage", text.substr(0, kShown)), rows.place(column));
}

Status read_table(const fs::path& folder, const std::string& name, Curves::Curve Curves::*curve,
                  std::map<std::tuple<std::string, std::string, int>, int>& rows_seen,
                  Published& out) {
  HEADROOM_TRY(const auto file, plain_or_gzipped(folder / name));
  std::vector<std::string> wanted{"workload", "sc_policy", "seed"};
  for (std::size_t i = 0; i < kColumns; ++i) wanted.push_back(std::to_string(i));
  HEADROOM_TRY(auto rows, CsvReader::open(file, "a table of FGD's results", wanted));
  while (true) {
    HEADROOM_TRY(const bool more, rows.next());
    if (!more) return {};
    HEADROOM_TRY(const auto list, rows.name(rows.column("workload")));
    HEADROOM_TRY(const auto policy, rows.name(rows.column("sc_policy")));
    HEADROOM_TRY(const auto seed, rows.integer(rows.column("seed"), {0, kMostSeed}));
    const std::tuple key(list, policy, static_cast<int>(seed));
    Curves& curves = out[key];
    ++rows_seen[key];
    for (std::size_t i = 0; i < kColumns; ++i) {
      HEADROOM_TRY((curves.*curve)[i], read_percent(rows, rows.column(wanted[3 + i])));
    }
  }
}

}  // namespace

Result<fs::path> plain_or_gzipped(const fs::path& file) {
  std::error_code code;
  if (fs::exists(file, code)) return file;
  fs::path zipped = file;
  zipped += ".gz";
  if (fs::exists(zipped, code)) return zipped;
  return fail("no such file, nor one with .gz added", {file.string()});
}

Result<std::vector<Pod>> read_pods(const fs::path& file) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "an openb pod list", kPodColumns));
  const auto spec = rows.find_column("gpu_spec");
  std::vector<Pod> pods;
  while (true) {
    HEADROOM_TRY(const bool more, rows.next());
    if (!more) break;
    HEADROOM_TRY(pods.emplace_back(), read_pod(rows, spec));
  }
  if (pods.empty()) return fail("this pod list has no rows", {file.string()});
  std::sort(pods.begin(), pods.end(), [](const Pod& a, const Pod& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      pods.begin(), pods.end(), [](const Pod& a, const Pod& b) { return a.name == b.name; });
  if (twice == pods.end()) return pods;
  return fail(fmt::format("pod '{}' stands twice", twice->name.substr(0, kShown)), {file.string()});
}

Result<Order> read_order(const fs::path& file, const std::vector<Pod>& pods,
                         const std::vector<OpenbNode>& nodes) {
  const Names pod_names = names_of(pods, [](const Pod& pod) { return pod.name; });
  const Names node_names = names_of(nodes, [](const OpenbNode& node) { return node.name; });
  HEADROOM_TRY(auto lines, LineReader::open(file));
  Order order;
  const Names* names = nullptr;
  std::vector<std::size_t>* into = nullptr;
  while (true) {
    HEADROOM_TRY(const auto line, lines.next_nonblank());
    if (!line) break;
    if (*line == "pods" || *line == "nodes") {
      names = *line == "pods" ? &pod_names : &node_names;
      into = *line == "pods" ? &order.pods : &order.nodes;
      continue;
    }
    const std::string name(line->substr(0, kShown));
    if (names == nullptr) return fail("an order begins with a line 'pods'", lines.place(1));
    const auto found = names->find(std::string(*line));
    if (found == names->end()) {
      return fail(fmt::format("there is no {} '{}'", names == &pod_names ? "pod" : "node", name),
                  lines.place(1));
    }
    into->push_back(found->second);
  }
  std::vector<std::size_t> each = order.nodes;
  std::sort(each.begin(), each.end());
  const bool twice = std::adjacent_find(each.begin(), each.end()) != each.end();
  if (twice || each.size() != nodes.size() || order.pods.empty()) {
    return fail(fmt::format("this order has {} pods and {} of the {} nodes{}", order.pods.size(),
                            each.size(), nodes.size(), twice ? ", one of them twice" : ""),
                {file.string()}, "every node stands in it once");
  }
  return order;
}

Result<Published> read_published(const fs::path& folder) {
  Published out;
  std::map<std::tuple<std::string, std::string, int>, int> rows_seen;
  HEADROOM_CHECK(read_table(folder, "analysis_allo_discrete.csv", &Curves::allo, rows_seen, out));
  HEADROOM_CHECK(read_table(folder, "analysis_frag_discrete.csv", &Curves::frag, rows_seen, out));
  HEADROOM_CHECK(
      read_table(folder, "analysis_frag_ratio_discrete.csv", &Curves::frag_ratio, rows_seen, out));
  for (const auto& [key, rows] : rows_seen) {
    if (rows == 3) continue;
    const auto& [list, policy, seed] = key;
    return fail(
        fmt::format("{}, {}, seed {}: not once in each of the three tables", list, policy, seed),
        {folder.string()});
  }
  if (out.empty()) return fail("these tables have no rows", {folder.string()});
  return out;
}

}  // namespace headroom::fgd
