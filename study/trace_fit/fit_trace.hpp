#pragma once
// From the figures of a recorded trace to a generator file, and how far its output is from them.
//
// Arrivals: same-moment batches as they occur; a trend, the moments per step; with steps of a day
// or more the cycle of the day on top; and a base process whose one parameter, the coefficient of
// variation of its gaps in operational time, is found by the method of simulated moments: the
// generated arrivals, over eight seeds, shall have the trace's coefficient of variation. Of two
// widths of step that one is taken whose output scatters less around the trace's.
// Sizes and lifetimes: a class for each band of sizes; its sizes by their counts, its lifetimes as
// quantiles or by the moments of their logarithms. Draws are stratified, so that a tail that few
// tasks decide comes out right for each seed.

#include "sim/core/result.hpp"
#include "study/trace_fit/trace_profile.hpp"
#include "traces/generate/spec.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace headroom {

struct TraceFitOptions {
  ArrivalKind process = ArrivalKind::gamma;
  enum class Lifetimes { empirical, lognormal, weibull } lifetimes = Lifetimes::empirical;
  /// No trend: cycles of day and week alone, which can go on beyond the trace's span.
  bool cycles_only = false;
  std::string name = "fitted";
};

/// Batches beyond what a generator file may hold count as of that size. Error: fewer than 30 tasks
/// whose lifetime is known, or fewer than 10 different times of their arrival; a value that such a
/// file may not hold.
[[nodiscard]] Result<GeneratorSpec> fit_trace(const TraceProfile& profile,
                                              const TraceFitOptions& options);

/// One figure of the trace beside the generator's.
struct FitFigure {
  std::string name;
  std::string unit;
  double real = 0.0;
  double generated = 0.0;
  double difference = 0.0;  // relative, or where `points` of the share itself
  double tolerance = 0.0;   // likewise
  bool points = false;
  bool ok = false;
};

/// The figures in a fixed order, with the tolerances that docs/generator.md states.
[[nodiscard]] std::vector<FitFigure> compare_profiles(const TraceProfile& real,
                                                      const TraceProfile& generated);

/// Generates with this seed, and profiles it.
[[nodiscard]] Result<TraceProfile> generated_profile(const GeneratorSpec& spec, std::uint64_t seed);

}  // namespace headroom
