#include "study/gnuplot.hpp"
#include "study/reproduce/fgd/agreement.hpp"

#include <fmt/format.h>

#include <array>
#include <system_error>

namespace headroom::fgd {
namespace {

namespace fs = std::filesystem;

constexpr const char* kScript = "fgd.gp";

constexpr const char* kOption = "--plots";

// The paper's policy last, in the colour that stands out most.
constexpr std::array<const char*, 6> kLines{kGrey,       kColours[4], kColours[2],
                                            kColours[3], kColours[0], kColours[1]};

Curves mean_of(const Report& report, const std::string& list, const std::string& policy) {
  Curves out;
  double n = 0.0;
  for (const Run& run : report.runs) {
    if (run.list != list || run.policy != policy) continue;
    n += 1.0;
    for (std::size_t i = 0; i < kColumns; ++i) {
      out.allo[i] += run.curves.allo[i];
      out.frag[i] += run.curves.frag[i];
    }
  }
  for (std::size_t i = 0; i < kColumns && n > 0.0; ++i) {
    out.allo[i] /= n;
    out.frag[i] /= n;
  }
  return out;
}

// Of the first policy; the others have as many.
std::size_t runs_of(const Report& report, const std::string& list) {
  for (const Agreement& row : report.agreements) {
    if (row.list == list) return row.runs;
  }
  return 0;
}

std::string block(const std::string& name, const Curves& curves) {
  std::string out = fmt::format("${} << EOD\n", name);
  for (std::size_t i = 0; i < kColumns; ++i) {
    out += fmt::format("{} {:.3f} {:.3f}\n", i, curves.allo[i], curves.frag[i]);
  }
  return out + "EOD\n";
}

// What gnuplot is told for one list: two panels, a line for each policy.
std::string script(const Report& report, const std::string& list) {
  std::string data;
  std::string allo;
  std::string frag;
  std::size_t line = 0;
  for (const PaperPolicy& policy : paper_policies()) {
    bool there = false;
    for (const Agreement& row : report.agreements) {
      there = there || (row.list == list && row.policy == policy.name);
    }
    if (!there) continue;
    const std::string name = fmt::format("p{}", line + 1);
    data += block(name, mean_of(report, list, policy.name));
    const std::string style = fmt::format("with lines lw 2 lc rgb '{}' title '{}'",
                                          kLines[line % kLines.size()], policy.paper);
    const char* comma = line > 0 ? ", " : "";
    allo += fmt::format("{}${} using 1:2 {}", comma, name, style);
    frag += fmt::format("{}${} using 1:3 {}", comma, name, style);
    ++line;
  }
  const std::string title =
      fmt::format("{}, mean over {} runs of each policy", list, runs_of(report, list));
  return data + fmt::format(
                    "set terminal svg size 960,420 font 'sans-serif,13' background 'white'\n"
                    "set output 'fgd-{}.svg'\n"
                    "set multiplot layout 1,2 title '{}' noenhanced\n"
                    "set grid\n"
                    "set xlabel 'GPUs asked for so far, % of the cluster'\n"
                    "set xrange [60:130]\n"
                    "set key right bottom\n"
                    "set ylabel 'allocated GPUs, % of the cluster'\n"
                    "set yrange [60:100]\n"
                    "plot {}\n"
                    "set key left bottom\n"
                    "set ylabel 'fragmented GPUs, % of the cluster'\n"
                    "set xrange [0:130]\n"
                    "set yrange [0:*]\n"
                    "plot {}\n"
                    "unset multiplot\n",
                    list, title, allo, frag);
}

}  // namespace

Status prepare_plots(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) return fail("this folder cannot be made: " + code.message(), {folder.string()});
  return check_gnuplot(folder / kScript, kOption);
}

Status write_plots(const Report& report, const fs::path& folder) {
  std::string text;
  for (const ListInfo& list : report.lists) text += script(report, list.name);
  return run_gnuplot(folder / kScript, text, kOption);
}

}  // namespace headroom::fgd
