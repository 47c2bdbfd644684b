#include "sim/cost/fitted_time.hpp"

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

constexpr double kMicro = 1e6;

}  // namespace

std::array<double, 6> form_terms(const Work& work, const Rates& rates) {
  // Work that there is none of takes no time, whatever its rate: GPUs alone may have no link.
  const auto us = [](double amount, double rate) {
    return amount > 0.0 ? kMicro * amount / rate : 0.0;
  };
  return {1.0,
          us(work.flops, rates.flop_per_s),
          us(work.bytes, rates.bytes_per_s),
          us(work.exps, rates.flop_per_s),
          us(work.wire_bytes, rates.link_bytes_per_s),
          work.hops};
}

double form_us(const TimeForm& form, const Work& work, const Rates& rates) {
  const std::array<double, 6> terms = form_terms(work, rates);
  return form.launch_us * terms[0] + form.flops * terms[1] + form.bytes * terms[2] +
         form.exps * terms[3] + form.wire_bytes * terms[4] + form.hop_us * terms[5];
}

Estimate& Estimate::operator+=(const Estimate& other) {
  us += other.us;
  low_us += other.low_us;
  high_us += other.high_us;
  basis = std::max(basis, other.basis);
  return *this;
}

Estimate FittedTime::estimate(const KernelLoad& load, const Rates& rates) const {
  const LogGrid::Cell cell = grid.cell(load.at());
  double thousandths = 0.0;
  std::size_t there = 0;
  for (const LogGrid::Share& share : cell.knots()) {
    thousandths += share.weight * correction[share.knot];
    if (measured[share.knot]) ++there;
  }
  Estimate out;
  out.us = form_us(form, load.work, rates) * std::exp(thousandths / 1000.0);
  if (cell.outside || there == 0) {
    out.basis = Basis::extrapolated;
  } else {
    out.basis = there == cell.count ? Basis::interpolated : Basis::fitted;
  }
  const Spread& spread = out.basis == Basis::interpolated ? inside : outside;
  out.low_us = out.us * spread.low;
  out.high_us = out.us * spread.high;
  return out;
}

}  // namespace headroom
