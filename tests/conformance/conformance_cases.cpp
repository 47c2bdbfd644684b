// Random mixed clusters and workloads for the conformance suite, from fixed seeds.

#include "sim/core/random.hpp"
#include "tests/conformance/placer_conformance.hpp"
#include "tests/sanitized.hpp"

#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace headroom::test {
namespace {

class Draw {
 public:
  Draw(std::uint64_t seed, std::string_view purpose) : random_(random_stream(seed, purpose)) {}
  [[nodiscard]] std::int64_t from(std::int64_t low, std::int64_t high) {
    return boost::random::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  [[nodiscard]] bool one_in(std::int64_t n) { return from(1, n) == 1; }
  template <class Values>
  [[nodiscard]] const auto& any(const Values& values) {
    return values[static_cast<std::size_t>(from(0, std::ssize(values) - 1))];
  }

 private:
  RandomStream random_;
};

const std::array<std::string, 4> kTypes = {"A100-80GB", "L4", "RTX-3090", "T4"};
const std::array<std::string, 10> kModels = {
    "qwen2.5-0.5b",   "qwen2.5-1.5b", "gpt2-xl",   "meta-llama-3.1-8b",  "qwen2.5-14b",
    "gemma-3-27b-it", "qwen2.5-32b",  "falcon-7b", "meta-llama-3.1-70b", "qwen3-30b-a3b"};

ClusterSpec random_cluster(std::uint64_t seed) {
  Draw draw(seed, "cluster");
  std::vector<Group> groups;
  for (int i = 0; i < 5; ++i) {
    Group group;
    group.gpu = draw.any(kTypes);
    group.gpus = static_cast<int>(draw.from(1, 4) * draw.from(1, 2));
    group.nodes = static_cast<int>(draw.from(1, 3));
    if (!draw.one_in(3)) group.cpu_milli = draw.from(8, 64) * 1000;
    if (!draw.one_in(3)) group.ram = draw.from(32, 512) * kGiB;
    if (draw.one_in(3)) group.used = draw.from(1, 2048) * kMiB;
    groups.push_back(std::move(group));
  }
  groups.push_back({"", 0, 1, 32'000, 128 * kGiB});
  return cluster_of(groups);
}

// Links that are not all alike: PCIe inside the nodes, every three nodes a rack.
ClusterSpec with_links(ClusterSpec spec) {
  for (NodeShape& shape : spec.shapes) {
    if (shape.gpus.size() > 1) shape.links.fabric = NodeFabric::pcie;
  }
  const std::size_t racks = (spec.nodes.size() + 2) / 3;
  spec.network.levels = {{"rack", 25'000'000'000, std::vector<std::uint32_t>(racks, 0)},
                         {"core", 5'000'000'000, {}}};
  for (std::size_t i = 0; i < spec.nodes.size(); ++i) {
    spec.nodes[i].leaf = static_cast<std::uint32_t>(i / 3);
  }
  return spec;
}

Request random_llm(Draw& draw, const std::string& name) {
  Request request = llm_request(name, draw.any(kModels));
  LlmDeployment& llm = llm_of(request);
  llm.limits.context = 1024 * draw.from(1, 8);
  llm.limits.sequences = draw.from(1, 64);
  if (draw.one_in(3)) {
    llm.shared = true;
    llm.limits.utilisation_ppm = draw.from(10, 95) * 10'000;
  }
  if (draw.one_in(4)) llm.allowed_tp = {2, 4};
  if (draw.one_in(8)) llm.allowed_tp = {3};
  if (draw.one_in(4)) {
    llm.degradations.push_back({512, {}, false, Degradation::Checkpoint::as_asked});
    llm.degradations.push_back({{}, {}, false, Degradation::Checkpoint::four_bits});
  }
  return request;
}

Request random_task(Draw& draw, const std::string& name) {
  switch (draw.from(0, 3)) {
    case 0:
      return opaque_request(name, 0);
    case 1:
      return opaque_request(name, 1, 0, 0, static_cast<int>(draw.from(1, 999)));
    case 2:
      return opaque_request(name, static_cast<int>(draw.from(1, 4)));
    default:
      return opaque_request(name, static_cast<int>(draw.from(1, 16)));
  }
}

// What queue disciplines go by: durations as declared, most too long and a few too short, tenants
// and priorities.
void declare(std::uint64_t seed, std::vector<Request>& requests) {
  Draw draw(seed, "queue");
  for (Request& request : requests) {
    request.declared = request.lifetime * draw.from(1, 3) + std::chrono::seconds(draw.from(0, 600));
    if (draw.one_in(10)) request.declared = std::chrono::seconds(draw.from(0, 60));
    if (!draw.one_in(4)) request.tenant = fmt::format("t{}", draw.from(1, 4));
    request.priority = draw.one_in(2) ? 0 : static_cast<int>(draw.from(-2, 2));
  }
}

std::vector<Request> random_requests(std::uint64_t seed, int count) {
  Draw draw(seed, "requests");
  std::vector<Request> requests;
  std::int64_t now = 0;
  for (int i = 0; i < count; ++i) {
    const std::string name = fmt::format("r{}", i);
    Request request = draw.one_in(2) ? random_llm(draw, name) : random_task(draw, name);
    if (!draw.one_in(3)) now += draw.from(0, 300);
    request.arrival = at(now);
    request.lifetime = std::chrono::seconds(draw.one_in(10) ? 0 : draw.from(1, 10'000));
    if (draw.one_in(2)) request.shape.cpu_milli = draw.from(1, 16'000);
    if (draw.one_in(2)) request.shape.ram = draw.from(1, 64) * kGiB;
    if (draw.one_in(3)) request.shape.allowed_gpus = {draw.any(kTypes)};
    requests.push_back(std::move(request));
  }
  declare(seed, requests);
  return requests;
}

// Failures by chance, and every kind of event a few times while requests arrive.
ClusterDynamics random_dynamics(std::uint64_t seed, const ClusterSpec& cluster,
                                const std::vector<Request>& requests) {
  Draw draw(seed, "dynamics");
  ClusterDynamics out;
  out.seed = seed;
  out.failures = FailureModel{std::chrono::hours(4), std::chrono::minutes(20), 0.8, 1.0};
  out.disk = DiskModel{draw.from(20, 200) * kGiB, 5'000'000'000};
  out.tasks_start_over = draw.one_in(2);
  if (draw.one_in(3)) out.on_loss = OnLoss::lose;
  const std::int64_t last = (requests.back().arrival - SimTime{}) / std::chrono::seconds(1);
  for (int i = 0; i < 40; ++i) {
    out.events.push_back({at(draw.from(0, last + 3600)),
                          static_cast<NodeEventKind>(draw.from(0, 4)),
                          static_cast<NodeId>(draw.from(0, std::ssize(cluster.nodes) - 1))});
  }
  std::stable_sort(out.events.begin(), out.events.end(),
                   [](const NodeEvent& a, const NodeEvent& b) { return a.at < b.at; });
  return out;
}

}  // namespace

std::vector<ConformanceCase> conformance_cases() {
  std::vector<ConformanceCase> cases;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    cases.push_back(
        {fmt::format("random {}", seed), random_cluster(seed), random_requests(seed, 80), {}});
  }
  for (const std::uint64_t seed : {4U, 5U, 6U}) {
    ConformanceCase changing{
        fmt::format("changing {}", seed), random_cluster(seed), random_requests(seed, 80), {}};
    changing.dynamics = random_dynamics(seed, changing.cluster, changing.requests);
    cases.push_back(std::move(changing));
  }
  for (const std::size_t linked : {cases.size() / 2 - 1, cases.size() - 1}) {
    cases[linked].name += ", links";
    cases[linked].cluster = with_links(std::move(cases[linked].cluster));
  }
  return cases;
}

std::vector<ConformanceCase> cases_to_run() {
  auto cases = conformance_cases();
  if (kSanitized) return {std::move(cases.front()), std::move(cases.back())};
  return cases;
}

}  // namespace headroom::test
