#include "study/reproduce/fgd/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace headroom::fgd {
namespace {

constexpr double kAlloLimit = 0.01 + 1e-9;  // tables have two places
constexpr double kFragLimit = 0.01 + 1e-9;
constexpr double kRatioLimit = 5e-5;
constexpr std::size_t kMostTold = 5;
constexpr std::array<std::size_t, 2> kHeadlines{100, 130};

struct Sample {
  double n = 0.0;
  double mean = 0.0;
  double deviation = 0.0;  // with n - 1
};

Sample sample_of(const std::vector<double>& values) {
  Sample out;
  out.n = static_cast<double>(values.size());
  if (values.empty()) return out;
  for (const double value : values) out.mean += value / out.n;
  double squares = 0.0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  if (values.size() > 1) out.deviation = std::sqrt(squares / (out.n - 1.0));
  return out;
}

std::vector<double> column_of(const std::vector<const Curves*>& curves,
                              Curves::Curve Curves::*curve, std::size_t column) {
  std::vector<double> out;
  out.reserve(curves.size());
  for (const Curves* each : curves) out.push_back((each->*curve)[column]);
  return out;
}

class Comparison {
 public:
  Comparison(Agreement& out, std::vector<const Curves*> ours, std::vector<const Curves*> theirs)
      : out_(out), ours_(std::move(ours)), theirs_(std::move(theirs)) {}

  void column_of_runs(std::uint64_t seed, const Curves& ours, const Curves& theirs,
                      std::size_t column) {
    check(seed, column, "allo", ours.allo[column], theirs.allo[column], kAlloLimit, out_.allo);
    check(seed, column, "frag", ours.frag[column], theirs.frag[column], kFragLimit, out_.frag);
    check(seed, column, "frag_ratio", ours.frag_ratio[column], theirs.frag_ratio[column],
          kRatioLimit, out_.frag_ratio);
  }

  void means(Curves::Curve Curves::*curve, const char* name, std::size_t column, double& most) {
    const Sample ours = sample_of(column_of(ours_, curve, column));
    const Sample theirs = sample_of(column_of(theirs_, curve, column));
    const double allowed = 5.0 * theirs.deviation * std::sqrt(1.0 / ours.n + 1.0 / theirs.n) + 0.2;
    check_means(ours, theirs, name, column, allowed, most);
  }

  void welch(std::size_t column) {
    const Sample ours = sample_of(column_of(ours_, &Curves::allo, column));
    const Sample theirs = sample_of(column_of(theirs_, &Curves::allo, column));
    const double allowed = 4.0 * std::sqrt(ours.deviation * ours.deviation / ours.n +
                                           theirs.deviation * theirs.deviation / theirs.n);
    check_means(ours, theirs, "allo", column, allowed, out_.allo);
  }

 private:
  void check(std::uint64_t seed, std::size_t column, const char* name, double ours, double theirs,
             double limit, double& most) {
    const double difference = std::abs(ours - theirs);
    most = std::max(most, difference);
    if (difference <= limit) return;
    tell(fmt::format("seed {}, column {}: {} {:.6g}, published {:.6g}", seed, column, name, ours,
                     theirs));
  }

  void check_means(const Sample& ours, const Sample& theirs, const char* name, std::size_t column,
                   double allowed, double& most) {
    const double difference = std::abs(ours.mean - theirs.mean);
    most = std::max(most, difference);
    if (allowed > 0.0) out_.worst = std::max(out_.worst, difference / allowed);
    if (difference <= allowed) return;
    tell(fmt::format("column {}: mean {} {:.3f}, published {:.3f}, allowed {:.3f}", column, name,
                     ours.mean, theirs.mean, allowed));
  }

  void tell(std::string line) {
    if (out_.disagreements.size() < kMostTold) out_.disagreements.push_back(std::move(line));
    if (++told_ == kMostTold + 1) out_.disagreements.emplace_back("and more");
  }

  Agreement& out_;
  std::vector<const Curves*> ours_;
  std::vector<const Curves*> theirs_;
  std::size_t told_ = 0;
};

std::vector<const Curves*> published_of(const PaperPolicy& policy, const std::string& list,
                                        const Published& published) {
  std::vector<const Curves*> out;
  for (const auto& [key, curves] : published) {
    if (std::get<0>(key) == list && std::get<1>(key) == policy.published) out.push_back(&curves);
  }
  return out;
}

}  // namespace

std::span<const PaperPolicy> paper_policies() {
  static const std::array<PaperPolicy, 6> all = {{
      {"01-Random", "random", "Random", true},
      {"02-DotProd", "dot-product", "DotProd", false},
      {"03-GpuClustering", "gpu-clustering", "Clustering", false},
      {"04-GpuPacking", "gpu-packing", "Packing", false},
      {"05-BestFit", "best-fit", "BestFit", false},
      {"06-FGD", "fgd", "FGD", false},
  }};
  return all;
}

std::size_t Report::disagreeing() const {
  return static_cast<std::size_t>(
      std::count_if(agreements.begin(), agreements.end(),
                    [](const Agreement& a) { return !a.disagreements.empty(); }));
}

Agreement compare(const PaperPolicy& policy, const std::string& list, const std::vector<Run>& runs,
                  const Published& published, bool own_orders) {
  Agreement out;
  out.list = list;
  out.policy = policy.name;
  out.as_distribution = own_orders || policy.drawn;
  std::vector<const Run*> mine;
  std::vector<const Curves*> ours;
  for (const Run& run : runs) {
    if (run.list != list || run.policy != policy.name) continue;
    mine.push_back(&run);
    ours.push_back(&run.curves);
    out.seconds_per_run += run.wall_seconds;
  }
  out.runs = mine.size();
  out.seconds_per_run /= static_cast<double>(std::max<std::size_t>(1, mine.size()));
  const auto theirs = published_of(policy, list, published);
  const auto mean = [](const std::vector<const Curves*>& of, std::size_t column) {
    return sample_of(column_of(of, &Curves::allo, column)).mean;
  };
  out.allo_100 = mean(ours, kHeadlines[0]);
  out.allo_130 = mean(ours, kHeadlines[1]);
  out.published_100 = mean(theirs, kHeadlines[0]);
  out.published_130 = mean(theirs, kHeadlines[1]);

  Comparison comparison(out, ours, theirs);
  if (own_orders) {
    for (const std::size_t column : kHeadlines) comparison.welch(column);
  } else if (policy.drawn) {
    for (std::size_t column = 10; column < kColumns; column += 10) {
      comparison.means(&Curves::allo, "allo", column, out.allo);
      comparison.means(&Curves::frag, "frag", column, out.frag);
    }
  } else {
    for (const Run* run : mine) {
      const Curves& expected = published.at({list, policy.published, static_cast<int>(run->seed)});
      for (std::size_t column = 0; column < kColumns; ++column) {
        comparison.column_of_runs(run->seed, run->curves, expected, column);
      }
    }
  }
  return out;
}

}  // namespace headroom::fgd
