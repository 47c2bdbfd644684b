#pragma once
// Tries changes of one question, and keeps those that help.

#include "study/fit/plans.hpp"

#include <string>
#include <utility>
#include <vector>

namespace headroom {

class Changer {
 public:
  /// A change helps when a plan starts that holds `sequences` sequences of full context.
  Changer(const FitQuestion& question, FitGround& ground, std::int64_t sequences)
      : question_(question), ground_(ground), sequences_(sequences) {}

  [[nodiscard]] const FitQuestion& question() const { return question_; }
  [[nodiscard]] const ClusterSpec& cluster() const { return ground_.cluster(); }
  [[nodiscard]] std::int64_t sequences() const { return sequences_; }

  [[nodiscard]] std::vector<Checkpoint> smaller_checkpoints() const {
    return ground_.engine().smaller_checkpoints(*question_.model);
  }

  /// Whether the engine starts this plan under a question with the same engine and GPUs, and it
  /// holds enough. Room on the cluster is not looked at.
  [[nodiscard]] bool enough(const FitQuestion& changed, const FitPlan& plan) const;
  /// The best plan of the changed question, where it helps.
  [[nodiscard]] std::optional<FitChange> tried(std::vector<FitChange::Kind> kinds, std::string what,
                                               FitQuestion changed) const;
  /// Tries it and keeps it. Returns whether it helps.
  bool offer(std::vector<FitChange::Kind> kinds, std::string what, const FitQuestion& changed);
  void keep(FitChange change) { found_.push_back(std::move(change)); }

  [[nodiscard]] const std::vector<FitChange>& found() const { return found_; }
  [[nodiscard]] std::vector<FitChange> take() && { return std::move(found_); }

 private:
  const FitQuestion& question_;
  FitGround& ground_;
  std::int64_t sequences_;
  std::vector<FitChange> found_;
};

}  // namespace headroom
