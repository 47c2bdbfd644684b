#include "study/speed/plot.hpp"

#include "study/figure_text.hpp"
#include "study/gnuplot.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <system_error>
#include <vector>

namespace headroom::speed {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOption = "--plot";

// Of a model. Where lines are one on the other, dashes and smaller markers show those below.
struct Look {
  const char* colour;
  int filled;  // markers, by gnuplot's numbers
  int hollow;
  double size;
  int dash;
};
constexpr std::array<Look, 6> kLooks = {{{kColours[0], 7, 6, 1.0, 1},
                                         {kColours[1], 5, 4, 0.9, 1},
                                         {kColours[2], 9, 8, 0.9, 2},
                                         {kColours[3], 13, 12, 0.9, 4},
                                         {kColours[4], 11, 10, 0.8, 3},
                                         {kColours[5], 15, 14, 0.7, 5}}};
const Look& look_of(std::size_t model) { return kLooks[model % kLooks.size()]; }

constexpr int kCross = 2;
constexpr int kPlus = 1;
constexpr int kRing = 6;
constexpr double kRingSize = 1.8;
constexpr double kSmall = 0.6;

// A step of which more than this is extrapolated has a hollow marker: what no table has (norms,
// sampling) is less of a step whose large parts were measured.
constexpr double kMostExtrapolated = 0.25;

struct Panel {
  const char* title;
  const char* unit;
  bool whole;  // the model, or the attention of a layer alone
};
constexpr std::array<Panel, 2> kPanels = {
    {{"Decode attention of one layer alone", "tokens/s of one GPU, one layer", false},
     {"Whole model", "tokens/s of one GPU", true}}};

struct Dot {
  int tp = 1;
  double rate = 0.0;  // of one GPU
  bool known = true;
  bool knee = false;  // as many GPUs as KV heads
};

std::vector<Dot> dots_of(const ModelSpeeds& one, bool whole) {
  std::vector<Dot> out;
  for (const Row& row : one.rows) {
    if (!row.speed || (!whole && !row.speed->layer)) continue;
    const Speed& speed = *row.speed;
    const bool known =
        whole ? speed.extrapolated <= kMostExtrapolated : speed.layer->basis != Basis::extrapolated;
    out.push_back({row.tp, whole ? speed.tokens_per_s.value / row.tp : speed.layer_tokens_per_s,
                   known, row.tp == one.kv_heads});
  }
  return out;
}

std::string number(std::size_t i, const Panel& panel) {
  return fmt::format("${}{}", panel.whole ? 'w' : 'a', i + 1);
}

// Columns: size, rate; then the rate again where the marker is filled, hollow, or has a ring.
std::string data(const Answer& answer) {
  std::string out;
  for (const Panel& panel : kPanels) {
    for (std::size_t i = 0; i < answer.models.size(); ++i) {
      const std::vector<Dot> dots = dots_of(answer.models[i], panel.whole);
      if (dots.empty()) continue;
      out += fmt::format("{} << EOD\n", number(i, panel));
      for (const Dot& dot : dots) {
        const auto if_so = [&](bool so) { return so ? fmt::format("{:.6g}", dot.rate) : "NaN"; };
        out += fmt::format("{} {:.6g} {} {} {}\n", dot.tp, dot.rate, if_so(dot.known),
                           if_so(!dot.known), if_so(dot.knee));
      }
      out += "EOD\n";
    }
  }
  return out;
}

// Four sizes of each octave have room for their numbers.
std::string ticks(const std::vector<int>& sizes) {
  std::string out;
  for (const int size : sizes) {
    const auto octave = std::bit_floor(static_cast<unsigned>(size));
    const bool named = static_cast<unsigned>(size) % std::max(1U, octave / 4) == 0;
    out +=
        fmt::format("{}'{}' {}", out.empty() ? "" : ", ", named ? std::to_string(size) : "", size);
  }
  return out;
}

// Refused sizes, in a row for each model below its lines.
std::string refused(const Answer& answer) {
  std::string out;
  for (std::size_t i = 0; i < answer.models.size(); ++i) {
    for (const Row& row : answer.models[i].rows) {
      if (!row.refusal) continue;
      out += fmt::format("set label at first {}, graph {:.3f} point pt {} ps {} lc rgb '{}'\n",
                         row.tp, 0.03 + 0.035 * static_cast<double>(answer.models.size() - 1 - i),
                         row.refused_for_memory() ? kPlus : kCross, kSmall, look_of(i).colour);
    }
  }
  return out;
}

struct Span {
  double low = std::numeric_limits<double>::infinity();
  double high = 0.0;
};

// Of the axis: lines end above the rows of refused sizes.
Span span_of(const Answer& answer, const Panel& panel) {
  Span out;
  for (const ModelSpeeds& one : answer.models) {
    for (const Dot& dot : dots_of(one, panel.whole)) {
      out.low = std::min(out.low, dot.rate);
      out.high = std::max(out.high, dot.rate);
    }
  }
  const double below = 0.06 + 0.035 * static_cast<double>(answer.models.size());
  const double octaves = std::log2(out.high / out.low) + 0.6;
  out.high *= std::exp2(0.3);
  out.low /= std::exp2(octaves * below / (1.0 - below) + 0.3);
  return out;
}

// "1.5k"
std::string rate_text(double rate) {
  static constexpr std::array<const char*, 5> kPrefixes = {"", "k", "M", "G", "T"};
  std::size_t power = 0;
  while (rate >= 1e3 && power + 1 < kPrefixes.size()) {
    rate /= 1e3;
    ++power;
  }
  return fmt::format("{:g}{}", rate, kPrefixes[power]);
}

// Round numbers, the more of each decade the shorter the axis is.
std::string rates(const Span& span) {
  static const std::vector<double> kFew = {1, 2, 5};
  static const std::vector<double> kSome = {1, 2, 3, 5, 7};
  static const std::vector<double> kMany = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8};
  const double ratio = span.high / span.low;
  std::string out;
  for (double decade = std::pow(10.0, std::floor(std::log10(span.low))); decade <= span.high;
       decade *= 10.0) {
    for (const double digits : ratio > 20 ? kFew : ratio > 5 ? kSome : kMany) {
      const double rate = digits * decade;
      if (rate < span.low || rate > span.high) continue;
      out += fmt::format("{}'{}' {:.6g}", out.empty() ? "" : ", ", rate_text(rate), rate);
    }
  }
  return out;
}

using Items = std::vector<std::string>;  // of a plot command

void add_lines(const Answer& answer, const Panel& panel, Items& to) {
  for (std::size_t i = 0; i < answer.models.size(); ++i) {
    if (dots_of(answer.models[i], panel.whole).empty()) continue;
    const std::string from = number(i, panel);
    const Look& look = look_of(i);
    const auto add = [&](int column, const std::string& with) {
      to.push_back(fmt::format("{} using 1:{} with {} notitle", from, column, with));
    };
    const auto points = [&](int type) {
      return fmt::format("points pt {} ps {} lw 1.5 lc rgb '{}'", type, look.size, look.colour);
    };
    add(2, fmt::format("lines lw 2 dt {} lc rgb '{}'", look.dash, look.colour));
    add(3, points(look.filled));
    add(4, points(look.hollow));
    add(5, fmt::format("points pt {} ps {} lw 1.5 lc rgb 'black'", kRing, kRingSize));
  }
}

// Entries of the keys. Below the left panel, what the lines are.
void add_names(const Answer& answer, Items& to) {
  for (std::size_t i = 0; i < answer.models.size(); ++i) {
    const ModelSpeeds& one = answer.models[i];
    if (one.source.empty()) continue;
    const Look& look = look_of(i);
    const std::string title =
        fmt::format("{} ({} heads, {} KV heads)", profile::plain_text(one.model->name, 50),
                    one.model->text.heads(), one.kv_heads);
    to.push_back(fmt::format("NaN with linespoints lw 2 dt {} pt {} ps 1 lc rgb '{}' title {}",
                             look.dash, look.filled, look.colour, gnuplot_text(title)));
  }
}

// And below the right one, what markers mean.
void add_signs(Items& to) {
  const auto add = [&](int point, double size, const char* title) {
    to.push_back(fmt::format("NaN with points pt {} ps {} lw 1.5 lc rgb 'black' title '{}'", point,
                             size, title));
  };
  add(kRing, kRingSize, "as many GPUs as KV heads: with more, KV heads are on several");
  add(look_of(0).hollow, 1.0, "hollow: extrapolated");
  add(kCross, kSmall, "size that the engine refuses");
  add(kPlus, kSmall, "size with too little memory");
}

std::string panel_script(const Answer& answer, const Panel& panel) {
  Items items;
  add_lines(answer, panel, items);
  const Span span = items.empty() ? Span{1.0, 10.0} : span_of(answer, panel);
  if (panel.whole) {
    add_signs(items);
  } else {
    add_names(answer, items);
  }
  return fmt::format(
      "set title '{}'\n"
      "set ylabel '{}'\n"
      "set yrange [{:.4g}:{:.4g}]\n"
      "set ytics ({})\n"
      "set key at screen {}, screen 0.24 top center Left reverse vertical maxrows 6\n"
      "plot {}\n"
      "unset label 1\n",
      panel.title, panel.unit, span.low, span.high, rates(span), panel.whole ? 0.78 : 0.28,
      fmt::join(items, ", \\\n  "));
}

std::string caption(const Answer& answer) {
  std::set<std::string> sources;
  for (const ModelSpeeds& one : answer.models) {
    if (!one.source.empty()) sources.insert(one.source);
  }
  std::string out;
  for (const std::string& source : sources) out += (out.empty() ? "" : "; ") + source;
  return out + fmt::format(
                   ". Hollow: more than {:.0f} % of a decode step is extrapolated (left: the "
                   "attention is).",
                   100.0 * kMostExtrapolated);
}

}  // namespace

std::string plot_script(const Answer& answer, const std::string& svg) {
  const std::vector<int>& sizes = answer.question.sizes;
  const std::string title = fmt::format("{}, {}: {}", answer.question.gpu.name,
                                        answer.question.engine, load_words(answer.question));
  std::string out = data(answer);
  out += fmt::format(
      "set terminal svg size 960,540 font 'sans-serif,13' background 'white' noenhanced\n"
      "set output {}\n"
      "set multiplot layout 1,2 title {} margins 0.08,0.98,0.36,0.86 spacing 0.1\n"
      "set grid\n"
      "set logscale x 2\n"
      "set logscale y\n"
      "set xlabel 'tensor parallel size (GPUs)'\n"
      "set xrange [{:.4g}:{:.4g}]\n"
      "set xtics ({}) font ',11'\n"
      "set label 1 {} at screen 0.5, screen 0.03 center font ',11'\n",
      gnuplot_text(svg), gnuplot_text(title), sizes.front() / 1.2, sizes.back() * 1.2, ticks(sizes),
      gnuplot_text(caption(answer)));
  out += refused(answer);
  for (const Panel& panel : kPanels) out += panel_script(answer, panel);
  return out + "unset multiplot\n";
}

Status write_plot(const Answer& answer, const fs::path& svg, bool replace) {
  if (svg.extension() != ".svg") {
    return fail(fmt::format("'{}' is no name of an SVG file", svg.string()), {kOption},
                "a name that ends in .svg");
  }
  std::error_code code;
  const fs::path folder = svg.has_parent_path() ? svg.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, code)) {
    return fail("this folder is not there", {folder.string()}, "make it, or name another");
  }
  const fs::path script = fs::path(svg).replace_extension(".gp");
  for (const fs::path& file : {svg, script}) {
    if (replace || !fs::exists(file, code)) continue;
    return fail("this file exists already", {file.string()}, "--force replaces it");
  }
  const bool any = std::any_of(answer.models.begin(), answer.models.end(),
                               [](const ModelSpeeds& one) { return !dots_of(one, true).empty(); });
  if (answer.models.size() > kLooks.size()) {
    return fail(fmt::format("{} models are too many for one figure", answer.models.size()),
                {kOption}, fmt::format("name {} at most", kLooks.size()));
  }
  if (!any) return fail("nothing to draw: no size of any model has a speed", {kOption});
  return run_gnuplot(script, plot_script(answer, svg.filename().string()), kOption);
}

}  // namespace headroom::speed
