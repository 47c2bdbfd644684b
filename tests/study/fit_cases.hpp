#pragma once
// Questions for `fit`, and what must hold of every answer.

#include "study/fit/fit.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace headroom::test {

/// A question about a model of the catalogue; `gpus` as the command line has them, "" = none.
[[nodiscard]] FitQuestion fit_question(const std::string& model, const std::string& gpus);

/// Five clusters, by name: four of GPUs as a command line has them, and a busy mixed one.
[[nodiscard]] std::vector<std::pair<std::string, std::shared_ptr<const FitGpus>>> fit_clusters();

/// The answer, after checking that it does not contradict itself, nor the engine asked again.
FitAnswer checked_answer(const FitQuestion& question);

/// "PP 3", "TP 2 x PP 2" of every plan that starts, in the answer's order.
[[nodiscard]] std::vector<std::string> starting_plans(const FitAnswer& answer);

}  // namespace headroom::test
