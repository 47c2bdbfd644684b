#include "sim/observe/outcome_log.hpp"

#include <algorithm>

namespace headroom {

void OutcomeLog::finished(SimTime, const Request& request, const InternedShape&,
                          const OutcomeRecord& record) {
  const auto i = static_cast<std::size_t>(index(record.request));
  if (entries_.size() <= i) entries_.resize(i + 1, Entry{.measured = false});
  entries_[i].outcome = record.outcome;
  entries_[i].measured = window_.contains(request.arrival);
  if (record.outcome != Outcome::refused_by_engine) return;
  auto rule = std::find(rules_.begin(), rules_.end(), record.reason);
  if (rule == rules_.end()) rule = rules_.insert(rules_.end(), record.reason);
  entries_[i].rule = static_cast<std::uint16_t>(rule - rules_.begin());
}

std::string OutcomeLog::text(const Entry& entry) const {
  std::string out(outcome_name(entry.outcome));
  if (entry.rule != 0) out += ": " + rules_[entry.rule];
  return out;
}

}  // namespace headroom
