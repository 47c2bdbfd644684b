// FGD's published experiment: its parts by hand, and the published runs themselves where the shared
// files are there.

#include "study/reproduce/fgd/agreement.hpp"
#include "study/reproduce/fgd/own_order.hpp"
#include "tests/catch.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr const char* kNodes =
    "sn,cpu_milli,memory_mib,gpu,model\n"
    "a,8000,8192,2,T4\n"
    "b,8000,8192,2,G2\n";

constexpr const char* kPods =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
    "p1,1000,1024,1,500,\n"
    "p2,1000,1024,1,1000,G2\n"
    "p3,1000,1024,2,1000,\n"
    "p0,1000,1024,0,0,\n";

struct Files {
  std::vector<fgd::Pod> pods;
  std::vector<OpenbNode> nodes;
};

Files files_in(const TempDir& folder) {
  return {require_value(fgd::read_pods(folder.write("pods.csv", kPods))),
          require_value(read_openb_nodes(folder.write("nodes.csv", kNodes)))};
}

std::string order_error(const TempDir& folder, const std::string& text) {
  const Files files = files_in(folder);
  const auto order = fgd::read_order(folder.write("o.order", text), files.pods, files.nodes);
  return order ? "" : order.error().text();
}

fgd::Curves flat(double value) {
  fgd::Curves out;
  out.allo.fill(value);
  out.frag.fill(value);
  out.frag_ratio.fill(value);
  return out;
}

const fgd::PaperPolicy& paper_policy(const std::string& name) {
  const auto all = fgd::paper_policies();
  return *std::find_if(all.begin(), all.end(),
                       [&](const fgd::PaperPolicy& policy) { return policy.name == name; });
}

// What a comparison says of runs with these values against published ones with those.
fgd::Agreement compared(const std::string& policy, const std::vector<double>& ours,
                        const std::vector<double>& theirs, bool own_orders = false) {
  std::vector<fgd::Run> runs;
  fgd::Published published;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    runs.push_back({"list", policy, 42 + i, flat(ours[i]), 0, 0, 0.5});
  }
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    published[{"list", paper_policy(policy).published, 42 + static_cast<int>(i)}] = flat(theirs[i]);
  }
  return fgd::compare(paper_policy(policy), "list", runs, published, own_orders);
}

}  // namespace

TEST_CASE("curves are means over arrivals, by load in whole percent, half to even") {
  fgd::CurveFolder folder(100);             // 1 % is 1,000 milli
  folder.add(500, 500, 99'500, 1'000.0);    // 0.5 % goes to 0
  folder.add(1'500, 1'500, 98'500, 985.0);  // 1.5 % to 2
  folder.add(2'500, 1'500, 98'500, 985.0);  // 2.5 % to 2
  folder.add(5'000, 4'000, 96'000, 960.0);
  const fgd::Curves curves = folder.curves();
  CHECK(curves.allo[0] == 0.5);
  CHECK(curves.frag[0] == 1.0);
  CHECK(curves.frag_ratio[0] == 1.01);  // 1,000 of 99,500, two places
  CHECK(curves.allo[2] == 1.5);
  CHECK(curves.frag_ratio[2] == 1.0);
  CHECK(curves.allo[1] == 1.17);  // nothing there: the three of 0 and 2
  CHECK(curves.allo[4] == 4.0);
  CHECK(curves.allo[7] == 0.0);
}

TEST_CASE("typical pods are the most frequent kinds that make up 95 %") {
  std::vector<fgd::Pod> pods;
  const auto add = [&](int count, std::int64_t cpu, int milli, const std::string& spec) {
    for (int i = 0; i < count; ++i) pods.push_back({"p", cpu, 0, 1, milli, spec});
  };
  add(60, 1000, 500, "");
  add(18, 1000, 300, "");
  add(18, 2000, 300, "");
  add(3, 1000, 300, "A|B");
  add(1, 1000, 300, "B|A");
  const fgd::TypicalPods typical = fgd::typical_pods(pods);
  REQUIRE(typical.kinds.size() == 3);
  CHECK(typical.all_kinds == 5);  // "A|B" is not "B|A"
  CHECK(typical.pods == 96);
  CHECK(typical.kinds[0].share == 0.6 / 0.96);
  CHECK(typical.kinds[1].pod->cpu_milli == 2000);  // of equally frequent ones more CPU first
  CHECK(typical.kinds[2].pod->cpu_milli == 1000);
}

TEST_CASE("pods go on one node, in their order, and what finds no room is dropped") {
  const TempDir folder;
  const Files files = files_in(folder);
  const auto path = folder.write("o.order", "pods\np1\np2\np3\np3\np0\nnodes\nb\na\n");
  const fgd::Order order = require_value(fgd::read_order(path, files.pods, files.nodes));
  REQUIRE(order.pods.size() == 5);
  CHECK(order.nodes == std::vector<std::size_t>{1, 0});
  const auto typical = fgd::typical_pods(files.pods);
  const auto run =
      require_value(fgd::run_arrivals("best-fit", files.pods, files.nodes, typical, order, 1));
  // p1 and p2 share b, p3 goes on a, its clone finds nothing, p0 goes anywhere.
  CHECK(run.arrived == 5);
  CHECK(run.placed == 4);
  CHECK(run.curves.allo[15] == 0.0);   // no arrival
  CHECK(run.curves.allo[12] == 12.5);  // p1: 500 of 4,000
  CHECK(run.curves.allo[88] == 87.5);  // p3: 3,500
  CHECK_FALSE(fgd::run_arrivals("nonesuch", files.pods, files.nodes, typical, order, 1));
}

TEST_CASE("orders and pod lists that cannot be are refused with their place") {
  const TempDir folder;
  CHECK(order_error(folder, "pods\np1\nnodes\na\nb\n").empty());
  CHECK(order_error(folder, "p1\n").find("o.order:1:1: an order begins with a line 'pods'") !=
        std::string::npos);
  CHECK(order_error(folder, "pods\np9\n").find("o.order:2:1: there is no pod 'p9'") !=
        std::string::npos);
  CHECK(order_error(folder, "pods\np1\nnodes\nc\n").find("o.order:4:1: there is no node 'c'") !=
        std::string::npos);
  CHECK(order_error(folder, "pods\np1\nnodes\na\n").find("1 of the 2 nodes") != std::string::npos);
  CHECK(order_error(folder, "pods\np1\nnodes\na\na\n").find("one of them twice") !=
        std::string::npos);
  CHECK(order_error(folder, "nodes\na\nb\n").find("0 pods") != std::string::npos);

  const std::string header = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n";
  for (const auto& [rows, message] : std::vector<std::pair<std::string, std::string>>{
           {"p,1,1,2,500\n", "pods.csv:2:9: gpu_milli is 500, but num_gpu is 2"},
           {"p,1,1,0,500\n", "gpu_milli is 500, but num_gpu is 0"},
           {"p,1,1,1,0\n", "gpu_milli is 0, but num_gpu is 1"},
           {"p,x,1,1,1\n", "pods.csv:2:3"},
           {"p,1,1,1,1\np,1,1,1,1\n", "pod 'p' stands twice"},
           {"", "no rows"}}) {
    const auto pods = fgd::read_pods(folder.write("pods.csv", header + rows));
    INFO(rows);
    REQUIRE_FALSE(pods.has_value());
    CHECK(pods.error().text().find(message) != std::string::npos);
  }
}

TEST_CASE("own orders follow the experiment's rules") {
  std::vector<fgd::Pod> pods;
  pods.reserve(50);
  for (int i = 0; i < 50; ++i) pods.push_back({"p" + std::to_string(i), 0, 0, i % 5, 1000, ""});
  const std::vector<OpenbNode> nodes(20, {"n", 1000, kGiB, 8, "T4"});  // 160 GPUs, 208 at 130 %
  const fgd::Order order = fgd::draw_order(pods, nodes, 7);
  std::int64_t total = 0;
  for (const std::size_t pod : order.pods) total += pods[pod].gpus;
  CHECK(total <= 208 + 3);  // the last may take more than its one GPU that is counted
  CHECK(total > 200);
  std::vector<std::size_t> first(order.pods.begin(), order.pods.begin() + 50);
  CHECK_FALSE(std::is_sorted(first.begin(), first.end()));
  std::sort(first.begin(), first.end());
  std::vector<std::size_t> each(50);
  std::iota(each.begin(), each.end(), std::size_t{0});
  CHECK(first == each);  // the list itself comes first
  CHECK(fgd::draw_order(pods, nodes, 7).pods == order.pods);
  CHECK(fgd::draw_order(pods, nodes, 8).pods != order.pods);

  const std::vector<OpenbNode> few(2, {"n", 1000, kGiB, 8, "T4"});  // 20.8 GPUs at 130 %
  std::int64_t less = 0;
  for (const std::size_t pod : fgd::draw_order(pods, few, 7).pods) less += pods[pod].gpus;
  CHECK(less <= 20);
  CHECK(less >= 16);
}

TEST_CASE("runs without lots are compared one by one") {
  CHECK(compared("fgd", {50.0, 60.0}, {50.0, 60.0}).disagreements.empty());
  // Two places of allo and frag may differ by one; frag_ratio may not.
  const auto close = compared("fgd", {50.009}, {50.0});
  REQUIRE_FALSE(close.disagreements.empty());
  CHECK(close.disagreements.front() == "seed 42, column 0: frag_ratio 50.009, published 50");
  CHECK(compared("fgd", {50.00004}, {50.0}).disagreements.empty());
  const auto far = compared("best-fit", {50.0, 60.02}, {50.0, 60.0});
  REQUIRE(far.disagreements.size() == 6);  // five, and that there are more
  CHECK(far.disagreements.front() == "seed 43, column 0: allo 60.02, published 60");
  CHECK(far.seconds_per_run == 0.5);
}

TEST_CASE("random runs are compared by their means") {
  // s = 1, n = m = 2: 5 + 0.2 are allowed.
  const double root = std::sqrt(0.5);
  const std::vector<double> published = {50.0 - root, 50.0 + root};
  CHECK(compared("random", {55.0, 55.3}, published).disagreements.empty());
  const auto far = compared("random", {55.3, 55.3}, published);
  REQUIRE(far.disagreements.size() == 6);
  CHECK(far.disagreements.front() ==
        "column 10: mean allo 55.300, published 50.000, allowed 5.200");
  CHECK(far.worst > 1.0);
}

TEST_CASE("orders of our own are compared by Welch's standard error") {
  // s = 1 on both sides, n = m = 2: 4 x 1.
  const double root = std::sqrt(0.5);
  const std::vector<double> published = {50.0 - root, 50.0 + root};
  CHECK(compared("fgd", {53.9 - root, 53.9 + root}, published, true).disagreements.empty());
  const auto far = compared("fgd", {54.1 - root, 54.1 + root}, published, true);
  REQUIRE(far.disagreements.size() == 2);  // columns 100 and 130
  CHECK(far.disagreements.front() ==
        "column 100: mean allo 54.100, published 50.000, allowed 4.000");
}

TEST_CASE("published runs of FGD's experiment are reproduced", "[shared]") {
  const auto openb = shared_path("traces/openb");
  const auto orders = shared_path("conformance/fgd");
  if (!openb || !orders) return;
  fgd::Question question;
  question.pods = *openb;
  question.nodes = *openb / "openb_node_list_gpu_node.csv";
  question.orders = *orders;
  question.expected = *openb / "expected_fgd";
  question.lists = {"default", "gpuspec33", "openb_pod_list_multigpu50"};
  question.seeds = {45, 50};
  const fgd::Report report = require_value(fgd::reproduce(question));
  REQUIRE(report.runs.size() == 36);
  REQUIRE(report.agreements.size() == 18);
  for (const fgd::Agreement& row : report.agreements) {
    INFO(row.list << " " << row.policy);
    CHECK(row.runs == 2);
    CHECK(row.disagreements.empty());
  }
  CHECK(report.lists.front().typical_kinds == 35);
  CHECK(report.lists.front().all_kinds == 91);
}
