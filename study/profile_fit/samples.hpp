#pragma once
// What a profile measured, as fits want it: work and time, by what has a fit of its own.

#include "sim/cost/kernel_load.hpp"
#include "study/profile/profile.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace headroom::profile_fit {

/// What a fit is judged on is left out of it whole: the points of one shape.
using Shape = std::vector<std::int64_t>;

struct Sample {
  KernelLoad load;
  double us = 0.0;
  Shape shape;              // heads; n and k of a matrix product; GPUs and bytes of a collective
  std::int64_t family = 0;  // GPUs of a collective, which are left out whole too; else 0
};

/// Samples of one fit, in the order of the points.
struct SampleSet {
  FitKey key;
  std::string implementation;
  std::string source;  // whose measurements, under which licence: "aiconfigurator, Apache-2.0";
                       // several with "; " between them
  std::vector<Sample> samples;
};

/// By key and implementation. Sequences of unequal lengths, attention that is not causal and
/// implementations that were not found correct are left out.
[[nodiscard]] std::vector<SampleSet> samples_of(const profile::Profile& profile);
/// Of all of them; each set names the sources of its own samples.
[[nodiscard]] std::vector<SampleSet> samples_of(std::span<const profile::Profile> profiles);

}  // namespace headroom::profile_fit
