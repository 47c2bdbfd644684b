#pragma once
// Requests of Alibaba's image-generation service of 2024 (GenTD26).
//
// Columns gmt_create (wall clock, shifted by the publisher), predict_status, exec_time_seconds,
// checkpoint_model_version_id. A diffusion model has no answer tokens, and prompts are counted in
// characters: token counts stay 0.
//   duration = exec_time_seconds, from arrival to end with the model's loading; none where the
//              request never finished (PENDING, PROCESSING)
//   model    = checkpoint_model_version_id, the base model; may be empty
// Source: github.com/alibaba/clusterdata, cluster-trace-v2026-GenAI (Lin et al., SoCC 2025).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/token_request.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

[[nodiscard]] std::span<const std::string> genai_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TokenReader>> open_genai(const std::filesystem::path& file,
                                                              const RowRules& rules = {});

}  // namespace headroom
