#include "sim/links/collective.hpp"

#include <algorithm>

namespace headroom {
namespace {

constexpr double kDirectAlpha = 5e-6;  // seconds: of a kernel that reads from all others

/// A group's share of the formulas above.
struct Ring {
  double alpha = 0.0;    // of one step
  double bytes_s = 1.0;  // of a collective
  double others = 0.0;   // n - 1
  double part = 0.0;     // (n - 1) / n

  Ring(const Link& worst, int gpus) {
    const TransportFigures figures = figures_of(worst.transport);
    alpha = figures.alpha_seconds;
    bytes_s = static_cast<double>(worst.rate) * figures.efficiency;
    others = static_cast<double>(gpus) - 1.0;
    part = others / static_cast<double>(gpus);
  }
};

bool is_direct(const Link& worst, double bytes) {
  return worst.transport == Transport::nvlink && bytes < kDirectBytes;
}

}  // namespace

TransportFigures figures_of(Transport transport) {
  switch (transport) {
    case Transport::nvlink:
      return {12e-6, 0.65};
    case Transport::pcie:
      return {12e-6, 0.75};
    case Transport::network:
      return {20e-6, 0.5};
  }
  return {};
}

double all_reduce_seconds(const Link& worst, int gpus, double bytes) {
  if (gpus < 2) return 0.0;
  const Ring group(worst, gpus);
  const double twice = 2.0 * group.part * bytes / group.bytes_s;
  const double ring = 2.0 * group.others * group.alpha + twice;
  if (!is_direct(worst, bytes)) return ring;
  const double one_shot = kDirectAlpha + group.others * bytes / group.bytes_s;
  return std::min({ring, one_shot, 2.0 * kDirectAlpha + twice});
}

double all_gather_seconds(const Link& worst, int gpus, double bytes) {
  if (gpus < 2) return 0.0;
  const Ring group(worst, gpus);
  const double alpha = is_direct(worst, bytes) ? kDirectAlpha : group.others * group.alpha;
  return alpha + group.part * bytes / group.bytes_s;
}

double transfer_seconds(const Link& link, double bytes) {
  const TransportFigures figures = figures_of(link.transport);
  return figures.alpha_seconds + bytes / (static_cast<double>(link.rate) * figures.efficiency);
}

}  // namespace headroom
