#pragma once
// Functions of a few positive quantities (heads, tokens, bytes), known at the knots of a grid and
// linear between them in the logarithm of each quantity: sizes of GPU work span decades, and what
// a kernel does changes by factors, not by steps.

#include "sim/core/result.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace headroom {

class LogGrid {
 public:
  static constexpr std::size_t kMostAxes = 4;
  static constexpr std::size_t kMostKnots = 1'000'000;

  struct Axis {
    std::string name;
    std::vector<double> knots;  // above 0, rising; one knot: the axis does not matter
    friend bool operator==(const Axis&, const Axis&) = default;
  };

  /// A knot's index, first axis slowest, and its share of the value at a place. Shares add up to 1.
  struct Share {
    std::size_t knot = 0;
    double weight = 0.0;
  };

  /// The knots around a place whose share is not 0. A place outside the grid is moved to its edge.
  struct Cell {
    std::array<Share, 1U << kMostAxes> shares = {};
    std::size_t count = 0;
    bool outside = false;

    [[nodiscard]] std::span<const Share> knots() const { return {shares.data(), count}; }
  };

  /// Error: more than kMostAxes axes, more than kMostKnots knots, or knots that do not rise from
  /// above 0.
  [[nodiscard]] static Result<LogGrid> make(std::vector<Axis> axes);

  [[nodiscard]] const std::vector<Axis>& axes() const { return axes_; }
  /// How many knots there are: the product over the axes.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// `at`: a quantity above 0 for each axis.
  [[nodiscard]] Cell cell(std::span<const double> at) const;

 private:
  std::vector<Axis> axes_;
  std::vector<std::vector<double>> logs_;  // of the knots
  std::size_t size_ = 1;
};

}  // namespace headroom
