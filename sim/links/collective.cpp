#include "sim/links/collective.hpp"

namespace headroom {

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
  const TransportFigures figures = figures_of(worst.transport);
  const auto n = static_cast<double>(gpus);
  return 2.0 * (n - 1.0) * figures.alpha_seconds +
         2.0 * (n - 1.0) / n * bytes / (static_cast<double>(worst.rate) * figures.efficiency);
}

double transfer_seconds(const Link& link, double bytes) {
  const TransportFigures figures = figures_of(link.transport);
  return figures.alpha_seconds + bytes / (static_cast<double>(link.rate) * figures.efficiency);
}

}  // namespace headroom
