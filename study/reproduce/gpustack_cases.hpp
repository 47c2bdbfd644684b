#pragma once
// Cases about GPUStack's scheduler, and whether ours does as they say (docs/gpustack.md).

#include "sim/core/result.hpp"
#include "study/reproduce/case_value.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace headroom {

/// One thing that a case states and that came out otherwise.
struct Disagreement {
  std::string what;
  std::string expected;
  std::string got;
};

struct CaseResult {
  std::string id;
  std::string kind;
  SourcePlace place;
  std::vector<Disagreement> disagreements;
};

struct ReproduceReport {
  std::size_t files = 0;
  std::vector<CaseResult> cases;

  [[nodiscard]] std::size_t disagreeing() const;
};

/// Runs every case of every *.json directly in `folder`, files in order of name.
/// Error: no such folder or no case in it; a file that is not JSON or not such cases (file, line of
/// the case, key, value); an id that stands twice; a kind that is not known.
[[nodiscard]] Result<ReproduceReport> reproduce_gpustack(const std::filesystem::path& folder);

/// Agreement by kind, then every disagreement with what was expected and got.
[[nodiscard]] std::string reproduce_text(const ReproduceReport& report);
/// The same as JSON; format: docs/gpustack.md.
[[nodiscard]] std::string reproduce_json(const ReproduceReport& report);

/// A case of the same folder by its id; its value is null where there is none.
using FindCase = std::function<CaseValue(const std::string& id)>;

// One function a kind; errors of reading are recorded in the value.
[[nodiscard]] std::vector<Disagreement> run_placement_case(const CaseValue& test);
[[nodiscard]] std::vector<Disagreement> run_divisibility_case(const CaseValue& test);
[[nodiscard]] std::vector<Disagreement> run_heads_case(const CaseValue& test);
[[nodiscard]] std::vector<Disagreement> run_gpu_count_case(const CaseValue& test);
[[nodiscard]] std::vector<Disagreement> run_score_case(const CaseValue& test);
[[nodiscard]] std::vector<Disagreement> run_score_chain_case(const CaseValue& test);
[[nodiscard]] std::vector<Disagreement> run_locality_case(const CaseValue& test,
                                                          const FindCase& find);

}  // namespace headroom
