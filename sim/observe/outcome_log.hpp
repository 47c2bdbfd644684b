#pragma once
// The outcome of every request of a run, four bytes each, for comparing policies request by
// request.

#include "sim/observe/measure_window.hpp"
#include "sim/observe/observer.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace headroom {

class OutcomeLog final : public Observer {
 public:
  struct Entry {
    Outcome outcome = Outcome::waiting;
    bool measured = true;    // arrived in the window
    std::uint16_t rule = 0;  // of refused_by_engine: index into rules()
  };

  explicit OutcomeLog(MeasureWindow window = {}) : window_(window) {}

  void finished(SimTime now, const Request& request, const InternedShape& shape,
                const OutcomeRecord& record) override;

  /// By request, in order of arrival. Those that had ended before a run went on from a saved state
  /// do not count as measured.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// "refused_by_engine: vllm.heads", "rejected/no_capacity".
  [[nodiscard]] std::string text(const Entry& entry) const;

 private:
  MeasureWindow window_;
  std::vector<Entry> entries_;
  std::vector<std::string> rules_ = {""};
};

}  // namespace headroom
