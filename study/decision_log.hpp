#pragma once
// The decision log: why each request was placed where it was, or not. JSON Lines, gzip, one file
// per policy and seed. Records: docs/decision-log.md. `headroom explain` reads it.

#include "sim/observe/observer.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace headroom {

class DecisionLog final : public Observer {
 public:
  /// Error: the file cannot be written.
  [[nodiscard]] static Result<std::unique_ptr<DecisionLog>> open(const std::filesystem::path& file,
                                                                 const ClusterSpec& cluster);
  ~DecisionLog() override;

  void submitted(SimTime now, RequestId id, const Request& request,
                 const InternedShape& shape) override;
  void decided(SimTime now, RequestId id, std::string_view placer, const Decision& decision,
               std::span<const PassedOver> passed_over) override;
  void placed(SimTime now, const Placement& placement) override;
  void refused(SimTime now, const Placement& placement, const Refusal& refusal,
               int attempt) override;
  void ready(SimTime now, const Placement& placement) override;
  void lost(SimTime now, const Placement& placement, const Loss& loss) override;
  void finished(SimTime now, const Request& request, const InternedShape& shape,
                const OutcomeRecord& record) override;
  /// At the first try of each request.
  [[nodiscard]] bool wants_reasons(RequestId id) const override { return !tries_.contains(id); }

  /// Error: a write failed.
  [[nodiscard]] Status close();

 private:
  struct Sink;
  DecisionLog(std::unique_ptr<Sink> sink, const ClusterSpec& cluster);

  std::unique_ptr<Sink> sink_;
  const ClusterSpec& cluster_;
  std::unordered_map<RequestId, int> tries_;  // of requests not placed yet
  std::unordered_set<RequestId> opaque_;      // of those, the ones that have no TP and no PP
};

}  // namespace headroom
