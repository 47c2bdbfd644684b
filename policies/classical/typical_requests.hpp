#pragma once
// Which requests are typical, for policies that go by fragmentation: told, or what has come so far.

#include "policies/classical/fragmentation.hpp"
#include "policies/parts/expected_mix.hpp"
#include "sim/policy/placer.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace headroom {

class TypicalRequests {
 public:
  /// Told: these, in this order, for the whole run.
  explicit TypicalRequests(std::vector<TypicalRequest> told);
  /// The expected shapes with their weights; without any, the arrivals so far: the most frequent
  /// shapes that make up 95 % of them (as FGD's simulator takes them from its whole list), worked
  /// out again whenever there are a tenth more than the last time.
  TypicalRequests(const PlacerContext& context, const std::vector<ExpectedShape>& expected);

  void arrived(const InternedShape& shape);
  [[nodiscard]] std::span<const TypicalRequest> all() const { return typical_; }
  /// Changes with all().
  [[nodiscard]] std::uint64_t version() const { return version_; }

 private:
  struct Count {
    const InternedShape* shape = nullptr;
    std::int64_t arrivals = 0;
  };

  void take_expected(const PlacerContext& context, const std::vector<ExpectedShape>& expected);
  void take_arrivals();
  [[nodiscard]] static TypicalRequest typical_of(const ClusterSpec& cluster, PlanSpace& plans,
                                                 const InternedShape& shape);

  const ClusterSpec* cluster_ = nullptr;
  PlanSpace* plans_ = nullptr;  // null: told, arrivals do not count
  std::unordered_map<ShapeId, Count> counts_;
  std::int64_t arrivals_ = 0;
  std::int64_t taken_at_ = 0;  // so many arrivals
  std::vector<TypicalRequest> typical_;
  std::uint64_t version_ = 0;
};

}  // namespace headroom
