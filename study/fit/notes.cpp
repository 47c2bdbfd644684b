#include "study/fit/notes.hpp"

#include "study/fit/refusals.hpp"
#include "study/fit/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace headroom {
namespace {

constexpr std::size_t kPlansNamed = 3;

std::string_view kind_words(Remark::Kind kind) {
  switch (kind) {
    case Remark::Kind::unknown:
      return "not known";
    case Remark::Kind::fallback:
      return "changed";
    case Remark::Kind::unverified:
      return "untried";
  }
  return "";
}

/// A remark, and the plans or changes it is of; none: of the answer as a whole.
struct Note {
  Remark remark;
  std::vector<std::string> of;
};

/// A rule has one note: where its sentences differ it is by the sizes of the plans, and the first
/// stands for all.
class Notes {
 public:
  void add(const std::vector<Remark>& remarks, const std::string& of) {
    for (const Remark& remark : remarks) {
      const auto known = std::find_if(notes_.begin(), notes_.end(), [&](const Note& note) {
        return note.remark.rule == remark.rule && note.remark.kind == remark.kind;
      });
      if (known == notes_.end()) {
        notes_.push_back({remark, {}});
        if (!of.empty()) notes_.back().of.push_back(of);
      } else if (!known->of.empty() && !of.empty() &&
                 std::find(known->of.begin(), known->of.end(), of) == known->of.end()) {
        known->of.push_back(of);
      }
    }
  }

  [[nodiscard]] std::vector<std::string> sentences() const {
    std::vector<std::string> out;
    for (const Note& note : notes_) {
      // Beside the model already.
      if (note.of.empty() && note.remark.kind == Remark::Kind::fallback) continue;
      const std::string of = note.of.empty() ? "" : " (" + some_of(note.of, kPlansNamed) + ")";
      out.push_back(fmt::format("{}: {} [{}]{}", kind_words(note.remark.kind),
                                sentence(note.remark.sentence), note.remark.rule, of));
    }
    return out;
  }

 private:
  std::vector<Note> notes_;
};

std::vector<std::string> remarks_of(const FitAnswer& answer) {
  Notes notes;
  if (answer.plans.empty()) notes.add(answer.shapes.remarks, "");
  if (const FitPlan* plan = looked_at(answer)) notes.add(plan->verdict.remarks, "");
  for (const FitPlan& plan : answer.plans) {
    if (plan.starts()) notes.add(plan.verdict.remarks, plan_name(plan.plan));
  }
  for (const FitChange& change : answer.changes) {
    notes.add(change.plan.verdict.remarks, "with " + change.what);
  }
  return notes.sentences();
}

}  // namespace

std::string fit_notes(const FitAnswer& answer) {
  std::vector<std::string> items = remarks_of(answer);
  const FitQuestion& question = answer.question;
  for (const std::string& assumption : question.model->assumptions)
    items.push_back("assumed: " + sentence(assumption));
  if (question.gpus) {
    for (const std::string& assumption : question.gpus->cluster.assumptions)
      items.push_back("assumed: " + sentence(assumption));
  }
  std::string out;
  for (const std::string& item : items) out += "  - " + wrapped(item, kFitWidth, 4) + "\n";
  return out.empty() ? "" : "\nNotes\n" + out;
}

}  // namespace headroom
