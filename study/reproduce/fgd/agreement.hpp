#pragma once
// Whether runs agree with the published ones.

#include "sim/core/result.hpp"
#include "study/reproduce/fgd/arrival_run.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headroom::fgd {

/// A policy of the paper: as the published tables name it, and ours.
struct PaperPolicy {
  std::string published;  // "06-FGD"
  std::string name;       // "fgd"
  std::string paper;      // "FGD"
  bool drawn = false;     // by lot: runs agree as a distribution
};
[[nodiscard]] std::span<const PaperPolicy> paper_policies();

struct Question {
  std::filesystem::path pods;
  std::filesystem::path nodes;
  std::filesystem::path orders;
  std::filesystem::path expected;
  std::vector<std::string> lists;     // "default"; empty: all that are complete in the folders
  std::vector<std::string> policies;  // ours; empty: all
  std::vector<std::uint64_t> seeds;   // empty: the published ones
  bool own_orders = false;            // orders of our own, compared as distributions
  int jobs = 0;                       // runs at a time; 0 = one per core
  bool progress = false;
};

struct Run {
  std::string list;
  std::string policy;
  std::uint64_t seed = 0;
  Curves curves;
  std::int64_t arrived = 0;
  std::int64_t placed = 0;
  double wall_seconds = 0.0;
};

/// The runs of one policy on one list, against the published ones.
struct Agreement {
  std::string list;
  std::string policy;
  bool as_distribution = false;
  std::size_t runs = 0;
  /// Run by run, the largest differences in any column: percentage points. As distributions: of
  /// the means in the columns compared; frag_ratio is not compared then.
  double allo = 0.0;
  double frag = 0.0;
  double frag_ratio = 0.0;
  /// As distributions: the largest difference over what is allowed, so that 1 is the limit.
  double worst = 0.0;
  std::vector<std::string> disagreements;  // a line each
  double allo_100 = 0.0;                   // means of ours at columns 100 and 130
  double allo_130 = 0.0;
  double published_100 = 0.0;
  double published_130 = 0.0;
  double seconds_per_run = 0.0;
};

struct ListInfo {
  std::string name;
  std::size_t pods = 0;
  std::size_t typical_kinds = 0;
  std::size_t all_kinds = 0;
  double typical_percent = 0.0;
};

struct Report {
  std::vector<ListInfo> lists;
  std::vector<std::string> left_out;  // lists without published runs, or without their orders
  std::vector<Run> runs;              // by list, seed and policy
  std::vector<Agreement> agreements;
  Published published;
  bool own_orders = false;

  [[nodiscard]] std::size_t disagreeing() const;
};

/// Error: a folder or file is missing or broken; a list, policy or seed that is not there.
[[nodiscard]] Result<Report> reproduce(const Question& question);

/// Of the runs of one policy on one list. A policy without lots, run by run: every column within
/// 0.01 points of allo and frag, and 5e-5 of frag_ratio. By lot, over n runs: the means of allo and
/// frag in columns 10, 20 ... 130 within 5 s sqrt(1/n + 1/m) + 0.2 points of the mean of the m
/// published seeds, whose standard deviation is s. With own orders: allo in columns 100 and 130
/// within 4 standard errors of the difference (Welch), sqrt(s1^2/n + s2^2/m).
[[nodiscard]] Agreement compare(const PaperPolicy& policy, const std::string& list,
                                const std::vector<Run>& runs, const Published& published,
                                bool own_orders);

[[nodiscard]] std::string report_text(const Report& report);
[[nodiscard]] std::string report_json(const Report& report);
/// Makes the folder, and asks whether gnuplot is there: before runs that take long.
[[nodiscard]] Status prepare_plots(const std::filesystem::path& folder);
/// Writes fgd-LIST.svg, allocation and fragmentation against arrived load, and the gnuplot script
/// fgd.gp that draws them. Error: gnuplot fails, or a file cannot be written.
[[nodiscard]] Status write_plots(const Report& report, const std::filesystem::path& folder);

}  // namespace headroom::fgd
